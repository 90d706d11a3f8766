"""Bots are known, and people are not taken for them."""

import json
import time
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from analytics.taking.bots import _NARROWER, Reason, bot, prefetch
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

DATA = Path(__file__).parents[1] / "data"
LIST = distribution("crawler-user-agents").locate_file("crawleruseragents/crawler-user-agents.json")
LISTED = json.loads(Path(str(LIST)).read_text(encoding="utf-8"))
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/131.0.0.0 Safari/537.36"
)


def people() -> Iterator[str]:
    for name in ("people.tsv", "user-agents/user-agents.tsv"):
        for line in (DATA / name).read_text(encoding="utf-8").splitlines():
            yield line.rpartition("\t")[2]


def test_no_browser_of_a_person_is_a_bot() -> None:
    user_agents = list(people())
    assert len(user_agents) > 1000
    assert [ua for ua in user_agents if bot(ua, {}) is not None] == []


def test_all_examples_of_the_list_are_known_but_those_of_people_s_browsers() -> None:
    missed = [
        entry["pattern"]
        for entry in LISTED
        for example in entry["instances"]
        if bot(example, {}) is None
    ]
    assert sorted(set(missed)) == [r"AP3A\.240617\.008", "Fluid", "MetaIAB Facebook"]


def test_what_is_narrowed_is_still_on_the_list() -> None:
    assert set(_NARROWER) <= {entry["pattern"] for entry in LISTED}


@pytest.mark.parametrize(
    ("user_agent", "reason"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "crawler"),
        ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "crawler"),
        ("Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)", "crawler"),
        ("Mozilla/5.0 (compatible; NeverHeardOfBot/1.0)", "crawler"),
        ("Mozilla/5.0 (compatible; mine; +https://mine.example/about)", "crawler"),
        ("mySpider/2", "crawler"),
        # What asks for a page as soon as somebody shares its address on Bluesky or in the fediverse
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Bluesky Cardyb/1.1;"
            " +mailto:support@bsky.app) Chrome/100.0.4896.127 Safari/537.36",
            "crawler",
        ),
        ("Misskey/2024.5.0 (https://social.example)", "crawler"),
        ("Akkoma 3.10.4; https://social.example <admin@social.example>", "crawler"),
        ("NetNewsWire (RSS Reader; https://netnewswire.com/)", "crawler"),
        ("Mozilla/5.0 (compatible; Webzio-Extended/1.0)", "crawler"),
        ("Mozilla/5.0 (KHTML, like Gecko; Google Search Console) Chrome/41.0", "crawler"),
        ("Mozilla/5.0 Chrome/109.0.0.0 Safari/537.36 CloudflareObservatory/1.0", "monitor"),
        # Browsers that a program drives from time to time, to see whether a page is up and fast.
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/127.0.0.0 DynatraceSynthetic/1.0", "monitor"),
        ("Mozilla/5.0 (X11; Linux) Chrome/121.0.0.0 Safari/537.36 Elastic/Synthetics", "monitor"),
        ("Mozilla/5.0 (X11; Linux) Chrome/120.0.0.0 CloudWatchSynthetics/arn:aws", "monitor"),
        ("Mozilla/5.0 (Linux; Android 11.0) Chrome/134.0.0.0 Mobile DebugBear", "monitor"),
        ("Mozilla/5.0 (X11; Linux; rv:52.0) Gecko/20100101 Firefox/52 DejaClick/2.9", "monitor"),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) Chrome/99.0 Safari/537.36 YottaaMonitor", "monitor"),
        ("Mozilla/5.0 (X11; Linux) Chrome/140.0.0.0 Safari/537.36 Agent-NovaAct/0.9", "ai"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/534.34 wkhtmltopdf", "headless"),
        ("Mozilla/5.0 (linux) AppleWebKit/537.36 (KHTML, like Gecko) jsdom/22.1.0", "headless"),
        ("libredtail-http", "library"),
        ("Hello, world", "library"),
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)", "ai"),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/131.0.0.0 Safari/537.36", "headless"),
        ("Mozilla/5.0 (Unknown; Linux) CasperJS/1.0.2+Phantomjs/1.9.1 Safari/534.34", "headless"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/131.0.0.0 Safari/537.36 Playwright", "headless"),
        ("curl/8.5.0", "library"),
        ("Wget/1.21.4", "library"),
        ("python-requests/2.32.3", "library"),
        ("Python/3.12 aiohttp/3.10.5", "library"),
        ("Go-http-client/2.0", "library"),
        ("okhttp/4.12.0", "library"),
        ("axios/1.7.9", "library"),
        # Node's own fetch, formerly and today.
        ("undici", "library"),
        ("node", "library"),
        ("undici/7.0", "library"),
        ("Java/17.0.9", "library"),
        ("Dart/3.5 (dart:io)", "library"),
        ("Dalvik/2.1.0 (Linux; U; Android 13; SM-A536B Build/TP1A.220624.014)", "library"),
        ("Weather/1 CFNetwork/1568.200.51 Darwin/24.1.0", "library"),
        ("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "monitor"),
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "preview"),
        ("WhatsApp/2.23.20.0", "preview"),
        ("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers)", "feed"),
        ("Mozilla/5.0 zgrab/0.x", "scanner"),
        ("", "empty"),
        ("  ", "empty"),
        ("-", "empty"),
        ("5.0 (11; 64) 537.36", "empty"),
        (None, None),
        (CHROME, None),
        ("Mozilla/5.0 (Linux; Android 9; CUBOT_P30) Chrome/131.0.0.0 Mobile Safari/537.36", None),
        ("Mozilla/5.0 (Linux; U; Android 4.3; Spider Build/JLS36C) Mobile Safari/534.30", None),
        (
            "Mozilla/5.0 (Linux; Android 8.1.0; Fever_Plus_J) Chrome/95.0.4638.50 Safari/537.36",
            None,
        ),
        ("Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)", None),
        ("Mozilla/5.0 (compatible; Konqueror/4.5; Linux) KHTML/4.5.4 (like Gecko)", None),
        ("Mozilla/4.0 (compatible; MSIE 7.0; Embedded Browser from: http://bsalsa.com/)", None),
        ("Links (2.21; Linux 5.10.0-8-amd64 x86_64; GNU C 10.2.1; text)", None),
    ],
)
def test_a_bot_is_known_by_its_user_agent(user_agent: str | None, reason: str | None) -> None:
    assert bot(user_agent, {}) == reason


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Sec-CH-UA": '"HeadlessChrome";v="131", "Not_A Brand";v="24"'}, Reason.HEADLESS),
        ({"Sec-CH-UA": '"Google Chrome";v="131", "Chromium";v="131"'}, None),
        ({"From": "robot@search.example"}, Reason.CRAWLER),
        ({"Accept-Language": "en"}, None),
    ],
)
def test_a_bot_is_known_by_its_headers(headers: dict[str, str], reason: Reason | None) -> None:
    assert bot(CHROME, headers) is reason
    lower = Headers({name.lower(): value for name, value in headers.items()})
    assert bot(CHROME, lower) is reason


@pytest.mark.parametrize(
    ("headers", "ahead"),
    [
        ({"Sec-Purpose": "prefetch"}, True),
        ({"Sec-Purpose": "prefetch;prerender"}, True),
        ({"Sec-Purpose": "prefetch;anonymous-client-ip"}, True),
        ({"Purpose": "prefetch"}, True),
        ({"Purpose": "Preview"}, True),
        ({"X-Purpose": "preview"}, True),
        ({"X-Moz": "prefetch"}, True),
        ({"X-Moz": ""}, False),
        ({"Sec-Purpose": "navigate"}, False),
        ({}, False),
    ],
)
def test_what_is_loaded_ahead_says_so(headers: dict[str, str], ahead: bool) -> None:
    assert prefetch(headers) is ahead
    assert prefetch(Headers(headers)) is ahead


ANY_TEXT = st.text(st.characters(exclude_categories=()))
NAMES = st.sampled_from(["Sec-CH-UA", "From", "Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"])


@given(ANY_TEXT, st.dictionaries(NAMES, ANY_TEXT))
def test_any_text_is_judged(user_agent: str, headers: dict[str, str]) -> None:
    assert bot(user_agent, headers) in {None, *Reason} - {Reason.PREFETCH}
    assert prefetch(headers) in (True, False)


@given(st.text(st.characters(exclude_categories=["L"])))
def test_a_user_agent_without_letters_is_empty(user_agent: str) -> None:
    assert bot(user_agent, {}) is Reason.EMPTY


@pytest.mark.parametrize("piece", ["a", " ", "/", "bot", "1.", "spider ", "Current", "Spider", "é"])
def test_no_text_takes_long(piece: str) -> None:
    start = time.thread_time()
    bot(piece * 1_000_000, {})
    assert time.thread_time() - start < 1
