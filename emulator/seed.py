"""The NoCloud drive: what cloud-init would read from a provider's metadata service."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml


def write_seed(
    image: Path,
    *,
    name: str,
    public_keys: Sequence[str],
    user_data: str,
    vendor_data: str = "",
    instance: str = "",
) -> None:
    """Write the drive that tells the first boot its name, its owner's keys and `user_data`.

    `vendor_data` is the provider's own part, which an owner's `user_data` does not replace;
    `instance` is what the provider calls it, if not by its name.

    Source: https://docs.cloud-init.io/en/25.1/reference/datasources/nocloud.html
    """
    meta_data = {
        "instance-id": instance or name,
        "local-hostname": name,
        "public-keys": [*public_keys],
    }
    with TemporaryDirectory(dir=image.parent) as scratch:
        folder = Path(scratch)
        contents = {"meta-data": yaml.safe_dump(meta_data), "user-data": user_data}
        if vendor_data:
            contents["vendor-data"] = vendor_data
        for file, text in contents.items():
            (folder / file).write_text(text)
        made = folder / "seed.iso"
        subprocess.run(
            [
                *("genisoimage", "-quiet", "-volid", "cidata", "-joliet", "-rock"),
                *("-output", str(made)),
                *(str(folder / file) for file in contents),
            ],
            check=True,
        )
        made.rename(image)
