"""What `make up` says at its end."""

import re
from pathlib import Path

from commands import welcome


def test_the_readme_shows_what_it_prints() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    shown = re.search(r"^Your site is up:.*?^(?=…$)", readme, re.MULTILINE | re.DOTALL)
    assert shown
    printed = welcome.TEXT.format(
        address="https://blog.test/",
        resolve="blog.test:443:127.182.0.2",
        where="127.182.0.2",
        domain="blog.test",
        roots=".emulator/cloud/authority/roots.pem",
        https=443,
    )
    assert printed.lstrip("\n").startswith(shown[0])
