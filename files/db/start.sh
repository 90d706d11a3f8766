#!/bin/sh
# Starts PostgreSQL, after the image has made the database where there is none.
set -eu
cd /var/lib/postgresql/data

if [ ! -e complete ]; then
  # The image takes any folder with a version in it for a whole database, so a first start that
  # was cut off would never be repeated. What has no mark is set aside, not removed.
  # https://github.com/docker-library/postgres/blob/master/docker-entrypoint.sh
  if [ -e pgdata ]; then
    rm -rf half-made
    mv pgdata half-made
  fi
  # Not docker-entrypoint.sh: that exports the password to the server that it becomes.
  docker-ensure-initdb.sh
  # On the disk before the mark that vouches for it.
  sync
  touch complete
  sync complete .
fi

exec "$@"
