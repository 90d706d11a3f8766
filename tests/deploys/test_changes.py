"""The owner changes a page and brings a certificate: one deploy, and one deploy back."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from emulator import Droplet
from tests.outside import Answer, Outside
from tests.runs import PROJECT, Run, copy_of_the_project, deploy
from tests.unit.settings_lab import Authority, pem, private_text


def _provided(bundle: Path, key: Path, project: Path = PROJECT) -> Run:
    settings = {
        "certificate_mode": "provided",
        "certificate_bundle": bundle,
        "certificate_key": key,
    }
    given = (part for name, value in settings.items() for part in ("--data", f"{name}={value}"))
    return deploy("--json", *given, project=project)


def _pair(folder: Path, name: str) -> tuple[Path, Path, x509.Certificate]:
    authority = Authority(f"authority of {name}")
    private = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.certify(private)
    bundle, key = folder / f"{name}.pem", folder / f"{name}.key"
    bundle.write_text(pem(certificate, authority.certificate))
    key.write_text(private_text(private, openssh=False))
    return bundle, key, certificate


@dataclass(frozen=True)
class Changed:
    """The deploy of a changed page and another certificate, and what was there before."""

    deploy: Run
    certificate: x509.Certificate
    certificate_before: bytes
    page_before: Answer


@pytest.fixture(scope="module")
def changed(
    droplet: Droplet, outside: Outside, tmp_path_factory: pytest.TempPathFactory
) -> Changed:
    """Deployed, beside years of earlier releases of which only the newest stay."""
    folder = tmp_path_factory.mktemp("changed")
    own, unchanged = outside.certificate(), outside.get("/posts/")
    droplet.run("mkdir -p /srv/www/releases/2020010{1..7}T000000Z-0123456789ab")
    project = copy_of_the_project(folder / "project")
    page = project / "examples" / "blog" / "_site" / "about.html"
    page.write_text(page.read_text().replace("</main>", "<p>One more line.</p></main>"))
    bundle, key, certificate = _pair(folder, "owner")
    return Changed(_provided(bundle, key, project), certificate, own, unchanged)


def test_nothing_else_changes(changed: Changed) -> None:
    assert changed.deploy.code == 0, changed.deploy.said
    assert changed.deploy.changed() == [
        "Backups | Write what is to be backed up (/etc/freehold/settings.json)",
        "Certificates | Write what is to be certified (/etc/freehold/certificate.json)",
        "Certificates | Keep the certificate's key from everyone but root"
        " (/etc/freehold/tls/provided)",
        "Certificates | Bring the owner's certificate (/etc/freehold/tls/provided/fullchain.pem)",
        "Certificates | Bring the owner's certificate (/etc/freehold/tls/provided/privkey.pem)",
        "Site | Switch to a new release of the site, if it has changed",
        "Stack | Put nginx's configuration and certificate in force, after nginx has checked them",
    ]


def test_the_changed_page_is_a_new_release(
    changed: Changed, droplet: Droplet, outside: Outside
) -> None:
    assert b"One more line." in outside.get("/about").body
    # The next visit of a page that did not change costs a 304, as before.
    assert outside.get("/posts/").headers["etag"] == changed.page_before.headers["etag"]
    kept = droplet.run("ls", "/srv/www/releases").split()
    assert len(kept) == 5
    assert "20200107T000000Z-0123456789ab" in kept


def test_the_owners_certificate_is_served(
    changed: Changed, droplet: Droplet, outside: Outside
) -> None:
    assert outside.certificate() == changed.certificate.public_bytes(Encoding.DER)
    modes = droplet.run("stat -L -c '%a %U' /etc/freehold/tls /etc/freehold/tls/live/privkey.pem")
    assert modes.split() == ["700", "root", "600", "root"]


def test_a_key_of_another_certificate_replaces_nothing(
    changed: Changed, outside: Outside, tmp_path: Path
) -> None:
    bundle, _, _ = _pair(tmp_path, "one")
    _, key, _ = _pair(tmp_path, "other")
    failed = _provided(bundle, key)
    assert failed.code == 1
    assert "certificate_bundle" in failed.said
    assert "Traceback" not in failed.said
    assert outside.certificate() == changed.certificate.public_bytes(Encoding.DER)


def test_the_way_back(changed: Changed, outside: Outside) -> None:
    back = deploy()
    assert back.code == 0, back.said
    assert b"One more line." not in outside.get("/about").body
    assert outside.certificate() == changed.certificate_before
