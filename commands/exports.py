"""Save everything that the host has counted as one zip in this folder."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

from commands.flask import flask, one_site
from commands.hosts import only_host, parser
from settings.names import LABEL

# A domain and two days. The host says what is in it, and names no file elsewhere by that.
NAME = re.compile(rf"(?:{LABEL.pattern})(?:\.{LABEL.pattern})*_[0-9]{{8}}_[0-9]{{8}}\.zip")


def name_of(zipped: Path) -> str:
    """What the file is called: the site and the days that are in it. ValueError if it is broken."""
    try:
        with zipfile.ZipFile(zipped) as archive:
            if broken := archive.testzip():
                raise ValueError(f"{broken} is broken")
            names = archive.namelist()
            site = archive.read("freehold.csv").decode().splitlines()[1].split(",")[1]
    except (zipfile.BadZipFile, KeyError, IndexError) as error:
        raise ValueError(str(error)) from None
    table = next((name for name in names if name.startswith("imported_visitors_")), "")
    name = f"{site}_{table.removeprefix('imported_visitors_').removesuffix('.csv')}.zip"
    if not NAME.fullmatch(name):
        raise ValueError(f"its name would be {name!r}, which is no site and its days")
    return name


def main() -> int:
    """Fetch the zip, look whether it is whole, and name it."""
    options = parser(__doc__)
    options.add_argument("--site", default="", help="whose numbers, if there are several sites")
    given = options.parse_args()
    host = only_host(given.limit)
    part = Path("export.zip.part")
    try:
        with part.open("wb") as file:
            argv = host.ssh(*flask("export", *one_site(given.site), service="migrate"))
            done = subprocess.run(argv, stdout=file, stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            print("Nothing was saved. Are the services up? See: make logs", file=sys.stderr)
            return 1
        saved = part.rename(name_of(part))
    except ValueError as error:
        print(f"What came is no whole zip ({error}). Try again: make export", file=sys.stderr)
        return 1
    finally:
        part.unlink(missing_ok=True)
    print(f"Saved: {saved} ({saved.stat().st_size / 2**20:,.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
