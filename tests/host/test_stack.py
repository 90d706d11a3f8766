"""The services together: the database's guard, the socket, and what a log may not keep."""

import json
import re
import time
from typing import Any

import pytest
from testinfra.host import Host as Target

from commands.hosts import PROJECT
from tests.host.reading import DOCKER, Services, read, run_python, stored
from tests.host.stranger import Stranger

MIGRATIONS = PROJECT / "files/analytics/src/analytics/keeping/migrations/versions"


# ---- The database ----

QUERIES = {
    "settings": "SELECT name, setting FROM pg_settings",
    "rules": "SELECT type, coalesce(address, ''), auth_method FROM pg_hba_file_rules",
    "schema": "SELECT version_num FROM alembic_version",
    "columns": "SELECT table_name || '.' || column_name, data_type"
    " FROM information_schema.columns WHERE table_schema = 'public'",
    "passwords": "SELECT rolname, left(rolpassword, 14) FROM pg_authid WHERE rolcanlogin",
    "order": "SELECT datcollate FROM pg_database WHERE datname = 'analytics'",
    "version": "SHOW server_version_num",
}


@pytest.fixture(scope="session")
def database(host: Target, services: Services) -> dict[str, str]:
    """What PostgreSQL says of itself, over one connection."""
    asked = [part for name, query in QUERIES.items() for part in (f"SELECT '@ {name}'", query)]
    answered = host.check_output(services.psql(*asked))
    parts = f"\n{answered}".split("\n@ ")[1:]
    found = {name: text for name, _, text in (part.partition("\n") for part in parts)}
    assert found.keys() == QUERIES.keys(), answered
    return found


def _pairs(text: str) -> dict[str, str]:
    return dict(line.split("|", 1) for line in text.splitlines())


def test_the_database_keeps_what_it_says(database: dict[str, str]) -> None:
    settings = _pairs(database["settings"])
    assert settings["data_checksums"] == "on", "A rotten disk block goes unnoticed."
    assert (settings["fsync"], settings["full_page_writes"]) == ("on", "on")
    assert database["version"].startswith("17"), "Another version than the volume's."
    assert database["order"] == "C", "Another Debian would sort texts differently than indexes do."


def test_the_database_logs_nothing_of_visitors(database: dict[str, str]) -> None:
    settings = _pairs(database["settings"])
    assert settings["log_statement"] == "none"
    assert settings["log_min_error_statement"] == "panic"
    assert settings["log_parameter_max_length"] == "0"
    assert settings["log_parameter_max_length_on_error"] == "0"
    assert settings["log_error_verbosity"] == "terse"


def test_its_schema_is_this_releases(database: dict[str, str]) -> None:
    newest = max(path.name.split("_")[0] for path in MIGRATIONS.glob("[0-9]*.py"))
    assert database["schema"] == newest, "The migration did not run. Mend: make deploy"


def test_no_column_is_made_for_an_address(database: dict[str, str]) -> None:
    columns = _pairs(database["columns"])
    assert "events.path" in columns
    assert "visits.visitor" in columns
    telling = re.compile(r"(^|_)(ip|addr|address|agent)($|_)")
    named = [name for name in columns if telling.search(name.partition(".")[2])]
    typed = [name for name, kind in columns.items() if kind in {"inet", "cidr"}]
    assert not named + typed, "An address has a place where it comes to rest."


def test_over_the_network_the_password_is_asked_for(database: dict[str, str]) -> None:
    rules = [line.split("|") for line in database["rules"].splitlines()]
    networked = [
        (address, method)
        for kind, address, method in rules
        if kind.startswith("host") and address not in {"127.0.0.1", "::1"}
    ]
    assert networked, rules
    assert {method for _, method in networked} == {"scram-sha-256"}
    passwords = _pairs(database["passwords"])
    assert passwords == {"analytics": "SCRAM-SHA-256$"}


def test_without_the_password_nobody_gets_in(host: Target, services: Services) -> None:
    """Asked from where the webapp is; that its own password is right, its health says."""
    pid = services.pids["webapp"]
    address = host.check_output(f"nsenter --target {pid} --mount --net getent hosts db").split()[0]
    enter = f"{services.enter['db']} --net=/proc/{pid}/ns/net"
    ask = f"env %s psql -h {address} -U analytics -d analytics -w -c 'SELECT 1'"
    without = host.run(f"{enter} {ask}", "PGPASSWORD=")
    assert without.rc == 2
    assert "no password supplied" in without.stderr, without.stderr
    wrong = host.run(f"{enter} {ask}", "PGPASSWORD=wrong")
    assert wrong.rc == 2
    assert "password authentication failed" in wrong.stderr, wrong.stderr


# ---- The socket ----


@pytest.fixture(scope="session")
def shared(host: Target) -> dict[str, str]:
    """The folder in memory that the services share."""
    health = "curl --silent --max-time 30 --unix-socket /run/freehold/webapp/webapp.sock"
    return read(
        host,
        {
            "kind": "stat --file-system -c '%T' /run/freehold /run/freehold/webapp",
            "modes": "stat -L -c '%a %u %g %F' /run/freehold /run/freehold/webapp"
            " /run/freehold/webapp/webapp.sock",
            "keys": "findmnt --noheadings --output FSTYPE,OPTIONS /run/freehold/keys;"
            " find /run/freehold/keys -printf '%m %u %y %f\\n'",
            "others": "find /run/freehold -mindepth 1 -not -type l -perm /o=rwx",
            "health": f"{health} http://localhost/api/health",
            "boot": "grep -rh '^d /run/freehold' /etc/tmpfiles.d/ | wc -l",
        },
    )


def test_the_socket_is_in_memory_and_for_nginx_only(shared: dict[str, str]) -> None:
    assert set(shared["kind"].split()) == {"tmpfs"}, "The day's key would touch a disk."
    folder, inner, socket = (line.split(" ", 3) for line in shared["modes"].splitlines())
    assert folder == ["755", "0", "0", "directory"]
    assert inner[1:] == ["10001", "101", "directory"]
    assert inner[0] in {"2750", "2770"}
    assert socket == ["770", "10001", "101", "socket"]
    assert shared["others"] == "", "Anybody on the host speaks with the service past nginx."
    assert int(shared["boot"]) >= 2, "After a reboot the folder is not there."


def test_the_days_keys_are_never_on_a_disk(shared: dict[str, str], domain: str) -> None:
    mounted, folder, *keys = shared["keys"].splitlines()
    assert mounted.startswith("tmpfs")
    assert "noswap" in mounted, "A key could be read from the swap file after its day."
    assert folder.split()[:3] == ["700", "10001", "d"]
    for key in keys:
        mode, owner, kind, name = key.split()
        assert (mode, owner, kind) == ("600", "10001", "f")
        assert name.rpartition("_")[0] == domain


def test_the_service_is_well(shared: dict[str, str]) -> None:
    health = json.loads(shared["health"])
    state = {key: health.get(key) for key in ("status", "database", "schema")}
    assert state == {"status": "ok", "database": "ok", "schema": "ok"}


# ---- No address at rest ----

_NOISE = """
import contextlib, json, socket, ssl, sys, time
addresses, name, path = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
careless = ssl._create_unverified_context()
statuses, began = [], time.time()

def plain(address, port):
    return socket.create_connection((address, port), timeout=30)

def ask(address, request):
    with careless.wrap_socket(plain(address, 443), server_hostname=name) as connection:
        connection.sendall(request)
        answer = connection.recv(4096).decode("latin-1")
        statuses.append(int(answer.split(" ")[1]))

def head(line, body=b"", *more):
    lines = [line + " HTTP/1.1", "Host: " + name, "Connection: close", *more]
    if body:
        lines.append("Content-Length: " + str(len(body)))
    return "\\r\\n".join([*lines, "", ""]).encode() + body

event = {"name": "pageview", "url": f"https://{name}{path}", "domain": name}
origin = f"Origin: https://{name}"
forged = (
    *("X-Forwarded-For: 8.8.8.8", "X-Real-IP: 8.8.8.8", "Forwarded: for=8.8.8.8"),
    "X-Sender-Forwarded-For: 8.8.8.8",
)
for address in addresses:
    # What nginx complains of, what it passes on, and what the service refuses.
    with contextlib.suppress(OSError), plain(address, 443) as connection:
        connection.sendall(b"\\x16\\x03\\x01\\x00\\x05no handshake")
        connection.recv(100)
    with contextlib.suppress(OSError), plain(address, 80) as connection:
        connection.sendall(b"\\x00 nonsense\\r\\n\\r\\n")
        connection.recv(100)
    with contextlib.suppress(OSError):
        careless.wrap_socket(plain(address, 443), server_hostname="evil.test")
    ask(address, head("GET /"))
    ask(address, head("GET /" + "missing" * 20))
    ask(address, head("POST /api/event", json.dumps(event).encode(), origin, *forged))
    ask(address, head("POST /api/event", b"{}", "Origin: https://evil.test"))
    ask(address, head("POST /api/event", b"no JSON", origin))
    guess = "Authorization: Bearer freehold_events_guess"
    ask(address, head("POST /api/event", json.dumps(event).encode(), guess, *forged))
    ask(address, head("POST /api/event", b"x" * 70000, origin))
print(json.dumps([int(began), statuses]))
"""


@pytest.fixture(scope="module")
def noise(host: Target, services: Services, stranger: Stranger, domain: str) -> Any:
    """A visitor with a known address who does whatever might be logged: answers and countries."""
    host.check_output(services.forget("/freehold-test-"))
    try:
        done = stranger.run(
            "python3 -c %s %s %s %s",
            _NOISE,
            json.dumps([stranger.host_ipv4, stranger.host_ipv6]),
            domain,
            "/freehold-test-noise",
        )
        assert done.rc == 0, done.stderr
        query = (
            "SELECT coalesce(country.text, '-') FROM events e JOIN texts p ON p.id = e.path"
            " JOIN visits v ON v.id = e.visit JOIN clients c ON c.id = v.client"
            " LEFT JOIN texts country ON country.id = c.country"
            " WHERE p.text LIKE '/freehold-test-%'"
        )
        # The worker carries them from the spool to the database.
        countries = stored(host, services.psql(query), lines=2)
    finally:
        host.check_output(services.forget("/freehold-test-"))
    began, statuses = json.loads(done.stdout)
    return {"began": began, "statuses": statuses, "countries": countries}


def test_requests_are_answered_over_ipv4_and_ipv6(noise: Any) -> None:
    assert noise["statuses"] == [200, 404, 202, 403, 400, 401, 413] * 2


def test_a_forged_address_is_not_believed(noise: Any) -> None:
    # 8.8.8.8 is in the United States; the address that the stranger really has is nowhere.
    assert noise["countries"] == ["-", "-"], "X-Forwarded-For from outside decides what is stored."


def test_what_nginx_complains_of_is_seen_without_its_visitor(
    host: Target,
    noise: Any,
) -> None:
    # Each body that is too large; the journal is asked in the search below, for the address.
    script = "journalctl --quiet --output=cat --identifier=nginx --since @" + str(noise["began"])
    wanted = "client intended to send too large body: 70000 bytes, request: POST /api/event"
    deadline = time.monotonic() + 60
    while (lines := host.check_output(script).splitlines()).count(wanted) < 2:
        assert time.monotonic() < deadline, lines
        time.sleep(1)
    mode = host.check_output("stat -c '%a %u %g' /run/freehold/nginx/errors.sock")
    assert mode == "660 0 101", "Others write into the journal in nginx's name."


def test_no_address_comes_to_rest(
    host: Target,
    noise: Any,
    stranger: Stranger,
) -> None:
    script = """
import subprocess, sys
began, *wanted = sys.argv[1:]
found = []
since = f"since={began}&stdout=1&stderr=1"
logs = {name: docker_text(f"/containers/{docker_id(name)}/logs?{since}")
        for name in ("nginx", "webapp", "worker", "db")}
journal = ["journalctl", "--quiet", "--output=export", "--since", "@" + began]
logs["the journal"] = subprocess.check_output(journal)
for where, text in logs.items():
    found += [where for address in wanted if address.encode() in text]
# What was written since; /run/freehold, /tmp and the like are file systems of their own. The
# journal's files also hold what was before: sshd names who knocks, as the firewall's test does.
find = ["find", "/", "/run", "/tmp", "/dev/shm", "-xdev", "-type", "f", "-newermt", "@" + began,
        "-not", "-path", "/swapfile", "-not", "-path", "/var/log/journal/*", "-print0"]
changed = subprocess.run(find, capture_output=True).stdout
grep = ["xargs", "--null", "--no-run-if-empty", "grep", "-laF"]
patterns = [part for address in wanted for part in ("-e", address)]
done = subprocess.run([*grep, *patterns], input=changed, capture_output=True)
print(json.dumps([changed.count(b"\\0"), found + done.stdout.decode().split()]))
"""
    began = str(noise["began"])
    searched, found = run_python(host, DOCKER + script, began, stranger.ipv4, stranger.ipv6)
    assert searched > 0, "The search saw nothing that was written, so it proves nothing."
    assert not found, "A visitor's address has come to rest here."
