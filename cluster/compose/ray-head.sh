#!/usr/bin/env bash
# A Ray of one machine with the platform on it, in the foreground; everything listens on loopback. It ends with Ray, and Ray
# with it. Variables: GCS_PORT, DASHBOARD_PORT, PLATFORM_FILE (for `serve deploy`), OBJECT_STORE_BYTES, START_S (seconds).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
gcs="${GCS_PORT:-6379}" dashboard="${DASHBOARD_PORT:-8265}" platform="${PLATFORM_FILE:-$here/configs/platform.yaml}"
export PYTHONPATH="$here${PYTHONPATH:+:$PYTHONPATH}" RAY_AUTH_MODE="${RAY_AUTH_MODE:-token}"
# Else Ray listens on the container's address, whatever --node-ip-address says.
export RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER=0

if [ "$RAY_AUTH_MODE" = token ] && [ ! -s "${RAY_AUTH_TOKEN_PATH:-$HOME/.ray/auth_token}" ] && [ -z "${RAY_AUTH_TOKEN:-}" ]; then
  printf 'error: Ray has no token\n  what to do: set RAY_AUTH_TOKEN_PATH to a file with one (cluster/compose/secrets.sh makes it)\n' >&2
  exit 2
fi

python -m ray.scripts.scripts start --head --block --node-ip-address=127.0.0.1 --port="$gcs" \
  --dashboard-host=127.0.0.1 --dashboard-port="$dashboard" --disable-usage-stats \
  ${OBJECT_STORE_BYTES:+--object-store-memory="$OBJECT_STORE_BYTES"} &
ray=$!
trap 'kill -TERM "$ray" 2>/dev/null || true' TERM INT

deploy() {
  RAY_DASHBOARD_ADDRESS="http://127.0.0.1:$dashboard" python -m ray.serve.scripts deploy "$platform"
}

until (exec 3<>"/dev/tcp/127.0.0.1/$dashboard") 2>/dev/null; do
  kill -0 "$ray" 2>/dev/null || { wait "$ray" && exit 1; exit; }
  [ "$SECONDS" -lt "${START_S:-120}" ] || break
  sleep 0.5
done
tries=0
until deploy; do
  tries=$((tries + 1))
  if [ "$tries" -ge 10 ] || ! kill -0 "$ray" 2>/dev/null; then
    printf 'error: %s was not deployed\n  what to do: see the message above, and logs/serve in the session of Ray\n' "$platform" >&2
    kill -TERM "$ray" 2>/dev/null || true
    wait "$ray" || true
    exit 1
  fi
  sleep 3
done
# A signal ends the first wait; the second one is for Ray.
wait "$ray" || wait "$ray"
