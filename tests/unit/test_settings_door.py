"""The settings of the door: what browsers are told, and the owner's own directives."""

from pathlib import Path

import pytest

from deploys.stack import nginx_configuration
from settings.errors import SettingsError
from settings.extra import extra_file
from settings.faults import Fault
from settings.hsts import HSTS
from settings.load import settings_of
from settings.policy import POLICY, readable_policy
from tests.unit.settings_lab import right


def test_by_default_http3_is_on_and_one_name_is_bound(tmp_path: Path) -> None:
    settings = settings_of(right(tmp_path))
    assert settings.http3 is True
    assert settings.strict_transport_security == "max-age=63072000"
    assert settings.content_security_policy == POLICY
    assert settings.nginx_extra_file is None


@pytest.mark.parametrize(
    ("domain", "aliases", "ok"),
    [
        ("blog.test", None, True),
        ("blog.co.uk", None, True),
        ("www.blog.test", ["blog.test"], False),
        ("www.blog.test", [], False),
        ("a.blog.test", ["blog.test"], False),
        ("blog.test", ["a.blog.test", "other.test"], True),
    ],
)
def test_only_a_base_domain_is_preloaded(
    tmp_path: Path, domain: str, aliases: list[str] | None, ok: bool
) -> None:
    data = right(tmp_path) | {"domain": domain, "aliases": aliases, "hsts": "preload"}
    if ok:
        assert settings_of(data).strict_transport_security == HSTS["preload"]
        return
    with pytest.raises(SettingsError, match=f"{domain} is below blog.test"):
        settings_of(data)
    assert settings_of(data | {"hsts": "subdomains"}).strict_transport_security.endswith(
        "includeSubDomains"
    )


@pytest.mark.parametrize(
    "policy",
    [
        POLICY,
        "",
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src https: data:",
        "script-src 'self' https://a.example 'sha256-AwcNkKnui52cFCoIxcYvQ4XC/KWY/t+Yh+46XZOLUsg='",
        "Default-Src *; sandbox allow-forms; report-to x; trusted-types 'none'",
        "default-src 'self';;",
        f"img-src https://{'a' * 3984}",
    ],
)
def test_right_policies(policy: str) -> None:
    assert readable_policy(policy) == policy


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("defualt-src 'self'", "There is no defualt-src. Did you mean default-src?"),
        ("default-src self", "self must have single quotes: 'self'"),
        ("default-src none", "'none'"),
        ("script-src 'unsafe-inlin'", "Did you mean 'unsafe-inline'?"),
        ("img-src 'none' https:", "pass over 'none'"),
        ("img-src 'self'; IMG-SRC https:", "stands twice"),
        ("script-src 'nonce-abc'", "another one in each answer"),
        ("default-src 'self', img-src *", "comma"),
        ("default-src 'self'\" always; add_header X y; #", "can't stand in it"),
        ("default-src $host", "$ can't stand in it"),
        ("default-src 'self'}", "} can't stand in it"),
        ("default-src 'self'\\", "can't stand in it"),
        ("default-src 'self'\nX-Evil: 1", "one line"),
        ("default-src https://nähe.example", "ASCII"),
        ("img-src 'sha256-x'; x", "There is no x."),
        (f"img-src https://{'a' * 3985}", "It has 4,001 characters"),
    ],
)
def test_wrong_policies(policy: str, said: str) -> None:
    with pytest.raises(Fault) as caught:
        readable_policy(policy)
    assert said in "\n".join(caught.value.sentences)


def _extra(folder: Path, text: str | bytes, name: str = "blog-redirects.conf") -> str:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(file)


def test_the_owners_directives_keep_their_files_name(tmp_path: Path) -> None:
    path = _extra(tmp_path, "location = /a { return 301 /b; } # access_log is not meant\n")
    settings = settings_of(right(tmp_path) | {"nginx_extra": path})
    assert str(settings.nginx_extra_file) == path
    files = nginx_configuration(settings)
    assert files["extra/blog-redirects.conf"] == Path(path).read_text()
    assert "\ninclude extra/blog-redirects.conf;\n" in files["site.conf"]


def test_without_such_a_file_nothing_is_included(tmp_path: Path) -> None:
    files = nginx_configuration(settings_of(right(tmp_path)))
    assert not [name for name in files if name.startswith("extra/")]
    assert "extra/" not in files["site.conf"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("location /a {\n  access_log /tmp/a;\n}", ":2: access_log has no place there"),
        ("location /a { error_log stderr debug; }", ":1: error_log has no place there"),
        ("\n\nadd_header_inherit off;", ":3: add_header_inherit has no place there"),
        ("access_log\n  /tmp/a;", ":1: access_log has no place there"),
        ('"access_log" /tmp/a;', ":1: access_log has no place there"),
        ("rewrite ^/a#b /c; access_log /tmp/a;", ":1: access_log has no place there"),
        ("location /a {\n  proxy_store on;\n}", ":2: proxy_store has no place there"),
        ("location /a { proxy_pass http://shop.example/; }", ":1: proxy_pass needs an address"),
        ("location /a {\n  return 204;\n", 'expecting "}".'),
        ("a\0b", "is not a text"),
        (b"\xff\xfe", "is not a text (UTF-8)"),
    ],
)
def test_what_would_break_a_promise_is_refused_with_its_line(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    path = _extra(tmp_path, text)
    with pytest.raises(Fault) as caught:
        extra_file(path)
    assert said in "\n".join(caught.value.sentences)
    assert path in caught.value.sentences[0]


@pytest.mark.parametrize(
    "where",
    [
        "http://192.0.2.10:8080",
        "http://[2001:db8::1]/x",
        "https://localhost",
        "http://unix:/run/a:/",
    ],
)
def test_an_address_may_be_passed_to(tmp_path: Path, where: str) -> None:
    extra_file(_extra(tmp_path, f"location /a {{ proxy_pass {where}; }}\n"))


@pytest.mark.parametrize("name", ["a b.conf", "*.conf", "{{x}}", ".conf", "ä.conf"])
def test_a_name_that_a_path_can_have_is_needed(tmp_path: Path, name: str) -> None:
    with pytest.raises(Fault, match="a name of letters"):
        extra_file(_extra(tmp_path, "", name))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    wrong = {str(tmp_path / "none.conf"): "There is no file", str(tmp_path): "a folder"}
    for path, said in wrong.items():
        with pytest.raises(Fault, match=said):
            extra_file(path)
