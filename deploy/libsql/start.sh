#!/bin/sh
# Starts sqld as what this region is: the primary where FLY_REGION equals PRIMARY_REGION, else a replica of it.
#
# From Fly: FLY_REGION, FLY_APP_NAME. From fly.toml: PRIMARY_REGION. A secret: SQLD_AUTH_JWT_KEY. SQLD_DB_PATH,
# SQLD_HTTP_LISTEN_ADDR, SQLD_GRPC_LISTEN_ADDR, SQLD_ADMIN_LISTEN_ADDR and SQLD_PRIMARY_GRPC_URL are sqld's own names and may be set; SQLD names the program.
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
admin=${SQLD_ADMIN_LISTEN_ADDR:-127.0.0.1:9090} # loopback: it asks for no password
primary=${SQLD_PRIMARY_GRPC_URL:-http://$PRIMARY_REGION.${FLY_APP_NAME:-statuspage-db}.internal:5001}
# sqld reads these too, and refuses both at once; the flags below say which one holds.
unset SQLD_DB_PATH SQLD_HTTP_LISTEN_ADDR SQLD_GRPC_LISTEN_ADDR SQLD_PRIMARY_GRPC_URL SQLD_ADMIN_LISTEN_ADDR

# strong makes sqld sync each commit: by default a power cut takes acknowledged writes back. It forgets this at each start, and takes it by its
# admin API alone. Whether it holds is what /readyz of Status Page's primary says ("durability"). The image has no HTTP client, so bash
# speaks it; bash is started for one request at a time.
strong() {
  body='{"block_reads":false,"block_writes":false,"durability_mode":"strong"}'
  tries=0
  while [ "$tries" -lt 240 ] && kill -0 $$ 2>/dev/null; do
    said=$(bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "POST /v1/namespaces/default/config HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" "${#3}" "$3" >&3 && head -n 1 <&3' \
      - "${1%:*}" "${1##*:}" "$body" 2>/dev/null) || said=
    case $said in
    *" 200 "*) echo "statuspage-db: durability_mode is strong" >&2; return ;;
    esac
    tries=$((tries + 1))
    sleep 0.5
  done
  echo "statuspage-db: durability_mode could not be set: a power cut may lose writes that were acknowledged. ${said:-the admin API did not answer}" >&2
}

if [ "$FLY_REGION" = "$PRIMARY_REGION" ]; then
  set -- --http-listen-addr "$http" --grpc-listen-addr "$grpc" --admin-listen-addr "$admin" --db-path "$path"
  strong "$admin" &
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
