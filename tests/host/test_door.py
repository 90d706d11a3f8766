"""The door from outside: TLS, names, and what nginx answers, line by line.

Whatever site the owner has, the lines are asked of a folder of the tests' own, that lies in the
live release while they run.
"""

import gzip
import json
import re
import socket
import ssl
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509
from testinfra.host import Host as Target

from commands.hosts import Host
from tests.containers import container
from tests.host.reading import Services, run_python, stored
from tests.host.stranger import Stranger
from tests.host.visitor import Answer, Visitor
from tests.quic import first_packet

# Mozilla's intermediate set, https://ssl-config.mozilla.org (guideline 5.8)
CIPHERS = {
    *("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
    *("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"),
    *("ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"),
}


# ---- TLS ----


def _only(
    version: ssl.TLSVersion, ciphers: str = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
) -> ssl.SSLContext:
    """A careless client that speaks this version only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(ciphers)
    with warnings.catch_warnings():
        # Python warns of old versions; here nothing else will do.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_refused(visitor: Visitor, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError) as refusal:
        visitor.secure(_only(version))
    # By the server: this client would have spoken it.
    assert "ALERT_PROTOCOL_VERSION" in str(refusal.value.reason), refusal.value


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_of_today_are_spoken(visitor: Visitor, version: ssl.TLSVersion) -> None:
    context = visitor.context()
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    with visitor.secure(context) as connection:
        assert connection.version() == {771: "TLSv1.2", 772: "TLSv1.3"}[version]
        assert connection.selected_alpn_protocol() == "h2", "Every file takes its own round trip."


def _agreed_cipher(visitor: Visitor, without: list[str]) -> str | None:
    offer = ":".join(["ALL", "COMPLEMENTOFALL", *(f"!{name}" for name in without)])
    try:
        with visitor.secure(_only(ssl.TLSVersion.TLSv1_2, f"{offer}:@SECLEVEL=0")) as connection:
            agreed = connection.cipher()
    except ssl.SSLError as refusal:
        if "HANDSHAKE_FAILURE" not in str(refusal.reason):
            raise
        return None
    return agreed[0] if agreed else None


def test_only_good_ciphers(visitor: Visitor) -> None:
    """Each time without what was chosen before, until there is nothing left to agree on."""
    chosen: list[str] = []
    while agreed := _agreed_cipher(visitor, without=chosen):
        chosen.append(agreed)
    assert chosen, "No client of TLS 1.2 gets in."
    assert set(chosen) <= CIPHERS


@pytest.fixture(scope="module")
def certificate(visitor: Visitor) -> x509.Certificate:
    """The certificate that is served."""
    with visitor.secure() as connection:
        served = connection.getpeercert(binary_form=True)
    assert served
    return x509.load_der_x509_certificate(served)


def test_what_is_served_is_what_lies_there(visitor: Visitor, certificate: x509.Certificate) -> None:
    lying = x509.load_pem_x509_certificate(visitor.certificate.encode())
    assert certificate.serial_number == lying.serial_number, "nginx was never reloaded after it."


def test_the_certificate_covers_every_name(
    visitor: Visitor, certificate: x509.Certificate, aliases: list[str]
) -> None:
    for name in (visitor.name, *aliases):
        visitor.of(name).secure().close()
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert visitor.name in names.get_values_for_type(x509.DNSName)
    left = certificate.not_valid_after_utc.timestamp() - time.time()
    assert left > 86400, "The certificate ends within a day, and then no browser lets anybody in."


# ---- HTTP/3 ----


@pytest.fixture(scope="module")
def speaks_quic(described: Host) -> None:
    """Only where the owner has not switched it off."""
    if not described.data["http3"]:
        pytest.skip("http3 is off")


@pytest.mark.usefixtures("speaks_quic")
def test_the_site_comes_over_quic_too(visitor: Visitor) -> None:
    over_tcp, over_quic = visitor.ask("/"), visitor.ask_over_quic("/")
    assert over_tcp.headers["Alt-Svc"] == 'h3=":443"; ma=86400', "No browser will try it."
    assert (over_quic.status, over_quic.text) == (200, over_tcp.text)
    for name in ("Content-Security-Policy", "Strict-Transport-Security", "X-Frame-Options"):
        assert over_quic.all(name) == over_tcp.headers.get_all(name)
    assert visitor.ask_over_quic("/api/health").status == 200


@pytest.mark.usefixtures("speaks_quic")
def test_quic_answers_at_both_families_and_takes_nobodys_word(
    stranger: Stranger, visitor: Visitor
) -> None:
    """A first packet, from outside: it is asked back before anything is opened for it."""
    script = """
import json, socket, sys
packet, answers = bytes.fromhex(sys.argv[1]), []
for address in sys.argv[2:]:
    kind = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(kind, socket.SOCK_DGRAM) as asking:
        asking.settimeout(20)
        asking.sendto(packet, (address, 443))
        answers.append(asking.recv(4096)[0])
print(json.dumps(answers))
"""
    packet = first_packet(visitor.name).hex()
    done = stranger.run(
        "python3 -c %s %s %s %s", script, packet, stranger.host_ipv4, stranger.host_ipv6
    )
    assert done.rc == 0, f"UDP 443 leads nowhere: {done.stderr}"
    # RFC 9000, 17.2.5: a Retry packet.
    assert [first & 0xF0 for first in json.loads(done.stdout)] == [0xF0, 0xF0]


@pytest.mark.usefixtures("speaks_quic")
def test_one_address_gets_few_connections_of_quic(stranger: Stranger, visitor: Visitor) -> None:
    """Each has many requests; after the test before, whose connections count."""
    script = """
import json, select, socket, sys
packet, asking = bytes.fromhex(sys.argv[1]), []
for _ in range(40):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.sendto(packet, (sys.argv[2], 443))
    asking.append(one)
answered = set()
while waiting := select.select([one for one in asking if one not in answered], [], [], 10)[0]:
    answered |= set(waiting)
print(len(answered))
"""
    packet = first_packet(visitor.name).hex()
    done = stranger.run("python3 -c %s %s %s", script, packet, stranger.host_ipv4)
    assert done.rc == 0, done.stderr
    assert 10 <= int(done.stdout) <= 16, "One address takes all that nginx bears."


def test_how_busy_it_is_nobody_outside_is_told(host: Target, visitor: Visitor) -> None:
    told = host.check_output(
        f"docker exec {container('nginx')} curl -s --unix-socket /run/nginx-health.sock"
        " http://localhost/status"
    )
    assert told.startswith("Active connections: ")
    for path in ("/status", "/nginx_status", "/stub_status", "/metrics"):
        assert "Active connections" not in visitor.ask(path).text


# ---- Names ----


@pytest.mark.parametrize("sni", ["evil.test", None, "bare address"])
def test_no_certificate_for_who_asks_for_another_name(visitor: Visitor, sni: str | None) -> None:
    careless = _only(ssl.TLSVersion.TLSv1_3)
    # Python sends no name for an address, as browsers do.
    name = visitor.address if sni == "bare address" else sni
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        visitor.secure(careless, sni=name)


def _is_hung_up_on(connection: socket.socket, name: str) -> bool:
    with connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        try:
            return connection.recv(100) == b""
        except ConnectionResetError:
            return True


def test_a_name_that_is_not_ours_is_hung_up_on(visitor: Visitor) -> None:
    for name in ("evil.test", visitor.address, f"x{visitor.name}", f"{visitor.name}.evil.test"):
        assert _is_hung_up_on(visitor.plain(), name), f"http://{name} is answered."
    # A handshake with our name, and then a request with another.
    assert _is_hung_up_on(visitor.secure(), "evil.test")


def test_plain_http_goes_to_the_canonical_name(visitor: Visitor, aliases: list[str]) -> None:
    for name in (visitor.name, *aliases):
        answer = visitor.of(name).ask("/a?b=c", tls=False)
        assert (answer.status, answer.location) == (301, f"https://{visitor.name}/a?b=c")
        assert "Strict-Transport-Security" not in answer.headers


def test_other_names_go_to_the_canonical_one(visitor: Visitor, aliases: list[str]) -> None:
    for alias in aliases:
        answer = visitor.of(alias).ask("/x?y=z")
        assert (answer.status, answer.location) == (301, f"https://{visitor.name}/x?y=z")


# ---- Files ----

FOLDER = "freehold-test"
LONG = "body { color: red } " * 100
PAGES = {
    "about.html": "<h1>About</h1>",
    "posts/index.html": "<h1>Posts</h1>",
    "posts/.draft.html": "<h1>Draft</h1>",
    "bare/file.txt": "text",
    ".env": "SECRET=1",
    ".git/config": "[core]",
    "plain.css": LONG,
    "main.1f3a9c0b77.css": LONG,
    "feed.xml": "<feed/>",
    "apix": "no page of the service",
    "picture.svg": "<svg/>",
}

_LAY = """
import json, shutil, sys
from pathlib import Path
folder, pages = Path("/srv/www/current").resolve() / sys.argv[1], json.loads(sys.argv[2])
challenge = Path("/var/lib/freehold/acme/.well-known/acme-challenge")
known = folder.parent / ".well-known"
shutil.rmtree(folder, ignore_errors=True)
(challenge / sys.argv[1]).unlink(missing_ok=True)
(known / sys.argv[1]).unlink(missing_ok=True)
made = []
if pages:
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)
    (folder / "secret.html").write_text("not for nginx")
    (folder / "secret.html").chmod(0o600)
    made = [str(one) for one in (known, challenge.parent, challenge) if not one.exists()]
    challenge.mkdir(parents=True, exist_ok=True)
    known.mkdir(exist_ok=True)
    (known / sys.argv[1]).write_text("Contact: nobody")
    (challenge / sys.argv[1]).write_text("token.key")
else:
    for one in reversed(sys.argv[3:]):
        Path(one).rmdir()
own = Path("/srv/www/current/404.html")
print(json.dumps([made, own.read_text() if own.exists() else None]))
"""


@pytest.fixture(scope="module")
def missing(host: Target, no_deploy: None) -> Iterator[str]:
    """The tests' own pages lie in the live release; gives the text of the page for what is not."""
    # A folder's modes must not depend on who is logged in.
    lay = f"umask 022; python3 -c %s {FOLDER} %s"
    made: list[str] = []
    try:
        done = host.check_output(lay, _LAY, json.dumps(PAGES))
        made, own = json.loads(done)
        yield own or "There is no page here."
    finally:
        host.check_output(lay + " %s" * len(made), _LAY, "{}", *made)


def _page(visitor: Visitor, path: str, **how: object) -> Answer:
    return visitor.ask(f"/{FOLDER}{path}", **how)  # type: ignore[arg-type]


@pytest.mark.usefixtures("missing")
def test_a_challenge_is_answered_on_port_80(visitor: Visitor, aliases: list[str]) -> None:
    for name in (visitor.name, *aliases):
        somebody = visitor.of(name)
        path = f"/.well-known/acme-challenge/{FOLDER}"
        answer = somebody.ask(path, tls=False)
        assert (answer.status, answer.text) == (200, "token.key"), "No certificate can be issued."
        assert somebody.ask(f"{path}-other", tls=False).status == 404


@pytest.mark.usefixtures("missing")
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/about", "<h1>About</h1>"),
        ("/about.html", "<h1>About</h1>"),
        ("/about?utm=1", "<h1>About</h1>"),
        ("/posts/", "<h1>Posts</h1>"),
    ],
)
def test_pages(visitor: Visitor, path: str, text: str) -> None:
    answer = _page(visitor, path)
    assert (answer.status, answer.text) == (200, text)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.usefixtures("missing")
@pytest.mark.parametrize(
    ("path", "leads_to"),
    [("/posts", "/posts/"), ("/posts?page=2", "/posts/?page=2")],
)
def test_a_folder_without_its_slash(visitor: Visitor, path: str, leads_to: str) -> None:
    answer = _page(visitor, path)
    assert answer.status == 301
    base = re.escape(f"https://{visitor.name}")
    there = re.sub(rf"^{base}(:\d+)?(?=/)", "", answer.location or "")
    assert there == f"/{FOLDER}{leads_to}", "It leads to another host, or away from https."


@pytest.mark.parametrize(
    "path",
    [
        *("/missing", "/missing/", "/bare/", "/bare", "/", "/secret.html", "/secret", "/about/"),
        *("/.env", "/.git/config", "/.git/", "/%2egit/config", "/posts/.draft.html"),
        *("/posts/.draft", "/posts/../.env", "/.well-known/.env"),
    ],
)
def test_what_is_not_there_or_not_for_visitors(visitor: Visitor, missing: str, path: str) -> None:
    answer = _page(visitor, path)
    assert answer.status == 404
    assert missing in answer.text, "Not the site's own page for what is missing."
    assert "Index of" not in answer.text


@pytest.mark.usefixtures("missing")
def test_well_known_is_published(visitor: Visitor) -> None:
    answer = visitor.ask(f"/.well-known/{FOLDER}")
    assert (answer.status, answer.text) == (200, "Contact: nobody")


def test_dot_files_of_the_site_itself(visitor: Visitor, missing: str) -> None:
    for path in ("/.git/config", "/.env", "/.htpasswd", "/.ssh/id_ed25519", "/..%2f.env"):
        assert visitor.ask(path).status in {400, 404}, path
    assert visitor.ask("/apix").status == 404, "What only begins like /api is the site's."
    assert missing in visitor.ask("/apix").text


@pytest.mark.usefixtures("missing")
def test_a_file_can_only_be_read(visitor: Visitor) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = _page(visitor, "/about", method=method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


# ---- What comes with each answer ----


@pytest.mark.usefixtures("missing")
def test_text_is_compressed_and_revalidated(visitor: Visitor) -> None:
    for encoding, unpack in (("gzip", gzip.decompress), ("identity", bytes)):
        accept = {"Accept-Encoding": encoding}
        answer = _page(visitor, "/plain.css", headers=accept)
        assert answer.headers.get("Content-Encoding", "identity") == encoding
        assert unpack(answer.body) == LONG.encode()
        assert answer.headers["Vary"] == "Accept-Encoding"
        again = {**accept, "If-None-Match": answer.headers["ETag"]}
        assert _page(visitor, "/plain.css", headers=again).status == 304, "Sent again in vain."


@pytest.mark.usefixtures("missing")
@pytest.mark.parametrize(
    ("path", "kind", "kept"),
    [
        ("/about", "text/html; charset=utf-8", "no-cache"),
        ("/plain.css", "text/css; charset=utf-8", "no-cache"),
        (
            "/main.1f3a9c0b77.css",
            "text/css; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
        ("/feed.xml", "text/xml; charset=utf-8", "no-cache"),
        ("/picture.svg", "image/svg+xml; charset=utf-8", "public, max-age=3600"),
    ],
)
def test_types_and_caching(visitor: Visitor, path: str, kind: str, kept: str) -> None:
    answer = _page(visitor, path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert answer.headers.get_all("Cache-Control") == [kept]
    assert answer.headers["ETag"]


@pytest.mark.parametrize("path", ["/", "/missing", "/api/health", "/api/nothing"])
def test_security_headers_are_on_every_answer(visitor: Visitor, described: Host, path: str) -> None:
    headers = visitor.ask(path).headers
    (hsts,) = headers.get_all("Strict-Transport-Security") or [""]
    assert hsts.startswith("max-age=63072000")
    for name, value in {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Server": "nginx",
    }.items():
        assert headers.get_all(name) == [value], name
    policies = headers.get_all("Content-Security-Policy") or []
    if not path.startswith("/api") and described.data["content_security_policy"] in policies:
        return
    (policy,) = policies
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_the_site_is_there(visitor: Visitor) -> None:
    answer = visitor.ask("/")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "</html>" in answer.text.lower()


# ---- The service ----


@pytest.fixture
def forgotten(host: Target, services: Services) -> Iterator[None]:
    """Nothing of what the tests send is counted afterwards."""
    yield
    host.check_output(services.forget(f"/{FOLDER}"))


@pytest.mark.usefixtures("forgotten")
def test_an_event_is_kept(host: Target, services: Services, visitor: Visitor) -> None:
    path = f"/{FOLDER}/kept"
    answer = visitor.send_event(url=f"https://{visitor.name}{path}?secret=1#part")
    assert answer.status == 202
    query = (
        "SELECT n.text, s.domain, p.text FROM events e JOIN texts n ON n.id = e.name"
        " JOIN sites s ON s.id = e.site JOIN texts p ON p.id = e.path"
        f" WHERE p.text LIKE '/{FOLDER}/%'"
    )
    found = stored(host, services.psql(query), lines=1)
    assert found == [f"pageview|{visitor.name}|{path}"], "202 was said, and it is not there."


def test_the_service_sees_the_path_as_it_was_sent(visitor: Visitor) -> None:
    for path in ("/api//event", "/api/", "/api/nothing"):
        answer = visitor.ask(path)
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/json"), path
    assert visitor.ask("/api/event").status == 405


def test_foreign_pages_may_not_send_events(visitor: Visitor) -> None:
    answer = visitor.ask(
        "/api/event",
        method="POST",
        body=json.dumps(
            {"name": "pageview", "url": f"https://{visitor.name}/", "domain": visitor.name}
        ).encode(),
        headers={"Origin": "https://evil.test", "Content-Type": "text/plain"},
    )
    assert answer.status == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


def _pieces(size: int) -> Iterator[bytes]:
    yield from (b"x" * 1024 for _ in range(size // 1024))


def test_a_body_over_64_kilobytes_is_refused(visitor: Visitor) -> None:
    for body in (b"x" * 65537, _pieces(70_000)):
        answer = visitor.ask("/api/event", method="POST", body=body)
        assert (answer.status, list(answer.json)) == (413, ["error"])


def test_slow_headers_and_bodies_are_cut_off(visitor: Visitor) -> None:
    host = f"Host: {visitor.name}\r\n".encode()
    headers = b"GET / HTTP/1.1\r\n" + host
    body = b"POST /api/event HTTP/1.1\r\n" + host + b"Content-Length: 100\r\n\r\n{"
    with ThreadPoolExecutor() as pool:
        taken = list(
            pool.map(
                lambda sent: visitor.seconds_until_cut_off(sent[0], sent[1], limit=25),
                [(headers, b"X"), (headers, b""), (body, b"")],
            )
        )
    assert all(5 <= seconds < 20 for seconds in taken), f"A slow client holds on for {taken}."


@pytest.mark.usefixtures("no_deploy")
def test_without_the_service_the_site_is_untouched(host: Target, domain: str) -> None:
    """Its socket is away for a moment; the host puts it back itself, whatever becomes of us."""
    script = """
import http.client, json, os, signal, socket, ssl, sys

class Door(http.client.HTTPSConnection):
    def connect(self):
        plain = socket.create_connection(("127.0.0.1", 443), timeout=20)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)

def ask(method, path, body=None):
    door = Door(sys.argv[1], context=ssl._create_unverified_context())
    door.request(method, path, body)
    answer = door.getresponse()
    return [answer.status, dict(answer.getheaders()), answer.read().decode()]

signal.signal(signal.SIGHUP, signal.SIG_IGN)
here, away = "/run/freehold/webapp/webapp.sock", "/run/freehold/webapp/freehold-test-away"
os.rename(here, away)
try:
    answers = [ask("GET", "/"), ask("POST", "/api/event", b"{}"), ask("GET", "/api/health")]
finally:
    os.rename(away, here)
print(json.dumps([*answers, ask("GET", "/api/health")]))
"""
    page, event, health, again = run_python(host, script, domain)
    assert page[0] == 200, "Without the service the site itself is gone."
    for status, headers, body in (event, health):
        assert status == 503
        assert headers["Content-Type"] == "application/json"
        assert int(headers["Retry-After"]) > 0
        assert headers["Cache-Control"] == "no-store"
        assert list(json.loads(body)) == ["error"]
    assert again[0] == 200, "The service is not found again."
