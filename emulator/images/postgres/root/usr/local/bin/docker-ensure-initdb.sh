#!/bin/bash
# Makes the data folder as docker-entrypoint.sh would, and ends without becoming the server.
set -Eeuo pipefail
# shellcheck source=emulator/images/postgres/root/usr/local/bin/docker-entrypoint.sh
. /usr/local/bin/docker-entrypoint.sh
[ "${1:-}" = postgres ] || set -- postgres "$@"
prepare "$@"
