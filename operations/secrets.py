"""Secrets, born on the host and never brought anywhere else."""

from collections.abc import Generator, Iterable, Mapping

from pyinfra import host
from pyinfra.api import FactBase, operation
from typing_extensions import override

FOLDER = "/etc/freehold/secrets"


class SecretFiles(FactBase[dict[str, str]]):
    """Mode and owner of each file of the secrets' folder, by name; never what is in them."""

    @override
    def command(self) -> str:
        return f"stat --format '%n %a %u' {FOLDER}/* {FOLDER}/. 2>/dev/null || true"

    @staticmethod
    @override
    def default() -> dict[str, str]:
        return {}

    @override
    def process(self, output: Iterable[str]) -> dict[str, str]:
        lines = (line.removeprefix(f"{FOLDER}/").partition(" ") for line in output)
        return {name: rest for name, _, rest in lines}


@operation()
def shared_secret(secret: str, readers: Mapping[str, int]) -> Generator[str, None, None]:
    """One random secret, in a file for each reader: compose gives a file's owner and mode on.

    Made once. A reader's missing copy is made from another's, so an interruption never leaves
    two secrets.

    + secret: its name; the files are `secret`.`reader`
    + readers: the numeric user id of each
    """
    wanted = {".": "700 0", secret: "600 0"} | {
        f"{secret}.{reader}": f"400 {uid}" for reader, uid in readers.items()
    }
    found = host.get_fact(SecretFiles)
    if all(found.get(file) == entry for file, entry in wanted.items()):
        host.noop(f"The secret {secret} is there")
        return
    yield f"install -d -m 0700 -o root -g root {FOLDER}"
    original = f"{FOLDER}/{secret}"
    yield (
        f"[ -s {original} ] || (umask 077; openssl rand -hex 32 >{original}.new"
        f" && mv {original}.new {original}); chmod 600 {original}"
    )
    for reader, uid in readers.items():
        copy = f"{original}.{reader}"
        yield f"install -m 0400 -o {uid} -g root {original} {copy}.new && mv {copy}.new {copy}"
