"""The `user_data` of a droplet: what cloud-init does at the very first boot."""

import yaml


def user_data(*, host_key: str, host_public_key: str) -> str:
    """cloud-config that gives the droplet a host key which its owner already knows.

    So the first connection is verified like every later one: nothing is trusted on first use.
    `host_key` is an OpenSSH ed25519 private key, `host_public_key` its public line.
    Source: https://docs.cloud-init.io/en/25.1/reference/modules.html#ssh
    """
    config = {
        "ssh_deletekeys": True,
        "ssh_keys": {"ed25519_private": host_key, "ed25519_public": host_public_key},
        "ssh_genkeytypes": ["ed25519"],
        "ssh_pwauth": False,
    }
    # cloud-init takes it for something else unless the first line is exactly this.
    return "#cloud-config\n" + yaml.safe_dump(config, sort_keys=False)
