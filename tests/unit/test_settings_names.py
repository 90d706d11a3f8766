"""Domains, aliases, origins, mail addresses: what is accepted, and what is said about the rest."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.faults import Fault
from settings.names import alias_names, domain_name, host_name, mail_address, origins, usual_aliases

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
DOMAINS = st.builds(
    lambda labels, top: ".".join([*labels, top]),
    st.lists(LABELS, min_size=1, max_size=4),
    st.from_regex(r"[a-z]{2,10}", fullmatch=True),
)


@given(DOMAINS)
def test_every_plain_domain_is_right(name: str) -> None:
    assert domain_name(name) == name


@given(st.text(max_size=80))
def test_no_text_at_all_gets_a_traceback_or_breaks_out_of_a_configuration(text: str) -> None:
    fault = None
    try:
        domain_name(text)
    except Fault as caught:
        fault = caught
    if fault is None:
        assert re.fullmatch(r"[a-z0-9.-]+", text)
    else:
        assert fault.sentences
        assert fault.right is None or domain_name(str(fault.right)) == fault.right


@pytest.mark.parametrize(
    ("wrong", "said", "meant"),
    [
        ("https://blog.test", "without https://", "blog.test"),
        ("blog.test/about", "without a path", "blog.test"),
        ("blog.test:8443", "without a port", "blog.test"),
        ("https://Blog.test:443/?x", "lower case", "blog.test"),
        ("my_blog.test", "underscore", "my-blog.test"),
        ("Blog.Test", "lower case", "blog.test"),
        ("blog.test.", "end with a dot", "blog.test"),
        ("*.blog.test", "wildcard", "blog.test"),
        ("me@blog.test", "e-mail", "blog.test"),
        (" blog.test", "spaces", "blog.test"),
        ("blog.test\n", "spaces", "blog.test"),
        ("münchen.test", "xn--mnchen-3ya.test", "xn--mnchen-3ya.test"),
        # The older standard has ss for ß, which is another domain.
        ("straße.test", "xn--strae-oqa.test", "xn--strae-oqa.test"),
        ("203.0.113.7", "inventory.py", None),
        ("2001:db8::7", "IP address", None),
        ("[2001:db8::7]", "IP address", None),
        ("", "empty", None),
        ("blog", "must have a dot", None),
        ("blog..test", "between two of its dots", None),
        ("-blog.test", "hyphens", None),
        ("blog.123", "last part", None),
        (f"{'a' * 64}.test", "63", None),
        (".".join(["a" * 60] * 5), "253", None),
        ("blog.test; include /etc/passwd", "spaces", None),
    ],
)
def test_a_wrong_domain_is_told_with_the_one_that_was_meant(
    wrong: str, said: str, meant: str | None
) -> None:
    with pytest.raises(Fault) as caught:
        domain_name(wrong)
    assert said in " ".join(caught.value.sentences)
    assert caught.value.right == meant


def test_aliases_are_other_names_each_once() -> None:
    assert alias_names(["www.blog.test", "blog.net"], "blog.test")
    with pytest.raises(Fault) as caught:
        alias_names(["blog.test", "a.test", "a.test", "http://b.test"], "blog.test")
    assert len(caught.value.sentences) == 3


@pytest.mark.parametrize(
    ("domain", "aliases"),
    [("blog.test", ("www.blog.test",)), ("www.blog.test", ("blog.test",)), ("www.test", ())],
)
def test_the_usual_alias_is_the_name_with_or_without_www(
    domain: str, aliases: tuple[str, ...]
) -> None:
    assert usual_aliases(domain) == aliases


@pytest.mark.parametrize(
    "origin",
    [
        "https://blog.test",
        "http://blog.test:8080",
        "http://localhost:4000",
        "http://127.0.0.1:4000",
        "https://[2001:db8::7]",
    ],
)
def test_origins_as_browsers_send_them_are_right(origin: str) -> None:
    assert origins([origin]) == [origin]


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("*", "wildcard"),
        ("https://*.blog.test", "wildcard"),
        ("https://blog.test/", "without /"),
        ("https://blog.test/path", "without /path"),
        ("https://blog.test?x", "without ?x"),
        ("https://Blog.test", "lower case"),
        ("https://blog.test:443", "without :443"),
        ("http://blog.test:80", "without :80"),
        ("https://blog.test:99999", "1 to 65535"),
        ("https://blog.test:", "1 to 65535"),
        ("blog.test", "begins with https://"),
        ("ftp://blog.test", "begins with https://"),
        ("null", "begins with https://"),
        ("https://", "must have a dot"),
        ("https://münchen.test", "xn--mnchen-3ya.test"),
        ("https://me@blog.test", "e-mail"),
        ('https://blog.test"', "not right"),
    ],
)
def test_a_wrong_origin_is_told(origin: str, said: str) -> None:
    with pytest.raises(Fault, match=re.escape(said)):
        origins([origin])


@pytest.mark.parametrize("address", ["", "me@blog.test", "me+blog@Blog.test", "a.b@c.test"])
def test_mail_addresses(address: str) -> None:
    assert mail_address(address) == address


@pytest.mark.parametrize(
    "address",
    ["me", "@blog.test", "me@", "me@blog", "Me <me@blog.test>", "a@b@c.test", "a b@c.test"],
)
def test_wrong_mail_addresses(address: str) -> None:
    with pytest.raises(Fault):
        mail_address(address)


@pytest.mark.parametrize("name", ["blog", "blog.test", "web-1"])
def test_machines_may_have_short_names(name: str) -> None:
    assert host_name(name) == name


@pytest.mark.parametrize("name", ["", "Blog", "web_1", "-a", "a b", "x" * 65, "a..b"])
def test_wrong_names_of_machines(name: str) -> None:
    with pytest.raises(Fault):
        host_name(name)
