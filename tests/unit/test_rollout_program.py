"""The program that replaces services and goes back: its sockets, its records, its lock.

What it has Docker do, the tests on the droplet see (tests/faults/test_redeploy.py).
"""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import pytest

from freehold_host import links
from freehold_host.trouble import Trouble
from freehold_rollout import __main__ as program
from freehold_rollout import lock, releases, site, traffic
from freehold_rollout.config import Places

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
# Releases come one after the other.
HOURS = itertools.count()
OLD, NEW = "0123456789ab", "ba9876543210"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path / "project", tmp_path / "sockets", tmp_path / "www", tmp_path / "deploy")
    for folder in (made.project, made.sockets, made.site / "releases"):
        folder.mkdir(parents=True)
    return made


# ---- Traffic ----

Serve = Callable[[str, int], None]


@pytest.fixture
def serve(places: Places) -> Iterator[Serve]:
    """Starts a webapp that answers each question about its health with a status."""
    with ExitStack() as stack:

        def start(host: str, status: int) -> None:
            class Health(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(host.encode())

                def log_message(self, *_: object) -> None:
                    pass

            path = traffic.own(places.sockets, host)
            server = stack.enter_context(ThreadingUnixStreamServer(str(path), Health))
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, args=[0.01]).start()

        yield start


def answered(name: Path) -> str:
    """Who answers at the name that nginx knows."""
    with socket.socket(socket.AF_UNIX) as nginx:
        nginx.connect(str(name))
        nginx.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with nginx.makefile() as answer:
            return answer.read()[-12:]


def test_a_webapp_is_asked_by_its_own_socket(places: Places, serve: Serve) -> None:
    serve(OLD, 200)
    serve(NEW, 503)
    assert traffic.is_well(places.sockets, OLD)
    assert not traffic.is_well(places.sockets, NEW)
    assert not traffic.is_well(places.sockets, "f" * 12), "There is none."


def test_one_rename_sends_the_traffic_to_another(places: Places, serve: Serve) -> None:
    serve(OLD, 200)
    serve(NEW, 200)
    name = places.sockets / "webapp.sock"
    # As before there were links: the socket itself has the name.
    traffic.own(places.sockets, OLD).rename(name)
    assert traffic.in_use(places.sockets) == ""
    traffic.send_to(places.sockets, NEW)
    assert answered(name) == traffic.in_use(places.sockets) == NEW
    serve(OLD, 200)
    traffic.send_to(places.sockets, OLD)
    assert answered(name) == traffic.in_use(places.sockets) == OLD


def test_the_log_of_pages_goes_with_it(places: Places, serve: Serve) -> None:
    serve(OLD, 200)
    serve(NEW, 200)
    own = traffic.own(places.sockets, NEW, "log.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(own))
        traffic.send_to(places.sockets, NEW)
        assert traffic.tells_of_pages(places.sockets, NEW)
        assert (places.sockets / "log.sock").readlink().name == own.name
    traffic.send_to(places.sockets, OLD)
    assert not (places.sockets / "log.sock").is_symlink(), "The older one takes no pages."


def test_only_sockets_of_those_that_are_gone_go(places: Places, serve: Serve) -> None:
    serve(OLD, 200)
    serve(NEW, 200)
    traffic.send_to(places.sockets, NEW)
    traffic.forget(places.sockets, {NEW})
    assert sorted(path.name for path in places.sockets.iterdir()) == [
        f"{NEW}.webapp.sock",
        "webapp.sock",
    ]


# ---- Releases ----


def deployed(places: Places, version: str) -> str:
    """A release of the service that was brought to the host; its name."""
    candidate = places.project / "candidate.yml"
    candidate.write_text(
        f"services:\n  webapp:\n    image: freehold/webapp:{version}\n"
        "  nginx:\n    image: nginx:1.30\n"
    )
    now = NOON + timedelta(hours=next(HOURS))
    hashes = {"webapp": version}
    name = releases.keep(places, candidate, hashes, f"c{version}", "anna@laptop", now)
    releases.make_live(places, name)
    return name


def test_a_release_is_listed_with_who_brought_it(places: Places) -> None:
    first, second = deployed(places, "1"), deployed(places, "2")
    older, live = releases.listed(places)
    assert (older.name, older.commit, older.live) == (first, "c1", False)
    assert (live.name, live.by, live.live) == (second, "anna@laptop", True)
    assert (
        live.when == f"{live.name[:4]}-{live.name[4:6]}-{live.name[6:8]} {live.name[9:11]}:00 UTC"
    )
    assert live.image == "freehold/webapp:2"
    assert releases.configurations_of(places, first) == {"webapp": "1"}
    assert "freehold/webapp:2" in places.live.read_text()
    assert places.live.stat().st_mode & 0o777 == 0o644


def test_back_and_back_again(places: Places) -> None:
    first, second, third = (deployed(places, version) for version in "123")
    found = releases.listed(places)
    assert releases.before_the_live("service", found).name == second
    releases.make_live(places, second)
    assert "freehold/webapp:2" in places.live.read_text()
    found = releases.listed(places)
    assert [one.name for one in found] == [first, second, third], "It can be gone forward to, too."
    assert releases.before_the_live("service", found).name == first
    releases.make_live(places, first)
    with pytest.raises(Trouble, match="no release of the service before the live one"):
        releases.before_the_live("service", releases.listed(places))


def test_the_same_again_is_the_newest_release(places: Places) -> None:
    deployed(places, "1")
    second = deployed(places, "2")
    again = deployed(places, "1")
    assert [one.name for one in releases.listed(places)] == [second, again]


def test_old_releases_go_and_the_live_one_stays(places: Places) -> None:
    names = [deployed(places, str(version)) for version in range(8)]
    assert [one.name for one in releases.listed(places)] == names[-releases.KEPT :]
    oldest = names[-releases.KEPT]
    releases.make_live(places, oldest)
    newest = deployed(places, "9")
    assert [one.name for one in releases.listed(places)] == [*names[-4:], newest]


def test_images_and_what_they_were_built_from_stay_with_their_releases(places: Places) -> None:
    build = places.project / "build"
    build.mkdir()
    for version in range(7):
        (build / str(version)).mkdir()
        (build / f"{version}.complete").touch()
        for path in build.glob(f"{version}*"):
            os.utime(path, (0, 0))
        deployed(places, str(version))
    kept = {str(version) for version in range(2, 7)}
    assert releases.images(places) == {"nginx:1.30", *(f"freehold/webapp:{one}" for one in kept)}
    assert {path.name for path in build.iterdir()} == kept | {f"{one}.complete" for one in kept}


def test_the_clean_up_of_images_knows_them(places: Places, tmp_path: Path) -> None:
    """The shell program, with a Docker that only writes down what it is to remove."""
    for version in range(5):
        deployed(places, str(version))
    versions = (9, 8, 7, 6, 4, 3, 2, 1)
    listed = "\n".join(f"sha256:{version} freehold/webapp:{version}" for version in versions)
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(
        f"""#!/bin/sh
case "$*" in
  "image ls --format {{{{.Repository}}}}") echo freehold/webapp ;;
  # nginx has no tag, as one that was pulled by its digest.
  "image ls"*dangling*) printf '%s %s\n' sha256:nginx sha256:nginx sha256:old sha256:old ;;
  "image ls"*) printf '%s\n' "{listed}" ;;
  "image inspect"*)
    # Of those that it does not have it says so, tells the others, and fails.
    for image in "$@"; do
      case $image in
        nginx:*) echo sha256:nginx ;;
        freehold/webapp:0) echo "No such image" >&2 ;;
        freehold/webapp:*) echo "sha256:${{image##*:}}" ;;
      esac
    done
    exit 1
    ;;
  "rmi "*) echo "$2" >>{tmp_path}/removed ;;
esac
"""
    )
    docker.chmod(0o755)
    script = Path(__file__).parents[2] / "files" / "sbin" / "freehold-prune-images"
    text = script.read_text().replace("/opt/freehold", str(places.project))
    subprocess.run(
        ["sh", "-c", text], check=True, env={"PATH": f"{docker.parent}:{os.environ['PATH']}"}
    )
    assert (tmp_path / "removed").read_text() == "sha256:old\nfreehold/webapp:6\n"


# ---- The site's ----


def site_released(places: Places, name: str, *, told: bool = True) -> None:
    (places.site / "releases" / name).mkdir()
    if told:
        records = places.releases / "site"
        records.mkdir(parents=True, exist_ok=True)
        (records / f"{name}.json").write_text(json.dumps({"commit": "c0ffee1", "by": "anna@pc"}))
    site.make_live(places, name)


def test_the_sites_releases(places: Places) -> None:
    site_released(places, "20261126T100000Z-000000000001", told=False)
    site_released(places, "20261126T110000Z-000000000002")
    (places.site / "releases" / ".incoming").mkdir()
    older, live = site.listed(places)
    assert (older.when, older.by, older.live) == ("2026-11-26 10:00 UTC", "", False)
    assert (live.commit, live.by, live.live) == ("c0ffee1", "anna@pc", True)
    for _ in range(2):
        site.make_live(places, older.name)
        assert (places.site / "current").readlink() == Path("releases") / older.name
        assert (places.site / "before").readlink() == Path("releases") / live.name


# ---- Which one is meant ----


def test_without_a_name_what_changed_last_goes_back(places: Places) -> None:
    site_released(places, "20261126T100000Z-000000000001")
    site_released(places, "20261126T110000Z-000000000002")
    service, _ = deployed(places, "1"), deployed(places, "2")
    for link, seconds in ((places.site / "current", 100), (releases.folder(places) / "live", 200)):
        os.utime(link, (seconds, seconds), follow_symlinks=False)
    assert program._target(places, "", "").name == service
    assert program._target(places, "site", "").name == "20261126T100000Z-000000000001"
    os.utime(places.site / "current", (300, 300), follow_symlinks=False)
    assert program._target(places, "", "").what == "site"
    assert program._target(places, "", "000000000001").what == "site"
    with pytest.raises(Trouble, match="more than one"):
        program._target(places, "", "20261126")
    with pytest.raises(Trouble, match="No release"):
        program._target(places, "service", "000000000001")


def test_before_any_deploy_there_is_nothing_to_go_back_to(places: Places) -> None:
    with pytest.raises(Trouble, match="no release yet"):
        program._target(places, "", "")


# ---- The lock ----


def test_no_rollback_during_a_deploy(places: Places) -> None:
    with subprocess.Popen(["sleep", "60"]) as deploying:
        started = Path(f"/proc/{deploying.pid}/stat").read_text().split()[21]
        places.lock.write_text(f"{deploying.pid} {started} anna@laptop since noon\n")
        with pytest.raises(Trouble, match="A deploy is running: anna@laptop since noon"):
            lock.take(places.lock, "a rollback by ben@pc")
        deploying.kill()
    lock.take(places.lock, "a rollback by ben@pc")
    holder, start, *who = places.lock.read_text().split()
    assert holder == str(os.getpid())
    assert start == Path("/proc/self/stat").read_text().split()[21]
    assert " ".join(who).startswith("a rollback by ben@pc since 20")


@pytest.fixture
def orphan(places: Places) -> Iterator["subprocess.Popen[str]"]:
    """What a deploy has begun whose connection is gone; it ends when it is told to."""
    said = [
        "import sys; from pathlib import Path; from freehold_rollout import lock",
        f"lock.work(Path({str(places.lock)!r}), 'a rollout by anna@laptop')",
        "print('at work', flush=True); sys.stdin.read()",
    ]
    with subprocess.Popen(
        [sys.executable, "-c", "\n".join(said)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(lock.__file__).parents[1])},
    ) as begun:
        assert begun.stdout
        assert begun.stdout.readline() == "at work\n"
        yield begun


@pytest.mark.parametrize("words", [("up", "candidate.yml", "--by", "ben@pc"), ("back",)])
@pytest.mark.usefixtures("orphan")
def test_nothing_begins_beside_what_a_deploy_that_is_gone_has_begun(
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    monkeypatch.setattr(lock, "_SECONDS", 0.0)
    monkeypatch.setattr(program, "Places", lambda: places)
    monkeypatch.setattr(sys, "argv", ["freehold-rollout", *words])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert program.main() == 1
    said = capsys.readouterr().err
    assert "still at work: a rollout by anna@laptop since 20" in said
    assert "Try again" in said


def test_what_ends_in_time_is_waited_for(places: Places, orphan: "subprocess.Popen[str]") -> None:
    assert orphan.stdin
    threading.Timer(0.3, orphan.stdin.close).start()
    lock.take(places.lock, "a rollback by ben@pc")
    told = places.lock.with_name("deploy.work").read_text()
    assert told.startswith("a rollback by ben@pc since 20")


def test_a_link_leads_somewhere_at_every_moment(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    link, stopping = tmp_path / "link", threading.Event()
    links.lead(link, "a")

    def switch() -> None:
        while not stopping.is_set():
            links.lead(link, "b")
            links.lead(link, "a")

    thread = threading.Thread(target=switch)
    thread.start()
    try:
        assert {link.read_text() for _ in range(2000)} <= {"a", "b"}
    finally:
        stopping.set()
        thread.join()
