"""The services' containers. Their names end in a number that each redeploy raises."""

_LABELS = "--filter label=com.docker.compose.project=freehold"


def container(service: str) -> str:
    """What a shell on the droplet takes for the container of `service`, running or not.

    Of those of one service the one that is started at a boot; others stand by for a rollback.
    """
    ask = f"docker ps --all --quiet {_LABELS} --filter label=com.docker.compose.service={service}"
    look = "docker inspect --format '{{.HostConfig.RestartPolicy.Name}} {{.Id}}'"
    chosen = f'{look} "$@" | grep -v "^no " | cut --delimiter " " --fields 2'
    return f'$(set -- $({ask}); [ $# -lt 2 ] && echo "$@" || {chosen})'
