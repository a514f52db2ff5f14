#!/bin/sh
# Promotes another region after the primary one was lost: docs/deploy.md, "Losing the primary region".
# Run it from the root of the repository.
#
#   deploy/promote.sh --to fra              checks, and prints what it would do; nothing is changed
#   deploy/promote.sh --to fra --run        does it (--yes is the same)
#
#   --url URL       where visitors find the app (BASE_URL, else https://APP.fly.dev)
#   --key FILE      the database's private key (database.pem)
#   --image IMAGE   libsql-server's image, by digest (SQLD_IMAGE)
#   --without R,…   regions that do not answer, and whose newer data is given up
#   --port PORT     on this machine, for a tunnel to the database (18081)
#
# Needs fly, curl, jq, openssl and bin/statuspage (STATUSPAGE names another). Which region was the primary, and the
# apps' names, are read in fly.toml and deploy/libsql/fly.toml, which the promotion changes.
set -eu

usage() { sed -n '2,16s/^# \{0,1\}//p' "$0" >&2; exit 2; }

to='' url=${BASE_URL:-} key=database.pem image=${SQLD_IMAGE:-} without='' port=18081 run=''
while [ $# -gt 0 ]; do
  case $1 in
  --run | --yes) run=yes ;;
  --to | --url | --key | --image | --without | --port)
    [ $# -ge 2 ] || usage
    case $1 in
    --to) to=$2 ;; --url) url=$2 ;; --key) key=$2 ;; --image) image=$2 ;; --without) without=$2 ;; --port) port=$2 ;;
    esac
    shift
    ;;
  *) usage ;;
  esac
  shift
done
statuspage=${STATUSPAGE:-bin/statuspage}
files='fly.toml deploy/libsql/fly.toml'
begun=$(date +%s)

say() { printf '%s\n' "promote.sh: $*"; }

refuse() {
  printf '%s\n' "promote.sh: refused: $* Nothing was changed." >&2
  exit 1
}

# setting NAME FILE prints the value of a line NAME = "…".
setting() { sed -n "s/^ *$1 *= *\"\([^\"]*\)\".*/\1/p" "$2" | head -n 1; }

# ready REGION prints what /readyz says there. fly-force-region falls back to no other region.
ready() {
  curl -s --max-time 10 -H "fly-force-region: $1" "$url/readyz" | jq -c "select(.region == \"$1\")" 2>/dev/null || true
}

# of BODY FIELD prints one field of it; nothing when it is null or not there.
of() { printf '%s' "$1" | jq -r ".$2 | if . == null then empty else tostring end"; }

# machines APP REGION prints the ids of an app's Machines there.
machines() { printf '%s' "$1" | jq -r '.[] | select(.region == "'"$2"'" and .state != "destroyed") | .id'; }

## The checks of the runbook. None of them changes anything.

[ -n "$to" ] || usage
for tool in fly curl jq openssl; do
  command -v "$tool" >/dev/null || refuse "$tool is not to be found: install it."
done
command -v "$statuspage" >/dev/null || refuse "$statuspage is not to be found: make build makes it."
for file in $files; do
  [ -w "$file" ] || refuse "$file cannot be written: run this from the root of the repository."
done
from=$(setting primary_region fly.toml)
app=$(setting app fly.toml)
database=$(setting app deploy/libsql/fly.toml)
for file in $files; do
  for name in primary_region PRIMARY_REGION; do
    [ "$(setting $name "$file")" = "$from" ] ||
      refuse "$name in $file is not $from, as primary_region in fly.toml is: the files must agree on who writes."
  done
done
case $to in [a-z][a-z][a-z]) ;; *) refuse "$to is no region: a region has three small letters." ;; esac
[ "$to" != "$from" ] || refuse "$to is the primary region already."
[ -r "$key" ] || refuse "there is no key $key, with which the database's tokens are made."
[ -n "$image" ] || refuse "--image or SQLD_IMAGE must name libsql-server's image, on which the database's is built."
url=${url:-https://$app.fly.dev}
url=${url%/}

apps=$(fly machine list -a "$app" --json) || refuse "fly machine list -a $app does not answer."
databases=$(fly machine list -a "$database" --json) || refuse "fly machine list -a $database does not answer."
[ "$(machines "$apps" "$to" | wc -l)" -ge 1 ] || refuse "$app has no Machine in $to."
have=$(machines "$databases" "$to" | wc -l | tr -d ' ')
[ "$have" = 1 ] || refuse "$database must have one Machine in $to and has $have: two would be two primaries."

old=$(ready "$from")
if [ "$(of "$old" primary)" = true ] && [ "$(of "$old" database)" = ok ]; then
  refuse "$from writes: /readyz there says that its database is ok. Two primaries are worse than none."
fi
new=$(ready "$to")
[ -n "$new" ] || refuse "$to does not answer at $url/readyz."
[ "$(of "$new" primary)" = false ] || refuse "$to says that it is the primary."
[ "$(of "$new" database)" = ok ] || refuse "the database in $to says $(of "$new" database)."
[ "$(of "$new" migrations)" = ok ] || refuse "$to has not loaded the database: migrations $(of "$new" migrations)."
[ -n "$(of "$new" beat)" ] ||
  refuse "$to does not say how far its copy is: no heartbeat has arrived there, or its version is too old."
ours=$("$statuspage" version) ours=${ours%% *}
[ "$ours" = "$(of "$new" version)" ] ||
  refuse "$statuspage is $ours and $to runs $(of "$new" version): a command brings the schema up to its own version."
for region in $(printf '%s' "$apps" | jq -r '[.[] | select(.state != "destroyed") | .region] | unique | .[]'); do
  case ",$from,$to,$without," in *",$region,"*) continue ;; esac
  other=$(ready "$region")
  [ -n "$other" ] ||
    refuse "$region does not answer and may have more than $to. Wait, or give up what it has: --without $region."
  [ "$(of "$other" epoch)" = "$(of "$new" epoch)" ] ||
    refuse "$region and $to have different epochs: one of them has not loaded what was restored last."
  if jq -en --argjson a "$new" --argjson b "$other" '[$b.event, $b.beat] > [$a.event, $a.beat]' >/dev/null; then
    refuse "$region has more than $to (event $(of "$other" event), heartbeat $(of "$other" beat)," \
      "against $(of "$new" event) and $(of "$new" beat)): promote $region."
  fi
done

say "$to has what $from wrote until $(of "$new" beat) (event $(of "$new" event)). What $from answered later is lost."

## The steps. When one fails, those that are left are printed and not run.

# by_hand is a step as somebody types it.
by_hand() {
  case $1 in
  primary_region) echo "(write \"$2\" as primary_region and PRIMARY_REGION into $3 and $4)" ;;
  epoch)
    echo "fly proxy $port:8080 $2 -a $database &"
    echo "  DATABASE_URL=http://127.0.0.1:$port \\"
    echo "  DATABASE_AUTH_TOKEN=\$(deploy/libsql/token.sh rw $key) $statuspage epoch"
    ;;
  writes) echo "(wait until /readyz in $2 says \"primary\":true,\"ready\":true)" ;;
  *) echo "$*" ;;
  esac
}

failed=''
step() { # step COMMAND…: prints it, and runs it
  if [ -n "$failed" ]; then
    printf 'left: %s\n' "$(by_hand "$@")"
    return 0
  fi
  printf '+ %s\n' "$(by_hand "$@")"
  [ -n "$run" ] || return 0
  "$@" || failed=$(by_hand "$@")
}

# primary_region REGION FILE… writes who is primary into both files.
primary_region() {
  where=$1
  shift
  for file in "$@"; do
    sed -e "s/^\( *primary_region *= *\)\"[a-z]*\"/\1\"$where\"/" \
      -e "s/^\( *PRIMARY_REGION *= *\)\"[a-z]*\"/\1\"$where\"/" "$file" >"$file.new" || return 1
    cat "$file.new" >"$file" || return 1
    rm "$file.new"
    [ "$(setting primary_region "$file")" = "$where" ] || return 1
    [ "$(setting PRIMARY_REGION "$file")" = "$where" ] || return 1
  done
}

# epoch HOST gives the log a new epoch, so that nobody takes a new event for one that was lost.
epoch() {
  fly proxy "$port:8080" "$1" -a "$database" &
  tunnel=$!
  tries=0
  until curl -s -o /dev/null --max-time 2 "http://127.0.0.1:$port/health"; do
    tries=$((tries + 1))
    if [ "$tries" -ge 60 ] || ! kill -0 "$tunnel" 2>/dev/null; then
      kill "$tunnel" 2>/dev/null || true
      return 1
    fi
    sleep 0.5
  done
  status=0
  (
    unset FLY_REGION PRIMARY_REGION
    DATABASE_URL=http://127.0.0.1:$port DATABASE_AUTH_TOKEN=$("$(dirname "$0")/libsql/token.sh" rw "$key")
    export DATABASE_URL DATABASE_AUTH_TOKEN
    "$statuspage" epoch
  ) || status=$?
  kill "$tunnel" 2>/dev/null || true
  wait "$tunnel" 2>/dev/null || true
  return "$status"
}

# writes waits until the region says that it is the primary and ready.
writes() {
  tries=0
  until new=$(ready "$1") && [ "$(of "$new" primary)" = true ] && [ "$(of "$new" ready)" = true ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 150 ] || return 1
    sleep 2
  done
}

# 1. The old primary must not come back by itself. Its volume stays.
for id in $(machines "$databases" "$from"); do step fly machine destroy --force "$id" -a "$database"; done
for id in $(machines "$apps" "$from"); do step fly machine destroy --force "$id" -a "$app"; done
# 2. Who writes from now on.
# shellcheck disable=SC2086 # two names
step primary_region "$to" $files
# 3. The new primary's database, alone: its copy becomes the truth, and sqld makes a new log of it.
step fly deploy deploy/libsql --regions "$to" --build-arg "SQLD_IMAGE=$image"
# 4. A new epoch, before anything else is written.
step epoch "$to.$database.internal"
# 5. The other regions' databases load it, before their apps ask them.
if printf '%s' "$databases" | jq -e --arg to "$to" --arg from "$from" \
  '[.[] | select(.state != "destroyed" and .region != $to and .region != $from)] | length > 0' >/dev/null; then
  step fly deploy deploy/libsql --exclude-regions "$to" --build-arg "SQLD_IMAGE=$image"
fi
# 6. The program, in the new region first: until it writes, no other is ready, and Fly waits for that.
step fly deploy --regions "$to"
step writes "$to"
if printf '%s' "$apps" | jq -e --arg to "$to" --arg from "$from" \
  '[.[] | select(.state != "destroyed" and .region != $to and .region != $from)] | length > 0' >/dev/null; then
  step fly deploy --exclude-regions "$to"
fi

if [ -n "$failed" ]; then
  printf '%s\n' "promote.sh: failed: $failed. Mend it, run it, then run what is left, in this order." >&2
  exit 1
fi
if [ -z "$run" ]; then
  say "nothing was changed. --run does it."
  exit 0
fi
say "$to writes, $(($(date +%s) - begun)) s after this was begun."
say "Commit fly.toml and deploy/libsql/fly.toml. statuspage doctor looks at all regions."
