"""What led to a page: names that people know, and nothing that is not looked for."""

import json

import pytest
from analytics.taking.arrival import campaign_of, source_of
from analytics.taking.payload import parse


@pytest.mark.parametrize(
    ("query", "referrer", "source", "channel"),
    [
        ("utm_source=a&source=b&ref=c", "https://google.com/", "a", "Referral"),
        ("source=b&ref=c", "https://google.com/", "b", "Referral"),
        ("ref=producthunt", "https://google.com/", "Product Hunt", "Organic Social"),
        ("utm_source=+&source=", "https://google.com/", "Google", "Organic Search"),
        ("utm_source=chatgpt.com", "", "ChatGPT", "AI Assistants"),
        ("utm_source=a&utm_source=b", "", "b", "Referral"),
        ("gclid=x", "https://www.google.de/", "Google", "Paid Search"),
        ("", "android-app://com.google.android.gm/", "Gmail", "Email"),
        ("", "https://blog.test/before", None, "Direct"),
        ("utm_medium=newsletter", "", None, "Email"),
        ("", "https://other.test/a", "other.test", "Referral"),
    ],
)
def test_the_page_s_address_tells_the_source_and_else_the_referrer(
    query: str, referrer: str, source: str | None, channel: str
) -> None:
    url = f"https://blog.test/?{query}"
    event = parse(json.dumps({"name": "pageview", "url": url, "referrer": referrer}).encode())
    assert source_of(event.referrer, event.parameters) == (source, channel)


def test_a_referrer_that_is_imported_may_be_written_in_any_case() -> None:
    assert source_of("News.YCombinator.com/item", ()) == ("Hacker News", "Organic Social")
    assert source_of(None, ()) == (None, "Direct")


def test_a_campaign_is_its_five_parameters() -> None:
    parameters = (("utm_source", "fb"), ("utm_medium", ""), ("utm_id", "1"), ("ref", "hn"))
    assert campaign_of(parameters) == {
        "utm_source": "fb",
        **dict.fromkeys(("utm_medium", "utm_campaign", "utm_content", "utm_term")),
    }
