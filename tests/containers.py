"""The services' containers. Their names end in a number that each redeploy raises."""

_LABELS = "--filter label=com.docker.compose.project=freehold"


def container(service: str) -> str:
    """What a shell on the droplet takes for the container of `service`, running or not."""
    ask = f"docker ps --all --quiet {_LABELS} --filter label=com.docker.compose.service={service}"
    return f"$({ask})"
