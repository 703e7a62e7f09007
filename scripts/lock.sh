#!/usr/bin/env bash
# Resolve pyproject.toml's server, mcp and dev parts and requirements/llm.in into requirements/lock.txt,
# within requirements/constraints.txt; requirements/overrides.txt leaves out what only GPUs need.
# requirements/server.txt is the part of it that the images get.
set -euo pipefail
cd "$(dirname "$0")/.."
# What is locked stays, unless UPGRADE=1 asks for newer ones.
[ -n "${UPGRADE:-}" ] || cp requirements/lock.txt requirements/lock.new
"${VENV:-.venv}/bin/python" -m uv pip compile pyproject.toml requirements/llm.in --extra server --extra mcp --extra dev \
  -c requirements/constraints.txt --override requirements/overrides.txt \
  --python-version 3.11 --no-header --no-annotate -o requirements/lock.new
# A local build tag names where a wheel came from, not which version it is. CUDA's libraries come with a
# GPU's torch (scripts/setup.sh), not from here.
sed -E 's/\+cpu$//; /^(nvidia-|cuda-|triton==)/d' requirements/lock.new >requirements/lock.txt
rm requirements/lock.new
"${VENV:-.venv}/bin/python" -m uv pip compile pyproject.toml --extra server -c requirements/lock.txt \
  --override requirements/overrides.txt --python-version 3.11 --no-header --no-annotate -o requirements/server.new
sed -E 's/\+cpu$//; /^(nvidia-|cuda-|triton==)/d' requirements/server.new >requirements/server.txt
rm requirements/server.new
