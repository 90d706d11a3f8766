#!/bin/sh
# Run by the image once, after it has made the database and before anybody may connect.
# On the disk before it is believed: without this mark, start.sh takes the folder for half-made.
set -eu
touch /var/lib/postgresql/data/complete
sync
