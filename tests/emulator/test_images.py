"""The stand-ins keep the contract of the images that they replace."""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from emulator.droplet import CACHE, PROJECT
from emulator.images import Archive, build, stand_ins, unpack
from tests.emulator.images_chroot import Chroot

IMAGES = {"nginx": "nginx:1.30.6", "postgres": "postgres:17.12", "python": "python:3.13-slim"}
PASSWORD = """it's "quoted" $HOME"""


@pytest.fixture(scope="session")
def archives() -> dict[str, Archive]:
    return dict(zip(IMAGES, stand_ins(IMAGES, CACHE / "images", print), strict=True))


@pytest.fixture
def opened(archives: dict[str, Archive], tmp_path: Path) -> Iterator[Callable[[str], Chroot]]:
    """Unpacks an image, afresh for each test."""

    def open_(name: str) -> Chroot:
        root = tmp_path / name
        root.mkdir()
        unpack(archives[name], root)
        variables = archives[name].configuration()["config"]["Env"]
        return Chroot(root, dict(one.split("=", 1) for one in variables))

    yield open_
    # A hundred megabytes each, which pytest would keep.
    shutil.rmtree(tmp_path)


# ---- What Docker reads ----


@pytest.mark.parametrize("name", IMAGES)
def test_docker_can_believe_the_archive(archives: dict[str, Archive], name: str) -> None:
    with tarfile.open(archives[name].path) as archive:
        content = {one.name: archive.extractfile(one) for one in archive}
        (image,) = json.load(content["manifest.json"] or io.BytesIO())
        configuration = content[image["Config"]]
        layer = content[image["Layers"][0]]
        assert configuration is not None
        assert layer is not None
        described = configuration.read()
        assert image["RepoTags"] == [IMAGES[name]]
        assert image["Config"] == f"{hashlib.sha256(described).hexdigest()}.json"
        digest = hashlib.sha256(layer.read()).hexdigest()
        assert json.loads(described)["rootfs"]["diff_ids"] == [f"sha256:{digest}"]


# Of the official images, as their Dockerfiles say it.
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nginx", {"StopSignal": "SIGQUIT", "Cmd": ["nginx", "-g", "daemon off;"]}),
        ("nginx", {"Entrypoint": ["/docker-entrypoint.sh"], "ExposedPorts": {"80/tcp": {}}}),
        ("postgres", {"StopSignal": "SIGINT", "Cmd": ["postgres"]}),
        ("postgres", {"Entrypoint": ["docker-entrypoint.sh"], "ExposedPorts": {"5432/tcp": {}}}),
        ("postgres", {"Volumes": {"/var/lib/postgresql/data": {}}}),
        ("python", {"Cmd": ["python3"]}),
    ],
)
def test_docker_is_told_the_same(
    archives: dict[str, Archive], name: str, expected: dict[str, object]
) -> None:
    config = archives[name].configuration()["config"]
    assert {key: config[key] for key in expected} == expected


# ---- What runs in them ----


def test_nginx_runs_hooks_in_order_and_renders_templates(
    opened: Callable[[str], Chroot],
) -> None:
    nginx = opened("nginx")
    hooks = nginx.root / "docker-entrypoint.d"
    for name, mode, text in [
        ("9-first.envsh", 0o755, "export GREETING=hello"),
        ("10-second.sh", 0o755, '#!/bin/sh\necho "second sees $GREETING"'),
        ("30-never.sh", 0o644, "#!/bin/sh\necho never"),
    ]:
        (hooks / name).write_text(text + "\n")
        (hooks / name).chmod(mode)
    templates = nginx.root / "etc/nginx/templates/inner"
    templates.mkdir(parents=True)
    (templates / "a.conf.template").write_text("# ${GREETING} $host ${ABSENT}\n")
    done = nginx.run("/docker-entrypoint.sh", "nginx", "-t")
    assert done.returncode == 0, done.stdout
    assert "second sees hello" in done.stdout
    assert "\nnever" not in done.stdout
    rendered = nginx.root / "etc/nginx/conf.d/inner/a.conf"
    assert rendered.read_text() == "# hello $host ${ABSENT}\n"
    assert "second" not in nginx.run("/docker-entrypoint.sh", "echo", "other command").stdout


def test_nginx_is_new_enough_and_has_the_official_user(opened: Callable[[str], Chroot]) -> None:
    nginx = opened("nginx")
    assert "nginx/1.30." in nginx.run("nginx", "-v").stdout
    assert nginx.run("id", "nginx").stdout.startswith("uid=101(nginx) gid=101(nginx)")
    assert (nginx.root / "var/log/nginx/error.log").readlink() == Path("/dev/stderr")
    assert nginx.run("curl", "--version").returncode == 0


def test_postgres_wants_a_password(opened: Callable[[str], Chroot]) -> None:
    postgres = opened("postgres")
    refused = postgres.run("docker-entrypoint.sh", "postgres")
    assert refused.returncode == 1
    assert "POSTGRES_PASSWORD_FILE" in refused.stdout
    (postgres.root / "password").write_text("from a file\n")
    both = {"POSTGRES_PASSWORD": "x", "POSTGRES_PASSWORD_FILE": "/password"}
    assert "are exclusive" in postgres.run("docker-entrypoint.sh", "postgres", **both).stdout
    assert not list((postgres.root / "var/lib/postgresql/data").iterdir())


def _await(chroot: Chroot, server: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        # Over the network: the server of the first start has none.
        if chroot.beside(server, "pg_isready", "-h", "10.9.9.9")[0] == 0:
            return
        time.sleep(0.1)
    raise AssertionError(chroot.log.read_text())


def _ask(
    chroot: Chroot, server: subprocess.Popen[str], query: str, *, password: str = PASSWORD
) -> tuple[int, str]:
    """Ask from elsewhere, as the user of the test below."""
    where = "host=10.9.9.9 user=app dbname=events"
    return chroot.beside(server, "env", f"PGPASSWORD={password}", "psql", "-Atc", query, where)


# Started as root it steps down; `user:` in a compose file starts it as that number.
@pytest.mark.parametrize("user", ["0:0", "999:999"])
def test_postgres_is_made_once_and_keeps_its_data(
    opened: Callable[[str], Chroot], user: str
) -> None:
    postgres = opened("postgres")
    secret = postgres.root / "password"
    secret.write_text(f"{PASSWORD}\n")
    os.chown(secret, int(user.partition(":")[0]), 0)
    secret.chmod(0o400)
    init = postgres.root / "docker-entrypoint-initdb.d"
    (init / "1.sql").write_text("CREATE TABLE made (name text);\n")
    (init / "2.sh").write_text('psql -U "$POSTGRES_USER" -c "INSERT INTO made VALUES (1)"\n')
    settings = {
        "POSTGRES_USER": "app",
        "POSTGRES_DB": "events",
        "POSTGRES_PASSWORD_FILE": "/password",
        "POSTGRES_INITDB_ARGS": "--data-checksums --set=max_connections=33",
        "PGDATABASE": "events",
    }
    for first in (True, False):
        server = postgres.start(
            "docker-entrypoint.sh", "-c", "shared_buffers=16MB", user=user, **settings
        )
        _await(postgres, server)
        assert ("init process complete" in postgres.log.read_text()) is first

        ask = partial(_ask, postgres, server)
        assert ask("SELECT count(*) FROM made") == (0, "1")
        assert ask("SHOW shared_buffers") == (0, "16MB")
        assert ask("SHOW max_connections") == (0, "33")
        assert ask("SHOW data_checksums") == (0, "on")
        wrong, reason = ask("SELECT 1", password="wrong")
        assert wrong != 0
        assert "password authentication failed" in reason
        status = Path(f"/proc/{server.pid}/status").read_text()
        assert "Uid:\t999\t999\t999\t999" in status
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
    assert (postgres.root / "var/lib/postgresql/data").stat().st_mode & 0o777 == 0o700


def test_postgres_can_be_made_without_being_started(opened: Callable[[str], Chroot]) -> None:
    postgres = opened("postgres")
    settings = {"POSTGRES_USER": "app", "POSTGRES_PASSWORD": PASSWORD}
    for said in ("init process complete", "skipping initialization"):
        done = postgres.run("docker-ensure-initdb.sh", user="999:999", **settings)
        assert done.returncode == 0, done.stdout
        assert said in done.stdout
    assert (postgres.root / "var/lib/postgresql/data/PG_VERSION").read_text() == "17\n"
    assert not (postgres.root / "var/lib/postgresql/data/postmaster.pid").exists()


def test_our_own_start_makes_the_database_and_repeats_what_was_cut_off(
    opened: Callable[[str], Chroot],
) -> None:
    postgres = opened("postgres")
    shutil.copy(PROJECT / "files" / "db" / "start.sh", postgres.root / "start.sh")
    volume = postgres.root / "var/lib/postgresql/data"
    settings = {
        "POSTGRES_USER": "app",
        "POSTGRES_DB": "events",
        "POSTGRES_PASSWORD": PASSWORD,
        "PGDATA": "/var/lib/postgresql/data/pgdata",
    }
    # As a power cut in the middle of initdb leaves it: the image would take it for whole.
    half_made = volume / "pgdata"
    half_made.mkdir(mode=0o700)
    (half_made / "PG_VERSION").write_text("17\n")
    for folder in (volume, half_made, half_made / "PG_VERSION"):
        os.chown(folder, 999, 999)
    for first in (True, False):
        server = postgres.start("/start.sh", "postgres", user="999:999", **settings)
        _await(postgres, server)
        assert _ask(postgres, server, "SELECT 1") == (0, "1")
        assert ("init process complete" in postgres.log.read_text()) is first
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
    assert (volume / "half-made" / "PG_VERSION").exists()


def _wheel(folder: Path) -> None:
    with zipfile.ZipFile(folder / "tiny-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "def main(): print('tiny', __file__)\n")
        info = "tiny-1.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\ntiny = tiny:main\n")
        wheel.writestr(f"{info}/RECORD", "")


def test_python_installs_what_a_dockerfile_would(opened: Callable[[str], Chroot]) -> None:
    python = opened("python")
    _wheel(python.root)
    install = ["pip", "install", "--no-cache-dir", "--no-index", "/tiny-1-py3-none-any.whl"]
    done = python.run(*install)
    assert done.returncode == 0, done.stdout
    assert python.run("tiny").stdout.startswith("tiny /usr/local/lib/python3.13/")
    assert python.run("python", "--version").stdout.startswith("Python 3.13.")
    assert python.run("python", "-m", "venv", "/venv").returncode == 0
    assert python.run("/venv/bin/pip", "--version").returncode == 0
    # TLS, time zones and a user for the service: what the next lines of a Dockerfile need.
    proof = "import ssl, sqlite3, zoneinfo; assert ssl.create_default_context().get_ca_certs()"
    proof += "; zoneinfo.ZoneInfo('Europe/Rome')"
    assert python.run("python", "-c", proof).stdout == ""
    assert python.run("useradd", "--uid", "10001", "service").returncode == 0


# ---- Building ----


def test_what_only_a_registry_has_is_left_to_it_and_said(tmp_path: Path) -> None:
    official = {"nginx": "nginx:1.3", "postgres": "postgres:17.12@sha256:00"}
    lines: list[str] = []
    assert stand_ins(official, tmp_path, lines.append) == []
    for name, line in zip(official.values(), lines, strict=True):
        assert line.startswith(f"{name} must come from a registry")


def test_an_interrupted_build_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "_install", lambda recipe, root, log: root.mkdir())
    monkeypatch.setattr(build, "_shape", lambda recipe, root: None)
    with monkeypatch.context() as interrupted:
        interrupted.setattr(build, "write_archive", interrupt)
        with pytest.raises(KeyboardInterrupt):
            stand_ins({"nginx": "nginx:1.30.6"}, tmp_path, print)
    assert not list(tmp_path.iterdir())
    (tmp_path / "nginx-superseded.tar").touch()
    lines: list[str] = []
    (made,) = stand_ins({"nginx": "nginx:1.30.6"}, tmp_path, lines.append)
    assert list(tmp_path.iterdir()) == [made.path]
    assert stand_ins({"nginx": "nginx:1.30.6"}, tmp_path, lines.append) == [made]
    assert len(lines) == 2
