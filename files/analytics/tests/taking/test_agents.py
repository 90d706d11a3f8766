"""What user agents tell, and what they don't."""

import time
from pathlib import Path

import pytest
from analytics.taking.agents import MAX_LENGTH, Agent, agent_of
from analytics.taking.families import BROWSERS, SYSTEMS
from hypothesis import given
from hypothesis import strategies as st

DATA = Path(__file__).parents[1] / "data"
NOTHING = Agent(None, None, None)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"


def rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("browser", "system", "screen", "user_agent"), rows("people.tsv"))
def test_browser_system_and_screen_of_a_real_user_agent(
    browser: str, system: str, screen: str, user_agent: str
) -> None:
    expected = (None if name == "-" else name for name in (browser, system, screen))
    assert agent_of(user_agent) == Agent(*expected)


def test_the_class_of_screen_is_the_one_that_was_measured_in_the_browser() -> None:
    sample = rows("user-agents/user-agents.tsv")
    assert len(sample) == 952
    assert [row for row in sample if agent_of(row[1]).screen != row[0]] == []


@pytest.mark.parametrize("user_agent", [None, "", " ", "curl/8.5.0", "\0", "\ud800", "é" * 600])
def test_what_is_no_browser_tells_nothing(user_agent: str | None) -> None:
    assert agent_of(user_agent) == NOTHING


def test_a_name_that_a_visitor_makes_up_is_not_taken() -> None:
    assert agent_of("My-Name-Is-Ann/1.0 CFNetwork/1410.0.3 Darwin/22.6.0").browser in (
        None,
        "Mobile App",
    )
    assert agent_of("Mozilla/5.0 (Windows NT 10.0) AnnBrowser/1.0").browser is None


def test_what_comes_after_the_longest_real_one_is_not_read() -> None:
    assert agent_of(FIREFOX + " " * MAX_LENGTH + "iPad") == agent_of(FIREFOX)
    assert agent_of(" " * MAX_LENGTH + FIREFOX) == NOTHING


WORDS = st.sampled_from(
    ["Mozilla/5.0", "(", ")", ";", "Android", "iPad", "Linux", "Chrome/1", "Mobile", "CFNetwork/1"]
)
ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT | st.lists(WORDS | ANY_TEXT).map(" ".join))
def test_any_text_gives_names_of_the_lists_or_none(user_agent: str) -> None:
    agent = agent_of(user_agent)
    assert agent.browser in {None, "Mobile App", *BROWSERS.values()}
    assert agent.system in {None, *SYSTEMS.values()}
    assert agent.screen in (None, "Desktop", "Tablet", "Mobile")


@pytest.mark.parametrize(
    "piece",
    ["a", " ", "/", "(", "1.", "Mozilla/5.0 (", "Mobile KAKAOTALK", "-iPad/", "\ud800", "é"],
)
def test_no_text_takes_long(piece: str) -> None:
    start = time.thread_time()
    agent_of(piece * 1_000_000)
    assert time.thread_time() - start < 1
