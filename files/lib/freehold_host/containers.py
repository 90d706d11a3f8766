"""The services' containers. Their names end in a number that each redeploy raises."""

import subprocess

from freehold_host.trouble import Trouble

# Without those that are run once, such as the new database beside the old one in an upgrade.
_LABELS = (
    *("--filter", "label=com.docker.compose.project=freehold"),
    *("--filter", "label=com.docker.compose.oneoff=False"),
)


def of(service: str) -> list[str]:
    """The ids of those of one service, stopped ones too, the newest first.

    Without one that stands by for a rollback (freehold_rollout/standby.py): no boot starts it.
    """
    asked = ("--filter", f"label=com.docker.compose.service={service}")
    found = docker("ps", "--all", "--quiet", *_LABELS, *asked).split()
    if len(found) < 2:
        return found
    # Without those that are gone meanwhile, for which it fails.
    known = subprocess.run(
        ["docker", "inspect", "--format", "{{.Id}} {{.HostConfig.RestartPolicy.Name}}", *found],
        capture_output=True,
        text=True,
        check=False,
    )
    on_duty = [line.split()[0] for line in known.stdout.splitlines() if line.split()[1:] != ["no"]]
    return [one for one in found if any(longer.startswith(one) for longer in on_duty)]


def the(service: str) -> str:
    """The id of the newest of one service; Trouble when there is none."""
    found = of(service)
    if not found:
        raise Trouble(f"There is no container of {service}. Type: make deploy")
    return found[0]


def running_image(service: str) -> str:
    """What a compose file calls the image that a service runs, of two the older; "" of none."""
    asked = ("--filter", f"label=com.docker.compose.service={service}")
    running = docker("ps", "--quiet", *_LABELS, *asked).split()
    if not running:
        return ""
    return docker("inspect", "--format", "{{.Config.Image}}", running[-1]).strip()


def docker(*arguments: str) -> str:
    """What Docker says to it; Trouble when it did not do it."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Trouble(f"Docker did not {arguments[0]} {arguments[-1]}: {done.stderr.strip()}")
    return done.stdout
