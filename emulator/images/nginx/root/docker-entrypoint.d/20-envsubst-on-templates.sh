#!/bin/sh
# Renders every template below NGINX_ENVSUBST_TEMPLATE_DIR with the environment's variables.
set -eu

from=${NGINX_ENVSUBST_TEMPLATE_DIR:-/etc/nginx/templates}
to=${NGINX_ENVSUBST_OUTPUT_DIR:-/etc/nginx/conf.d}
suffix=${NGINX_ENVSUBST_TEMPLATE_SUFFIX:-.template}

[ -d "$from" ] || exit 0
if [ ! -w "$to" ]; then
    # As in the official image: a read-only container that brings its own files still starts.
    echo "$0: ERROR: $from exists, but $to is not writable" >&2
    exit 0
fi

# Only variables that exist are replaced, or nginx's own ($host, $uri) would become empty.
names=$(awk -v wanted="${NGINX_ENVSUBST_FILTER:-}" \
    'BEGIN { for (name in ENVIRON) if (name ~ wanted) printf "${%s} ", name }')

find "$from" -follow -type f -name "*$suffix" | while IFS= read -r template; do
    inner=${template#"$from"/}
    target=$to/${inner%"$suffix"}
    mkdir -p "$(dirname "$target")"
    echo "$0: Running envsubst on $template to $target"
    envsubst "$names" <"$template" >"$target"
done
