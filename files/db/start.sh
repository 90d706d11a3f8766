#!/bin/sh
# Starts PostgreSQL, after the image has made the database where there is none.
set -eu
cd /var/lib/postgresql/data

if [ ! -e complete ]; then
  # The image takes any folder with a version in it for a whole database, so a first start that
  # was cut off would never be repeated. What has no mark of first-start.sh is set aside, not
  # removed.
  # https://github.com/docker-library/postgres/blob/master/docker-entrypoint.sh
  if [ -e pgdata ]; then
    rm -rf half-made
    mv pgdata half-made
  fi
  # The image exports the password to what it starts. So it starts only a question to the server's
  # settings, and the server below has none in its environment.
  docker-entrypoint.sh postgres -C port >/dev/null
fi

exec "$@"
