"""`make dashboard`: which question reaches the host, and what is said of its answer."""

import pytest

from commands import dashboard
from commands.hosts import Host, forwarded_https

LINK = "https://blog.test:8443/stats/sign-in?key=k"


@pytest.mark.parametrize(
    ("https", "end"),
    [
        (None, ["dashboard-link"]),
        (443, ["dashboard-link"]),
        (8443, ["dashboard-link", "--base", "https://blog.test:8443"]),
    ],
)
def test_the_link_leads_to_the_port_that_leads_to_the_host(
    https: int | None, end: list[str]
) -> None:
    asked = dashboard.question("blog.test", https)
    assert asked[asked.index("dashboard-link") :] == end
    assert asked[:2] == ["docker", "compose"]


def test_a_real_host_has_no_forwarded_ports() -> None:
    assert forwarded_https(Host("203.0.113.7", ["droplets"], {})) is None


def test_of_an_emulated_host_it_is_said_how_a_browser_finds_it() -> None:
    real = dashboard.answer(LINK, "blog.test", "203.0.113.7", None)
    emulated = dashboard.answer(LINK, "blog.test", "127.7.0.2", 8443)
    assert LINK in real
    assert "chromium" not in real
    assert f"MAP blog.test 127.7.0.2:8443' '{LINK}'" in emulated
