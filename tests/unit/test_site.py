"""What is made of the owner's site before it is sent."""

import atexit
import gzip
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from pyinfra.api.exceptions import PyinfraError

from deploys import site as deploy
from deploys.site import TEXT, digest, prepare
from operations import site as operation
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


@pytest.mark.parametrize(
    "name",
    [
        *(b"with space.html", b'quote".html', b"line\nbreak.html", b"return\r.html", b"*.html"),
        *(
            b"index.html\tb",
            b"-dash.html",
            b"back\\slash.html",
            b"caf\xc3\xa9.html",
            b"caf\xe9.html",
        ),
        *(b"folder\nof/page.html", b"a" * 250 + b".html"),
    ],
)
def test_any_name_is_known_again_on_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: bytes
) -> None:
    """What is live already makes no new release, whatever its files are called."""
    site = tmp_path / "site"
    for path in (site / "index.html", site / os.fsdecode(name)):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(PAGE)
    staging = tmp_path / "current"
    prepare(site, staging)
    for path in (staging, *staging.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    monkeypatch.setattr(operation, "ROOT", str(tmp_path))
    asked = subprocess.run(
        ["sh", "-c", operation.Site().command()], capture_output=True, text=True, check=True
    )
    mine = f"{os.getuid()} {os.getgid()}"
    assert digest(staging, mine) == operation.Site().process(asked.stdout.splitlines()).content


def test_no_compressed_copy_is_of_an_older_build(tmp_path: Path) -> None:
    """nginx would send it in the file's place."""
    site = tmp_path / "site"
    site.mkdir()
    for name, content in (("small.js", b"1"), ("large.js", PAGE), ("table.csv", PAGE)):
        (site / name).write_bytes(content)
        (site / f"{name}.gz").write_bytes(gzip.compress(b"of an older build"))
    archive = gzip.compress(b"a file of its own")
    (site / "archive.gz").write_bytes(archive)
    prepare(site, tmp_path / "staging")
    for name in ("small.js", "large.js", "table.csv"):
        beside = tmp_path / "staging" / f"{name}.gz"
        assert gzip.decompress(beside.read_bytes()) == (site / name).read_bytes()
    assert (tmp_path / "staging/archive.gz").read_bytes() == archive


def test_what_nginx_compresses_lies_there_compressed() -> None:
    """Not on the way, at each request of a page."""
    nginx = PROJECT / "templates" / "nginx"
    types = (nginx / "types.conf.j2").read_text().partition("types {")[2].partition("}")[0]
    endings = {kind: names for kind, *names in map(str.split, types.strip(" \n;").split(";"))}
    configured = (nginx / "compression.conf.j2").read_text()
    compressed = configured.partition("gzip_types ")[2].partition(";")[0].split()
    assert {f".{name}" for kind in ("text/html", *compressed) for name in endings[kind]} == TEXT


def test_a_site_that_changes_while_it_is_copied_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In a sentence alone: whoever waits for another thread would have its traceback, too."""

    def rebuilt(source: Path, target: Path) -> None:
        (source / "gone.html").symlink_to("nowhere")
        prepare(source, target)

    monkeypatch.setattr(deploy, "prepare", rebuilt)
    (tmp_path / "site").mkdir()
    settings: Any = SimpleNamespace(site_folder=tmp_path / "site")
    with pytest.raises(PyinfraError, match=r"No such file or directory: '.*gone.html'\. When"):
        deploy.site._inner(settings)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("part", ["prepare", "digest"])
def test_connections_live_on_while_a_site_is_prepared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """Or a long one's deploy would be silent for so long that its lock went to another."""
    ticks = 0

    def keepalive() -> None:
        nonlocal ticks
        while True:
            gevent.sleep(0.01)
            ticks += 1

    during: list[int] = []

    def slow(*_: Path) -> str:
        before = ticks
        time.sleep(0.5)
        during.append(ticks - before)
        return "0123456789ab"

    monkeypatch.setattr(deploy, part, slow)
    monkeypatch.setattr(deploy, "site_release", lambda **_: None)
    (tmp_path / "site").mkdir()
    settings: Any = SimpleNamespace(
        site_folder=tmp_path / "site", site_releases_kept=2, tracker_path="/js/script.js"
    )
    ticking = gevent.spawn(keepalive)
    try:
        deploy.site._inner(settings)
    finally:
        ticking.kill()
    assert during[0] > 1


def test_who_lacks_rsync_is_told_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings: Any = SimpleNamespace(site_folder=tmp_path)
    with pytest.raises(PyinfraError, match="apt-get install rsync"):
        deploy.site._inner(settings)


def test_what_is_not_shown_as_meant_is_told_at_the_end_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "site" / "api").mkdir(parents=True)
    settings: Any = SimpleNamespace(
        site_folder=tmp_path / "site", site_releases_kept=2, tracker_path="/js/script.js"
    )
    at_the_end: list[partial[None]] = []
    monkeypatch.setattr(atexit, "register", lambda *call, **_: at_the_end.append(partial(*call)))
    monkeypatch.setattr(deploy, "staging", lambda: tmp_path / "staging")
    monkeypatch.setattr(deploy, "site_release", lambda **_: None)
    deploy.site._inner(settings)
    assert not caplog.messages
    for call in at_the_end:
        call()
    (told,) = caplog.messages
    assert told.startswith("--> api of the site is not shown at /api/")
