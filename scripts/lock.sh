#!/usr/bin/env bash
# Resolve pyproject.toml's server and dev parts into requirements/lock.txt, within requirements/constraints.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
"${VENV:-.venv}/bin/python" -m uv pip compile pyproject.toml --extra server --extra dev -c requirements/constraints.txt \
  --python-version 3.11 --no-header --no-annotate -o requirements/lock.new
# A local build tag names where a wheel came from, not which version it is.
sed -E 's/\+cpu$//' requirements/lock.new >requirements/lock.txt
rm requirements/lock.new
