"""Settings: all faults at once, each in a sentence; no secret in sight."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from analytics.app import create_app
from analytics.config import Settings
from analytics.database_url import database_url
from analytics.environment import ConfigError
from flask import Flask

SECRET = "correct-horse"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The least that production sets."""
    password = tmp_path / "password"
    password.write_text(f"{SECRET}\n")
    return {
        "ANALYTICS_SITES": "blog.test",
        "ANALYTICS_DATABASE_PASSWORD_FILE": str(password),
        "PATH": "/usr/bin",
    }


def faults(environment: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Settings.from_environment(environment)
    return caught.value.faults


def test_defaults_are_those_of_the_droplet(environment: dict[str, str]) -> None:
    settings = Settings.from_environment(environment)
    assert [site.domain for site in settings.sites] == ["blog.test"]
    assert str(settings.socket) == "/run/webapp/webapp.sock"
    assert str(settings.spool) == "/var/lib/analytics/spool"
    assert str(settings.keys) == "/run/analytics/keys"
    assert settings.database.render_as_string(hide_password=False) == (
        f"postgresql+psycopg://analytics:{SECRET}@db:5432/analytics"
    )


def test_every_part_can_be_set(environment: dict[str, str]) -> None:
    settings = Settings.from_environment(
        environment
        | {
            "ANALYTICS_SITES": "Blog.test, shop.test",
            "ANALYTICS_SOCKET": "/run/x.sock",
            "ANALYTICS_SPOOL": "/spool",
            "ANALYTICS_VISITORS": "/keys",
            "ANALYTICS_DATABASE_HOST": "elsewhere",
            "ANALYTICS_DATABASE_PORT": "6432",
            "ANALYTICS_DATABASE_NAME": "n",
            "ANALYTICS_DATABASE_USER": "u",
        }
    )
    assert [site.domain for site in settings.sites] == ["blog.test", "shop.test"]
    assert str(settings.socket) == "/run/x.sock"
    assert (str(settings.spool), str(settings.keys)) == ("/spool", "/keys")
    assert str(settings.database) == "postgresql+psycopg://u:***@elsewhere:6432/n"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_database_url_wins_and_needs_no_password_file(scheme: str) -> None:
    settings = Settings.from_environment(
        {"ANALYTICS_SITES": "a.test", "ANALYTICS_DATABASE_URL": f"{scheme}://u:{SECRET}@h:1/n"}
    )
    assert settings.database.drivername == "postgresql+psycopg"
    assert (settings.database.host, settings.database.password) == ("h", SECRET)


def test_the_password_never_shows(environment: dict[str, str]) -> None:
    settings = Settings.from_environment(environment)
    for shown in (repr(settings), str(settings), f"{settings.database}", repr(settings.database)):
        assert SECRET not in shown


def test_a_password_in_the_query_of_a_url_does_not_show_either() -> None:
    url = f"postgresql://u@h/n?password={SECRET}"
    environment = {"ANALYTICS_SITES": "a.test", "ANALYTICS_DATABASE_URL": url}
    assert SECRET not in repr(Settings.from_environment(environment))


def test_settings_do_not_change(environment: dict[str, str]) -> None:
    settings = Settings.from_environment(environment)
    with pytest.raises(FrozenInstanceError):
        settings.sites = ()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("variable", "value", "part"),
    [
        ("SITES", "", "is missing"),
        ("SITES", " , ", "is missing"),
        ("SITES", "https://blog.test", "is not a domain"),
        ("SITES", '{"blog.test": {"time_zone": "Mars"}}', "is no time zone"),
        ("SOCKET", "webapp.sock", "absolute path"),
        ("SOCKET", "/" + "x" * 94, "at most 94 bytes"),
        ("SPOOL", "spool", "absolute path"),
        ("VISITORS", "./keys", "absolute path"),
        ("DATABASE_PORT", "0", "1 to 65535"),
        ("DATABASE_PORT", "many", "1 to 65535"),
        ("DATABASE_PASSWORD_FILE", "/nonexistent", "No such file"),
        ("DATABASE_URL", "nonsense", "is not a URL"),
        ("DATABASE_URL", "mysql://u@h/n", "must begin with postgresql://"),
        *(
            ("TRACKER_PATH", path, "path of a script")
            for path in (
                "",
                "/x",
                "x.js",
                "/x.js/",
                "/api/x.js",
                "/stats/x.js",
                "/.x.js",
                "/a b.js",
            )
        ),
        ("PRIVACY_PATH", "/js/script.js", "path of a page"),
        ("BACKUP_DAYS", "0", "number of days"),
        ("BACKUP_DAYS", "a year", "number of days"),
        ("SPOOOL", "/spool", "did you mean ANALYTICS_SPOOL?"),
        ("ALLOWED_ORIGINS", "https://a.test", "is not a setting of this service"),
    ],
)
def test_a_fault_is_one_sentence_that_names_the_variable(
    environment: dict[str, str], variable: str, value: str, part: str
) -> None:
    (fault,) = faults(environment | {f"ANALYTICS_{variable}": value})
    assert fault.startswith(f"ANALYTICS_{variable}")
    assert part in fault
    assert "\n" not in fault


def test_all_faults_are_told_together(environment: dict[str, str]) -> None:
    wrong = environment | {
        "ANALYTICS_SITES": "",
        "ANALYTICS_SOCKET": "x",
        "ANALYTICS_SPOOL": "x",
        "ANALYTICS_VISITORS": "x",
        "ANALYTICS_DATABASE_PORT": "x",
        "ANALYTICS_DATABASE_PASSWORD_FILE": "/nonexistent",
        "ANALYTICS_SIITES": "",
    }
    assert len(faults(wrong)) == 7
    with pytest.raises(ConfigError, match="7 settings are wrong"):
        Settings.from_environment(wrong)


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff"])
def test_a_password_file_without_a_password(
    environment: dict[str, str], tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "wrong"
    file.write_bytes(content)
    (fault,) = faults(environment | {"ANALYTICS_DATABASE_PASSWORD_FILE": str(file)})
    assert str(file) in fault


def test_a_wrong_url_is_not_repeated_since_it_may_hold_a_password() -> None:
    for url in (f"{SECRET}", f"mysql://u:{SECRET}@h/n", f"postgresql://u:{SECRET}@h:x/n"):
        with pytest.raises(ConfigError) as caught:
            database_url({"ANALYTICS_DATABASE_URL": url})
        assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("domain", "site"),
    [
        ("blog.test", "blog.test"),
        (" WWW.Blog.test ", "blog.test"),
        ("shop.test", "www.shop.test"),
        ("www.shop.test", "www.shop.test"),
        ("other.test", None),
        ("a.blog.test", None),
        ("", None),
    ],
)
def test_a_site_is_found_with_and_without_www(app: Flask, domain: str, site: str | None) -> None:
    found = app.extensions["settings"].site_of(domain)
    assert (found.domain if found else None) == site


def test_the_application_reads_the_environment(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert create_app().extensions["settings"] == Settings.from_environment(environment)
