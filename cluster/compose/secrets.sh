#!/usr/bin/env bash
# Make what must be random, once: .env and secrets/ beside this file, readable by you only. Never committed, never overwritten.
#   bash cluster/compose/secrets.sh PUBLIC_HOST [OBJECTS_HOST]
# OBJECTS_HOST: public name of the S3 server; without it videos and results lie in the volume `data`.
# OUT=folder: write there instead.
set -euo pipefail
die() { printf 'error: %s\n  what to do: %s\n' "$1" "$2" >&2; exit 2; }

host="${1:-}" objects="${2:-}" out="${OUT:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)}"
name='^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$'
[[ "$host" =~ $name ]] || die "PUBLIC_HOST is missing or no host name: '$host'" "bash secrets.sh clips.example.org"
[[ -z "$objects" || "$objects" =~ $name ]] || die "OBJECTS_HOST is no host name: '$objects'" "bash secrets.sh $host objects.example.org"
if [ -e "$out/.env" ] || [ -e "$out/secrets" ]; then
  die "$out/.env or $out/secrets is there already" "Keep them: the database knows their passwords. To begin anew, move both away"
fi

random() { # so many bytes in base64; without a slash or plus, which addresses would have to quote
  head -c "$1" /dev/urandom | base64 | tr -d '\n=' | tr '/+' 'ab'
}

umask 077
# Containers have users of their own: what they read is protected by the folder, which only you may enter.
mkdir "$out/secrets"
put() { printf '%s' "$2" >"$out/secrets/$1" && chmod 0444 "$out/secrets/$1"; }

password="$(random 30)" access="$(random 15)" key="$(random 30)"
put postgres_password "$password"
put ray_token "$(random 48)"
put grafana_password "$(random 18)"
put objects.json "$(printf '{"identities":[{"name":"videoclip","credentials":[{"accessKey":"%s","secretKey":"%s"}],"actions":["Read:videoclip","Write:videoclip","List:videoclip","Tagging:videoclip"]}]}' "$access" "$key")"

{
  printf 'VIDEOCLIP_DATABASE_URL=postgresql+asyncpg://videoclip:%s@postgres/videoclip\n' "$password"
  printf 'VIDEOCLIP_SECRET_KEY=%s\n' "$(head -c 32 /dev/urandom | base64 | tr -d '\n')"
  if [ -n "$objects" ]; then
    printf 'VIDEOCLIP_OBJECTS__URL=s3://videoclip\nVIDEOCLIP_OBJECTS__ENDPOINT=https://%s\n' "$objects"
    printf 'VIDEOCLIP_OBJECTS__ACCESS_KEY_ID=%s\nVIDEOCLIP_OBJECTS__SECRET_ACCESS_KEY=%s\n' "$access" "$key"
  fi
} >"$out/secrets/videoclip.env"

{
  printf 'PUBLIC_HOST=%s\n' "$host"
  [ -z "$objects" ] || printf 'OBJECTS_HOST=%s\n' "$objects"
  printf 'COMPOSE_PROFILES=jobs,database%s\n' "${objects:+,objects}"
  printf '# ACME_EMAIL=you@example.org\n# JOB_SLOTS=2\n# JOBS_MEMORY=16g\n'
} >"$out/.env"
printf 'made %s and %s; keep a copy of both where backups are kept\n' "$out/.env" "$out/secrets"
