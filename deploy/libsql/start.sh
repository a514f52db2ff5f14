#!/bin/sh
# Starts sqld as what this region is: the primary where FLY_REGION equals PRIMARY_REGION, else a replica of it.
#
# From Fly: FLY_REGION, FLY_APP_NAME. From fly.toml: PRIMARY_REGION. A secret: SQLD_AUTH_JWT_KEY. SQLD_DB_PATH,
# SQLD_HTTP_LISTEN_ADDR, SQLD_GRPC_LISTEN_ADDR and SQLD_PRIMARY_GRPC_URL are sqld's own names and may be set; SQLD names the program.
set -eu

fail() {
  echo "statuspage-db: $1" >&2
  exit 1
}

: "${FLY_REGION:?is this Fly? FLY_REGION is not set}"
: "${PRIMARY_REGION:?PRIMARY_REGION is not set}"
# Without a key sqld takes everybody's writes.
[ -n "${SQLD_AUTH_JWT_KEY:-}" ] || fail "SQLD_AUTH_JWT_KEY is not set: set it with fly secrets"

program=${SQLD:-/bin/sqld}
path=${SQLD_DB_PATH:-/var/lib/sqld/status.sqld}
http=${SQLD_HTTP_LISTEN_ADDR:-[::]:8080}
grpc=${SQLD_GRPC_LISTEN_ADDR:-[::]:5001}
primary=${SQLD_PRIMARY_GRPC_URL:-http://$PRIMARY_REGION.${FLY_APP_NAME:-statuspage-db}.internal:5001}
# sqld reads these too, and refuses both at once; the flags below say which one holds.
unset SQLD_DB_PATH SQLD_HTTP_LISTEN_ADDR SQLD_GRPC_LISTEN_ADDR SQLD_PRIMARY_GRPC_URL

if [ "$FLY_REGION" = "$PRIMARY_REGION" ]; then
  set -- --http-listen-addr "$http" --grpc-listen-addr "$grpc" --db-path "$path"
else
  set -- --http-listen-addr "$http" --primary-grpc-url "$primary" --db-path "$path"
fi

# A volume belongs to root when it is new; the image's user is sqld, and gosu is how the image itself becomes it.
if [ "$(id -u)" = 0 ] && command -v gosu >/dev/null && id sqld >/dev/null 2>&1; then
  mkdir -p "$(dirname "$path")"
  chown -R sqld:sqld "$(dirname "$path")"
  exec gosu sqld "$program" "$@"
fi
exec "$program" "$@"
