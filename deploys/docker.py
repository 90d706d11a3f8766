"""Docker Engine and Compose, bounded and hardened."""

from pyinfra.api import deploy
from pyinfra.operations import systemd

from deploys.script import script
from deploys.timer import timer
from operations.applied import applied
from operations.docker_repository import docker_repository
from operations.packages import packages
from operations.texts import texts
from settings.model import Settings
from settings.render import render

DAEMON = "/etc/docker/daemon.json"
CONTAINERD = "/etc/containerd/config.toml"
PACKAGES = {
    "debian": ["docker.io", "docker-cli", "docker-compose", "docker-buildx"],
    "docker.com": [
        "docker-ce",
        "docker-ce-cli",
        "containerd.io",
        "docker-compose-plugin",
        "docker-buildx-plugin",
    ],
}
# What the kernel confines programs by. dockerd looks once, when it starts, for the parser that
# loads its profile; without it containers run unconfined, and `docker info` and `docker inspect`
# read as if they did not. https://github.com/moby/moby/pull/44902
PROFILES = "/sys/kernel/security/apparmor/profiles"
CONFINES = f"grep -qxF 'docker-default (enforce)' {PROFILES} 2>/dev/null"


@deploy("Docker")
def docker(settings: Settings) -> None:
    """The engine with our settings from its first start on, and a weekly clean-up."""
    if settings.docker_packages == "docker.com":
        docker_repository(name="Add Docker's own repository, its key checked by fingerprint")
    texts(
        name="Write the Docker daemon's settings, and those of containerd below it",
        contents={
            DAEMON: render("docker/daemon.json.j2", settings),
            CONTAINERD: render("docker/containerd.toml.j2", settings),
        },
    )
    packages(
        name="Install Docker Engine and Compose",
        names=PACKAGES[settings.docker_packages],
    )
    applied(
        name="Give the Docker daemon its settings, after it has checked them",
        what="docker",
        paths=[DAEMON, CONTAINERD],
        # live-restore keeps the containers running meanwhile.
        command=(
            f"dockerd --validate --config-file={DAEMON}"
            " && systemctl restart containerd.service docker.service"
            f" && {{ [ ! -e {PROFILES} ] || {CONFINES} || {{"
            " echo 'Docker has not loaded its AppArmor profile, so no container would be confined."
            " See why: journalctl -u docker | grep -i apparmor' >&2; exit 1; }; }"
        ),
        # A word more only where something is amiss: else a host that is well would restart Docker.
        state=f"systemctl is-active docker.service; {CONFINES} || echo unconfined",
    )
    # Apart from the settings: to be enabled again it need not be restarted.
    systemd.service(
        name="Start Docker at each boot",
        service="docker.service",
        running=True,
        enabled=True,
    )
    _clean_up(settings)


def _clean_up(settings: Settings) -> None:
    script(
        name="Install the clean-up of images",
        program="freehold-prune-images",
    )
    timer(
        "freehold-prune-images",
        settings,
        describe="Describe the weekly clean-up of images",
        have="Clean up images every week",
    )
