"""Channels, as Google Analytics and Plausible define them."""

import pytest
from analytics.taking.channels import channel_of
from analytics.taking.sources import of_host, of_tag
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("host", "channel"),
    [
        ("google.com", "Organic Search"),
        ("com.google.android.gm", "Email"),
        ("t.co", "Organic Social"),
        ("news.ycombinator.com", "Organic Social"),
        ("youtube.com", "Organic Video"),
        ("amazon.com", "Organic Shopping"),
        ("es.aliexpress.com", "Organic Shopping"),
        ("chatgpt.com", "AI Assistants"),
        ("other.test", "Referral"),
        ("newsletter.other.test", "Referral"),
        ("en.wikipedia.org", "Referral"),
    ],
)
def test_a_referrer_alone_tells_the_channel(host: str, channel: str) -> None:
    assert channel_of(of_host(host)) == channel


@pytest.mark.parametrize(
    ("tag", "medium", "campaign", "channel"),
    [
        ("google", "cpc", None, "Paid Search"),
        ("google", "organic", None, "Organic Search"),
        ("google", "CPM", None, "Paid Search"),
        ("google-ads", None, None, "Paid Search"),
        ("facebook", "paid-social", None, "Paid Social"),
        ("meta", "paid", None, "Paid Social"),
        ("fbads", None, None, "Paid Social"),
        ("youtube", "retargeting", None, "Paid Video"),
        ("amazon", "ppc", None, "Paid Shopping"),
        ("unknown", "ppc", "spring-shopping", "Paid Shopping"),
        ("unknown", "cpc", None, "Paid Other"),
        ("chatgpt-ads", None, None, "Paid Other"),
        ("unknown", "banner", None, "Display"),
        ("unknown", "cpm", None, "Display"),
        ("unknown", None, "shop", "Organic Shopping"),
        ("unknown", None, "bishop", "Referral"),
        ("unknown", None, "my-eshop", "Organic Shopping"),
        ("google", "cpc", "a cross-network b", "Cross-network"),
        ("unknown", "social", None, "Organic Social"),
        ("google", "social", None, "Organic Social"),
        ("unknown", "my-video", None, "Organic Video"),
        ("unknown", "organic", None, "Organic Search"),
        ("Newsletter", None, None, "Email"),
        ("spring", "E-Mail", None, "Email"),
        ("spring", "affiliate", None, "Affiliates"),
        ("spring", "audio", None, "Audio"),
        ("sms", None, None, "SMS"),
        ("spring", "sms", None, "SMS"),
        ("spring", "web-push", None, "Mobile Push Notifications"),
        ("firebase", None, None, "Mobile Push Notifications"),
        ("a-friend", None, None, "Referral"),
        (None, "referral", None, "Referral"),
        (None, "email", None, "Email"),
        (None, "word of mouth", "spring", "Direct"),
        (None, None, None, "Direct"),
    ],
)
def test_tags_tell_the_channel(
    tag: str | None, medium: str | None, campaign: str | None, channel: str
) -> None:
    source = of_tag(tag) if tag else None
    assert channel_of(source, tag=tag, medium=medium, campaign=campaign) == channel


@pytest.mark.parametrize(
    ("host", "parameter", "channel"),
    [
        ("google.com", "gclid", "Paid Search"),
        ("bing.com", "msclkid", "Paid Search"),
        ("google.com", "msclkid", "Organic Search"),
        ("other.test", "gclid", "Referral"),
    ],
)
def test_a_search_engine_s_own_mark_of_a_click_means_paid(
    host: str, parameter: str, channel: str
) -> None:
    assert channel_of(of_host(host), parameters=["a", parameter]) == channel


@pytest.mark.parametrize(
    ("medium", "channel"), [("display", "Display"), ("cpc", "Paid Search"), (None, "Paid Search")]
)
def test_an_advertisement_beside_other_pages_has_that_mark_too(
    medium: str | None, channel: str
) -> None:
    """Google's network of banners marks each click; its tag tells that this was none of a search"""
    found = channel_of(of_tag("google"), tag="google", medium=medium, parameters=["gclid"])
    assert found == channel


@given(st.text(), st.text(), st.text())
def test_a_source_is_never_direct_and_none_never_unnamed(
    tag: str, medium: str, campaign: str
) -> None:
    source = of_tag(tag) if tag else None
    channel = channel_of(source, tag=tag, medium=medium, campaign=campaign)
    assert channel
    assert source is None or channel != "Direct"
