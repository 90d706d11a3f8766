"""Sites that visit others only to be seen in their statistics."""

import hashlib
from pathlib import Path

import analytics
import pytest
from analytics.taking.spam import spam_referrer
from hypothesis import given
from hypothesis import strategies as st

VENDOR = Path(analytics.__file__).parent / "vendor" / "referrer-spam-list"
LISTED = (VENDOR / "spammers.txt").read_text(encoding="utf-8").split()


@pytest.mark.parametrize(
    ("host", "spam"),
    [
        ("semalt.com", True),
        ("Semalt.Com.", True),
        ("free.semalt.com", True),
        ("a.b.semalt.com", True),
        ("notsemalt.com", False),
        ("semalt.com.example", False),
        ("com", False),
        ("непереводимая.рф", True),
        ("www.xn--80adgcaax6acohn6r.xn--p1ai", True),
        ("example.org", False),
        ("news.ycombinator.com", False),
        ("www.google.com", False),
        ("t.co", False),
        ("192.0.2.1", False),
        ("", False),
        (".", False),
        ("." * 100_000, False),
    ],
)
def test_a_spammer_is_known_by_its_domain_and_what_is_under_it(host: str, spam: bool) -> None:
    assert spam_referrer(host) is spam


@given(st.sampled_from(LISTED), st.text())
def test_every_listed_domain_and_all_under_it_are_spam(domain: str, label: str) -> None:
    assert spam_referrer(domain)
    assert spam_referrer(f"{label.replace('.', '-')}.{domain}")


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_is_judged(host: str) -> None:
    assert spam_referrer(host) in (True, False)


def test_the_list_is_the_one_that_its_readme_tells_of() -> None:
    digest = hashlib.sha256((VENDOR / "spammers.txt").read_bytes()).hexdigest()
    assert f"`{digest}`" in (VENDOR / "README.md").read_text(encoding="utf-8")
