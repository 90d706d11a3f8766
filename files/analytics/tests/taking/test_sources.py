"""Sources: the usual names of referrers and tags."""

import hashlib
from pathlib import Path

import analytics
import pytest
from analytics.taking.sources import Kind, Source, of_host, of_tag
from hypothesis import given
from hypothesis import strategies as st

VENDORED = Path(analytics.__file__).parent / "vendor/referrers"


@pytest.mark.parametrize(
    ("host", "name", "kind"),
    [
        ("google.com", "Google", Kind.SEARCH),
        ("google.co.uk", "Google", Kind.SEARCH),
        ("com.google.android.googlequicksearchbox", "Google", Kind.SEARCH),
        ("support.google.com", "Google", Kind.REFERRAL),
        ("cn.bing.com", "Bing", Kind.SEARCH),
        ("ntp.msn.com", "Bing", Kind.SEARCH),
        ("yandex.tm", "Yandex", Kind.SEARCH),
        ("m.baidu.com", "Baidu", Kind.SEARCH),
        ("search.brave.com", "Brave Search", Kind.SEARCH),
        ("m.facebook.com", "Facebook", Kind.SOCIAL),
        ("l.facebook.com", "Facebook", Kind.SOCIAL),
        ("t.co", "Twitter", Kind.SOCIAL),
        ("x.com", "Twitter", Kind.SOCIAL),
        ("out.reddit.com", "Reddit", Kind.SOCIAL),
        ("news.ycombinator.com", "Hacker News", Kind.SOCIAL),
        ("lobste.rs", "Lobsters", Kind.SOCIAL),
        ("mastodon.social", "Mastodon", Kind.SOCIAL),
        ("fosstodon.org", "Mastodon", Kind.SOCIAL),
        ("go.bsky.app", "Bluesky", Kind.SOCIAL),
        ("l.threads.com", "Threads", Kind.SOCIAL),
        ("com.google.android.gm", "Gmail", Kind.EMAIL),
        ("mail.google.com", "Gmail", Kind.EMAIL),
        ("mail.yandex.ru", "Yandex Mail", Kind.EMAIL),
        ("yandex.ru", "Yandex", Kind.SEARCH),
        ("m.youtube.com", "Youtube", Kind.VIDEO),
        ("smile.amazon.co.uk", "Amazon", Kind.SHOPPING),
        ("www1.walmart.com", "Walmart", Kind.SHOPPING),
        ("amazon.com", "Amazon", Kind.SHOPPING),
        ("chatgpt.com", "ChatGPT", Kind.AI),
        ("perplexity.ai", "Perplexity", Kind.AI),
        ("pplx.ai", "Perplexity", Kind.AI),
        ("gemini.google.com", "Google Gemini", Kind.AI),
        ("copilot.microsoft.com", "Copilot", Kind.AI),
        ("de.m.wikipedia.org", "Wikipedia", Kind.REFERRAL),
        ("m365.cloud.microsoft", "Copilot", Kind.AI),
        ("notebooklm.google.com", "NotebookLM", Kind.AI),
        ("duck.ai", "Duck.ai", Kind.AI),
        ("docs.google.com", "Google Docs", Kind.REFERRAL),
        ("play.google.com", "Google Play", Kind.REFERRAL),
        ("euc-word-edit.officeapps.live.com", "Microsoft 365", Kind.REFERRAL),
        ("notofficeapps.live.com", "notofficeapps.live.com", Kind.REFERRAL),
        ("b.hatena.ne.jp", "Hatena", Kind.SOCIAL),
        ("steamcommunity.com", "Steam", Kind.SOCIAL),
        ("digg.com", "Digg", Kind.SOCIAL),
        ("m.weibo.cn", "Weibo", Kind.SOCIAL),
        ("org.telegram.messenger.web", "Telegram", Kind.SOCIAL),
        ("teams.cloud.microsoft", "Microsoft Teams", Kind.SOCIAL),
        ("outlook.cloud.microsoft", "Outlook.com", Kind.EMAIL),
        ("deref-web.de", "WEB.DE Mail", Kind.EMAIL),
        ("youtube-nocookie.com", "Youtube", Kind.VIDEO),
        ("m.bilibili.com", "Bilibili", Kind.VIDEO),
        ("presearch.com", "Presearch", Kind.SEARCH),
        ("meta.ua", "Meta.ua", Kind.SEARCH),
    ],
)
def test_a_known_host_has_its_usual_name(host: str, name: str, kind: Kind) -> None:
    assert of_host(host) == Source(name, kind)


@pytest.mark.parametrize("host", ["blog.other.test", "notgoogle.com", "com", "co.uk", "192.0.2.1"])
def test_an_unknown_host_is_its_own_name(host: str) -> None:
    assert of_host(host) == Source(host)


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("google", "Google"),
        ("GOOGLE", "Google"),
        ("fb", "Facebook"),
        ("ig", "Instagram"),
        ("twitter", "Twitter"),
        ("x", "Twitter"),
        ("hackernews", "Hacker News"),
        ("Hacker News", "Hacker News"),
        ("hacker-news", "Hacker News"),
        ("Hacker_News", "Hacker News"),
        ("-", "-"),
        ("news.ycombinator.com", "Hacker News"),
        ("www.google.com", "Google"),
        ("chatgpt.com", "ChatGPT"),
        ("bsky", "Bluesky"),
        ("yahoo", "Yahoo!"),
        ("threads", "Threads"),
        ("meta", "Facebook"),
        ("outlook", "Outlook.com"),
        ("Newsletter", "Newsletter"),
        ("nomad", "nomad"),
        ("ads", "ads"),
    ],
)
def test_a_tag_gets_the_usual_spelling_if_there_is_one(tag: str, name: str) -> None:
    source = of_tag(tag)
    assert (source.name, source.paid) == (name, False)


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("adwords", "Google"),
        ("gads", "Google"),
        ("google-ads", "Google"),
        ("fbads", "Facebook"),
        ("facebook_ad", "Facebook"),
        ("Reddit Ads", "Reddit"),
        ("meta-ads", "Facebook"),
    ],
)
def test_a_tag_may_say_that_it_was_paid_for(tag: str, name: str) -> None:
    source = of_tag(tag)
    assert (source.name, source.paid) == (name, True)


def test_a_name_that_is_a_search_engine_s_and_a_mail_service_s_means_the_former() -> None:
    assert of_tag("Google").kind is Kind.SEARCH
    assert of_tag("yandex").kind is Kind.SEARCH
    assert of_tag("rambler").kind is Kind.SEARCH


@given(st.text(min_size=1))
def test_any_text_is_a_source(text: str) -> None:
    assert of_tag(text).name.strip() or not text.strip()
    assert of_host(text).name


def test_the_vendored_list_is_the_published_one() -> None:
    digest = hashlib.sha256((VENDORED / "referrers.json").read_bytes()).hexdigest()
    assert digest in (VENDORED / "README.md").read_text()
