#!/bin/sh
# Runs what is in /docker-entrypoint.d before nginx, then becomes the command.
set -eu

say() {
    [ -n "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ] || echo "$0: $*"
}

case "${1:-}" in
nginx | nginx-debug)
    # Version order and one name a line: 2-x.sh runs before 10-x.sh, and blanks are harmless.
    hooks=$(find /docker-entrypoint.d/ -mindepth 1 -maxdepth 1 -type f | sort -V)
    while IFS= read -r hook; do
        case "$hook" in
        '') ;;
        *.envsh)
            if [ -x "$hook" ]; then
                say "Sourcing $hook"
                # Sourced, so that what it exports reaches the hooks after it and nginx.
                # shellcheck source=/dev/null
                . "$hook"
            else
                say "Ignoring $hook, not executable"
            fi
            ;;
        *.sh)
            if [ -x "$hook" ]; then
                say "Launching $hook"
                "$hook"
            else
                say "Ignoring $hook, not executable"
            fi
            ;;
        *) say "Ignoring $hook" ;;
        esac
    done <<HOOKS
$hooks
HOOKS
    say "Configuration complete; ready for start up"
    ;;
esac

exec "$@"
