"""The whole way from data to settings: defaults, all faults at once, and who is told what."""

import ast
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from pydantic import ValidationError

from settings.load import SettingsError, settings_of
from settings.model import Settings
from settings.paths import PROJECT
from tests.unit.settings_lab import Authority, pem, private_text, public_line, right

ALL = PROJECT / "group_data" / "all.py"


@pytest.fixture
def data(tmp_path: Path) -> dict[str, object]:
    return right(tmp_path)


def refused(data: dict[str, object]) -> str:
    with pytest.raises(SettingsError) as caught:
        settings_of(data)
    return str(caught.value)


def defaults() -> dict[str, object]:
    found: dict[str, object] = {}
    exec(ALL.read_text(), found)  # noqa: S102 - our own file, as pyinfra runs it
    found.pop("__builtins__")
    found.pop("__annotations__", None)
    found.pop("__doc__", None)
    return found


def test_every_setting_of_all_py_is_in_the_model_with_the_same_default() -> None:
    model = {
        field.alias or name: None if field.is_required() else field.default
        for name, field in Settings.model_fields.items()
    }
    plain = {name: list(v) if isinstance(v, tuple) else v for name, v in model.items()}
    assert plain == defaults()


def test_every_setting_of_all_py_has_a_comment_and_a_type() -> None:
    lines = ALL.read_text().splitlines()
    for node in ast.parse(ALL.read_text()).body[1:]:
        assert isinstance(node, ast.AnnAssign), f"line {node.lineno}"
        above = node.lineno - 2
        # Settings that belong together stand below one comment.
        while re.match(r"\w+: ", lines[above]):
            above -= 1
        assert re.match(r"# \w|# \"|# the", lines[above]), lines[node.lineno - 1]


def test_every_setting_has_an_example_that_is_right_in_form() -> None:
    for name, field in Settings.model_fields.items():
        assert field.examples, name


def test_what_is_not_given_follows_from_the_domain(data: dict[str, object]) -> None:
    settings = settings_of(data)
    assert settings.names == ("blog.test", "www.blog.test")
    assert settings.aliases == ("www.blog.test",)
    assert settings.hostname == "blog.test"
    assert settings.allowed_origins == ("https://blog.test", "https://www.blog.test")
    assert settings.postgres_major == 17
    assert settings.site_folder == Path(str(data["site_path"]))
    assert [line.split()[2] for line in settings.authorized_key_lines] == ["me@home"]


def test_who_brings_no_files_needs_none(data: dict[str, object]) -> None:
    data["certificate_mode"] = "provided"
    data["backup_repository"] = "s3:https://fra1.example/blog"
    tls = ("certificate_key", "certificate_bundle")
    files = ("site_path", *tls, "nginx_extra", "backup_credentials")
    data |= dict.fromkeys(files, "/nowhere") | {"authorized_keys": ["/nowhere"]}
    assert settings_of(data, brings_files=False).site_path == "/nowhere"
    wrong = refused(data)
    assert [name for name in (*files, "authorized_keys") if f"{name} = " not in wrong] == []


def test_what_is_given_wins(data: dict[str, object]) -> None:
    given = {"aliases": [], "hostname": "web", "allowed_origins": ["https://a.test"]}
    settings = settings_of(data | given)
    assert settings.names == ("blog.test",)
    assert settings.hostname == "web"
    assert settings.allowed_origins == ("https://a.test",)


def test_settings_do_not_change(data: dict[str, object]) -> None:
    settings = settings_of(data)
    with pytest.raises(ValidationError):
        settings.domain = "other.test"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("domain", None, "missing"),
        ("domain", 5, "text in quotes"),
        ("aliases", "www.blog.test", "a list"),
        ("aliases", ["a.test", 5], "Entry 2: It must be a text"),
        ("aliases", ["blog.test"], "the domain itself"),
        ("email", "me", "name@domain"),
        ("site_path", "/nowhere", "no folder /nowhere"),
        ("site_path", "", "path of a file or folder"),
        ("site_path", "a\0b", "path of a file or folder"),
        ("site_path", "a" * 5000, "can't be read"),
        ("site_releases_kept", 1, "at least 2"),
        ("site_releases_kept", True, "whole number"),
        ("site_releases_kept", "5", "whole number"),
        ("site_releases_kept", 5.0, "whole number"),
        ("allowed_origins", ["*"], "wildcard"),
        ("ssh_user", "debian", "as root"),
        ("ssh_strict_host_key_checking", "no", "accept-new"),
        ("authorized_keys", [], "lock you out"),
        ("authorized_keys", "~/.ssh/id.pub", "a list"),
        ("hostname", "web_1", "hyphens"),
        ("reboot_time", "4:00", "00:00 to 23:59"),
        ("reboot_time", "24:00", "00:00 to 23:59"),
        ("reboot_time", "04:00\n", "00:00 to 23:59"),
        ("swap_megabytes", 100, "at least 256"),
        ("swap_megabytes", 10**6, "at most"),
        ("journal_megabytes", 0, "at least 16"),
        ("journal_days", 0, "at least 1"),
        ("certificate_mode", "letsencrypt", "acme_server"),
        ("certificate_mode", "none", '"provided" or "selfsigned"'),
        ("acme_server", "letsencrypt.org", "ACME directory"),
        ("acme_profile", "short lived", "a name"),
        ("acme_key_type", "ed25519", '"ecdsa-p256", "ecdsa-p384" or "rsa-2048"'),
        ("notify_url", "me@blog.test", "is not an address"),
        ("notify_kind", "slack", '"webhook", "ntfy" or "healthchecks"'),
        ("certificate_mode", None, "must be"),
        ("http3", "yes", "True or False"),
        ("http3", 1, "True or False"),
        ("docker_packages", "docker", "docker.com"),
        ("nginx_image", "nginx", "names no version"),
        ("nginx_image", "nginx:latest", "latest"),
        ("nginx_image", "nginx:stable", "moves on"),
        ("nginx_image", "localhost:5000/nginx", "names no version"),
        ("nginx_image", "Nginx:1.0", "not a reference"),
        ("postgres_image", "postgres:bookworm-17", "must begin with"),
        ("postgres_image", "postgres:18.1", "14 to 17"),
        ("postgres_image", "postgres:17.12-alpine3.22", "of Debian, such as postgres:17.12"),
        ("nginx_memory_megabytes", 8, "at least 32"),
        ("db_memory_megabytes", -1, "at least 96"),
    ],
)
def test_a_wrong_value_is_told(
    data: dict[str, object], name: str, value: object, said: str
) -> None:
    text = refused(data | {name: value})
    assert said in text
    assert text.startswith("One setting is wrong.")
    assert f"\n  {name}" in text
    for jargon in "pydantic", "type=", "Value error", "Input should", "Traceback":
        assert jargon not in text


@pytest.mark.parametrize(
    "reference",
    [
        "nginx:1.30.6",
        "docker.io/library/nginx:1.30.6-alpine",
        "localhost:5000/nginx:1.30.6",
        f"nginx@sha256:{'a' * 64}",
        f"nginx:stable@sha256:{'a' * 64}",
    ],
)
def test_right_images(data: dict[str, object], reference: str) -> None:
    assert settings_of(data | {"nginx_image": reference}).nginx_image == reference


def test_unknown_settings_are_told_with_the_one_that_was_meant(data: dict[str, object]) -> None:
    text = refused(data | {"swap_megabites": 5, "ssh_prt": 22, "keep": 9, "zzz": "secret"})
    assert "Did you mean swap_megabytes?" in text
    assert "Did you mean ssh_port?" in text
    assert "Did you mean keep_days?" in text
    assert "secret" not in text


def test_a_domain_too_long_for_a_machine_asks_for_a_hostname(data: dict[str, object]) -> None:
    long = f"{'a' * 60}.blog.test"
    assert "hostname" in refused(data | {"domain": long})
    assert settings_of(data | {"domain": long, "hostname": "web"})


def test_pyinfras_own_words_stand_beside_ours(data: dict[str, object], tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.touch()
    words = {"ssh_port": 22, "ssh_hostname": "203.0.113.7", "ssh_known_hosts_file": str(known)}
    assert settings_of(data | words | {"_sudo": True, "_shared": [1]})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ssh_port", "22", "whole number"),
        ("ssh_port", 0, "1 to 65535"),
        ("ssh_port", True, "whole number"),
        ("ssh_hostname", None, "text in quotes"),
        ("ssh_key", "/nowhere/id", "no file /nowhere/id"),
        ("ssh_key", "~/my keys/id", "no spaces"),
        ("ssh_known_hosts_file", "/nowhere/known", "no file"),
        ("ssh_config_file", "/nowhere/config", "no file"),
        ("ssh_config_file", "~/.ssh/config", f'Right: ssh_config_file = "{Path.home()}/'),
        ("ssh_password", 5, "text in quotes"),
    ],
)
def test_wrong_words_for_pyinfra_are_told(
    data: dict[str, object], name: str, value: object, said: str
) -> None:
    assert said in refused(data | {name: value})


def test_pyinfra_must_not_lock_itself_out(data: dict[str, object], tmp_path: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    file = tmp_path / "login"
    file.write_text(private_text(key))
    text = refused(data | {"ssh_key": str(file)})
    assert "lacks the key that pyinfra logs in with" in text
    assert f"{file}.pub" in text
    assert settings_of(data | {"ssh_key": str(file), "authorized_keys": [public_line(key)]})


def test_a_password_is_never_shown(data: dict[str, object]) -> None:
    assert "hunter2" not in refused(data | {"ssh_password": ["hunter2"]})


def test_a_provided_certificate_must_be_whole(data: dict[str, object], tmp_path: Path) -> None:
    provided = data | {"certificate_mode": "provided"}
    text = refused(provided)
    assert text.startswith("2 settings are wrong.")
    assert text.count("It is needed") == 2
    key = ec.generate_private_key(ec.SECP256R1())
    files = {"certificate_bundle": tmp_path / "b.pem", "certificate_key": tmp_path / "k.pem"}
    files["certificate_key"].write_text(private_text(key, openssh=False))
    files["certificate_bundle"].write_text(pem(Authority("Root").certify(key)))
    provided |= {name: str(file) for name, file in files.items()}
    assert settings_of(provided).certificate_key_text == files["certificate_key"].read_text()
    assert "does not cover blog.net" in refused(provided | {"aliases": ["blog.net"]})
    # Switching to another mode takes one line.
    files["certificate_bundle"].unlink()
    assert settings_of(provided | {"certificate_mode": "selfsigned"})


REPORT = """\
4 settings are wrong. Nothing was changed.

  domain = "https://Blog.test/"
      It must be the name alone, without https:// before it.
      It must be the name alone, without a path after it.
      It must be in lower case.
      Right: domain = "blog.test"

  site_path = "/nowhere"
      There is no folder /nowhere. Build the site (with Jekyll: jekyll build) and name the folder \
that it ends in.
      Right: site_path = "~/blog/_site"

  swap_megabites
      There is no such setting. Did you mean swap_megabytes?

  http3 = "yes"
      It must be True or False, without quotes.
      Right: http3 = True

  Your own settings are in group_data/droplets.py; all that there are, and their defaults, in \
group_data/all.py."""


def test_all_faults_are_one_readable_text(data: dict[str, object]) -> None:
    wrong = {"domain": "https://Blog.test/", "site_path": "/nowhere"}
    assert refused(data | wrong | {"swap_megabites": 512, "http3": "yes"}) == REPORT
