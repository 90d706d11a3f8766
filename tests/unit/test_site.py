"""What is made of the owner's site before it is sent."""

import gzip
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploys.site import TEXT, prepare
from tests.unit.nginx_render import PROJECT

PAGE = b"<p>Hello</p>\n" * 100
NOBODY = 65534


@contextmanager
def _not_root() -> Iterator[None]:
    """As another user, since no mode keeps root from anything."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_a_site_that_is_read_only_is_prepared_like_any_other() -> None:
    """As Nix and Bazel build it, with a compressed file of its own beside a page."""
    # Not tmp_path: nobody else comes into its parents.
    with _not_root(), tempfile.TemporaryDirectory() as place:
        site, folder = Path(place, "site"), Path(place, "staging")
        (site / "posts").mkdir(parents=True)
        folder.mkdir()
        for name, content in (("index.html", PAGE), ("index.html.gz", b""), ("posts/a.css", PAGE)):
            (site / name).write_bytes(content)
            (site / name).chmod(0o444)
        for read_only in (site / "posts", site):
            read_only.chmod(0o555)
        try:
            prepare(site, folder)
        finally:
            for changeable in (site, site / "posts"):
                changeable.chmod(0o755)
        for name in ("index.html", "posts/a.css"):
            assert gzip.decompress((folder / f"{name}.gz").read_bytes()) == PAGE


def test_a_folder_with_the_name_of_a_script_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "site" / "chart.js").mkdir(parents=True)
    (tmp_path / "site" / "chart.js" / "index.html").write_bytes(PAGE)
    prepare(tmp_path / "site", tmp_path / "staging")
    assert sorted(path.name for path in (tmp_path / "staging").rglob("*")) == [
        "chart.js",
        "index.html",
        "index.html.gz",
    ]


def test_what_nginx_compresses_lies_there_compressed() -> None:
    """Not on the way, at each request of a page."""
    nginx = PROJECT / "templates" / "nginx"
    types = (nginx / "types.conf.j2").read_text().partition("types {")[2].partition("}")[0]
    endings = {kind: names for kind, *names in map(str.split, types.strip(" \n;").split(";"))}
    configured = (nginx / "compression.conf.j2").read_text()
    compressed = configured.partition("gzip_types ")[2].partition(";")[0].split()
    assert {f".{name}" for kind in ("text/html", *compressed) for name in endings[kind]} == TEXT
