"""The NoCloud drive: what cloud-init would read from a provider's metadata service."""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml


def write_seed(image: Path, *, name: str, public_key: str, user_data: str) -> None:
    """Write the drive that tells the first boot its name, its owner's key and `user_data`.

    Source: https://docs.cloud-init.io/en/25.1/reference/datasources/nocloud.html
    """
    meta_data = {"instance-id": name, "local-hostname": name, "public-keys": [public_key]}
    with TemporaryDirectory(dir=image.parent) as scratch:
        folder = Path(scratch)
        (folder / "meta-data").write_text(yaml.safe_dump(meta_data))
        (folder / "user-data").write_text(user_data)
        made = folder / "seed.iso"
        subprocess.run(
            [
                *("genisoimage", "-quiet", "-volid", "cidata", "-joliet", "-rock"),
                *("-output", str(made)),
                *(str(folder / name) for name in ("meta-data", "user-data")),
            ],
            check=True,
        )
        made.rename(image)
