#!/usr/bin/env bash
# What this software is made of, and what is known to be wrong with it. Both need a network.
#   scripts/supply_chain.sh sbom FILE     a CycloneDX document of the installed environment
#   scripts/supply_chain.sh audit         the locked versions against known advisories; SERVICE=osv asks osv.dev
# The tools live in an environment of their own, so that they are no part of what they look at.
set -euo pipefail
cd "$(dirname "$0")/.."
VENV="${VENV:-.venv}"
TOOLS="$VENV/supply-chain"
CYCLONEDX=7.5.0 PIP_AUDIT=2.10.1

tool() { # PACKAGE VERSION
  [ -x "$TOOLS/bin/python" ] || "$VENV/bin/python" -m venv "$TOOLS"
  "$TOOLS/bin/python" -m pip install --disable-pip-version-check -q "$1==$2"
}

case "${1:-}" in
sbom)
  out="${2:?say which file}"
  tool cyclonedx-bom "$CYCLONEDX"
  mkdir -p "$(dirname "$out")"
  "$TOOLS/bin/cyclonedx-py" environment --pyproject pyproject.toml --output-reproducible --of JSON -o "$out" "$VENV/bin/python"
  echo "$out: $("$VENV/bin/python" -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["components"]))' "$out") components"
  ;;
audit)
  tool pip-audit "$PIP_AUDIT"
  # The lock is complete, so nothing is resolved. Strict: a package that cannot be looked up is no package without faults.
  "$TOOLS/bin/pip-audit" -r requirements/lock.txt --no-deps --disable-pip --strict --progress-spinner off \
    --vulnerability-service "${SERVICE:-pypi}"
  ;;
*)
  echo "usage: $0 sbom FILE | audit" >&2
  exit 2
  ;;
esac
