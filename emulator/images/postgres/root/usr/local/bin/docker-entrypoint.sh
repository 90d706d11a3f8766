#!/bin/bash
# Makes the data folder on the first start, as the variables say, then becomes the server.
set -Eeuo pipefail

fail() {
    echo "Error: $*" >&2
    exit 1
}

# Take the variable $1 from the file that $1_FILE names, or else the default $2.
from_file() {
    local name=$1 file_name=$1_FILE
    if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
        fail "both $name and $file_name are set (but are exclusive)"
    fi
    local value=${!name:-${2:-}}
    [ -z "${!file_name:-}" ] || value=$(<"${!file_name}")
    export "$name=$value"
    unset "$file_name"
}

# The folders must exist, and be the server's own before anything is written there.
make_folders() {
    mkdir -p "$PGDATA" /var/run/postgresql
    chmod 0700 "$PGDATA" || :
    chmod 3775 /var/run/postgresql || :
    if [ "$(id -u)" = 0 ]; then
        find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
        find /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
    fi
}

read_settings() {
    from_file POSTGRES_PASSWORD
    from_file POSTGRES_USER postgres
    from_file POSTGRES_DB "$POSTGRES_USER"
    from_file POSTGRES_INITDB_ARGS
    : "${POSTGRES_HOST_AUTH_METHOD:=}"
}

demand_password() {
    if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
        fail "Database is uninitialized and superuser password is not specified." \
            "Set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE to a non-empty value."
    fi
}

create_cluster() {
    local -a wal=()
    # shellcheck disable=SC2034 # used by what is evaluated below
    [ -z "${POSTGRES_INITDB_WALDIR:-}" ] || wal=(--waldir "$POSTGRES_INITDB_WALDIR")
    # The arguments are words of a command line, quotes included: that is their contract.
    # The password goes through a pipe: neither a process list nor a disk ever shows it.
    eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD")' \
        "$POSTGRES_INITDB_ARGS" '"${wal[@]}"'
    local method=$POSTGRES_HOST_AUTH_METHOD
    [ -n "$method" ] || method=$(postgres -C password_encryption)
    printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

ask() {
    PGHOST='' PGHOSTADDR='' psql --set ON_ERROR_STOP=1 --no-psqlrc --no-password \
        --username "$POSTGRES_USER" "$@"
}

create_database() {
    if ! ask --dbname postgres --tuples-only --set name="$POSTGRES_DB" \
        <<<"SELECT 1 FROM pg_database WHERE datname = :'name';" | grep -q 1; then
        ask --dbname postgres --set name="$POSTGRES_DB" <<<'CREATE DATABASE :"name";'
    fi
}

run_init_files() {
    local file
    for file in /docker-entrypoint-initdb.d/*; do
        case "$file" in
        *.sh)
            echo "$0: running $file"
            if [ -x "$file" ]; then
                "$file"
            else
                # shellcheck source=/dev/null
                . "$file"
            fi
            ;;
        *.sql) echo "$0: running $file" && ask --dbname "$POSTGRES_DB" --file "$file" ;;
        *.sql.gz) echo "$0: running $file" && gunzip -c "$file" | ask --dbname "$POSTGRES_DB" ;;
        */\*) ;;
        *) echo "$0: ignoring $file" ;;
        esac
    done
}

first_start() {
    demand_password
    create_cluster
    # Without a network until everything is made: nobody else sees a half-made database.
    local -a command=("$@")
    command=("${command[@]:1}" -c "listen_addresses=" -p "${PGPORT:-5432}")
    export PGPASSWORD=${PGPASSWORD-$POSTGRES_PASSWORD}
    NOTIFY_SOCKET='' pg_ctl -D "$PGDATA" -o "$(printf '%q ' "${command[@]}")" -w start
    create_database
    run_init_files
    PGUSER=${PGUSER-postgres} pg_ctl -D "$PGDATA" -m fast -w stop
    unset PGPASSWORD
    echo 'PostgreSQL init process complete; ready for start up.'
}

wants_help() {
    local argument
    for argument in "$@"; do
        case "$argument" in
        -'?' | --help | --describe-config | -V | --version) return 0 ;;
        esac
    done
    return 1
}

# Everything that is done before this becomes the server.
prepare() {
    # Before stepping down: a file with the password may be root's alone.
    read_settings
    make_folders
    if [ "$(id -u)" = 0 ]; then
        exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
    fi
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        first_start "$@"
    else
        echo 'PostgreSQL Database directory appears to contain a database; skipping initialization'
    fi
}

# docker-ensure-initdb.sh takes only the functions.
[ "$0" = "${BASH_SOURCE[0]}" ] || return 0

[ "${1:0:1}" != - ] || set -- postgres "$@"

if [ "${1:-}" = postgres ] && ! wants_help "$@"; then
    prepare "$@"
fi

exec "$@"
