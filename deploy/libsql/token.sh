#!/bin/sh
# Makes what sqld wants of its clients. Needs openssl 3.
#
#   token.sh key  KEYFILE       makes a private key, if there is none, and prints the public one for SQLD_AUTH_JWT_KEY
#   token.sh rw   KEYFILE       prints a token that may write, for DATABASE_AUTH_TOKEN
#   token.sh ro   KEYFILE       prints a token that may only read, for DATABASE_READ_TOKEN
set -eu

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

[ $# = 2 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
case $1 in
key)
  [ -e "$2" ] || (umask 077 && openssl genpkey -algorithm ed25519 -out "$2")
  # The bare key, the last 32 bytes of its encoding, in URL-safe base64: one line, as an environment variable should be.
  openssl pkey -in "$2" -pubout -outform DER | tail -c 32 | base64url
  echo
  ;;
rw | ro)
  head=$(printf '{"alg":"EdDSA","typ":"JWT"}' | base64url)
  body=$(printf '{"a":"%s"}' "$1" | base64url)
  file=$(mktemp)
  trap 'rm -f "$file"' EXIT
  printf '%s.%s' "$head" "$body" >"$file" # Ed25519 signs a file whose length is known, not a pipe
  printf '%s.%s.%s\n' "$head" "$body" "$(openssl pkeyutl -sign -rawin -inkey "$2" -in "$file" | base64url)"
  ;;
*)
  echo "token.sh: key, rw or ro, not $1" >&2
  exit 2
  ;;
esac
