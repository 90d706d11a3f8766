"""What an export of Plausible names is what live visits are called, so that both are one row."""

import pytest
from analytics.taking.agents import agent_of
from analytics.transfer import names

ANDROID = "Mozilla/5.0 (Linux; Android 12; M1 Build/SP1A) AppleWebKit/537.36 (KHTML, like Gecko)"
MOBILE = "Mobile Safari/537.36"


@pytest.mark.parametrize(
    ("named", "user_agent"),
    [
        ("BlackBerry Browser", "Mozilla/5.0 (BlackBerry; U; BlackBerry 9790) Version/7.1.0 Mobile"),
        ("HeyTapBrowser", f"{ANDROID} Version/4.0 Chrome/90.0 {MOBILE} HeyTapBrowser/40.7.37.9"),
        ("Hi Browser", f"{ANDROID} Version/4.0 Chrome/92.0.4515.131 HiBrowser/v2.6.4.1 {MOBILE}"),
        ("Microsoft Edge", f"{ANDROID} Chrome/131.0.0.0 {MOBILE} EdgA/131.0.0.0"),
        ("Mobile Silk", f"{ANDROID} Silk/118.3.1 like Chrome/118.0.5993.155 Safari/537.36"),
        ("Puffin Web Browser", f"{ANDROID} Chrome/87.0.4280.66 {MOBILE} Puffin/10.5.1.70541AP"),
        ("Seznam Browser", f"{ANDROID} Chrome/50.0.2661.102 Safari/537.36 SznProhlizec/3.0.0"),
        ("UC Browser Turbo", f"{ANDROID} Chrome/57.0 {MOBILE} UCBrowser/12.10.0.1163 UCTurbo/1.4"),
        ("vivo Browser", f"{ANDROID} Chrome/131.0.6778.200 {MOBILE} VivoBrowser/28.8.4.0"),
        ("Whale Browser", "Mozilla/5.0 (Windows NT 6.1) Chrome/52.0 Whale/0.7.33.5 Safari/537.36"),
        ("Yandex Browser", f"{ANDROID} Chrome/128.0.6613.106 YaBrowser/24.10.1.106.00 {MOBILE}"),
    ],
)
def test_a_browser(named: str, user_agent: str) -> None:
    assert names.browser(named) == agent_of(user_agent).browser


@pytest.mark.parametrize(
    ("named", "user_agent"),
    [
        ("Android TV", ANDROID),
        ("Chrome OS", "Mozilla/5.0 (X11; CrOS x86_64 14150.90.0) Chrome/94.0 Safari/537.36"),
        ("Fire OS", "Mozilla/5.0 (Linux; Android 9; AFTLBT962E2) Silk/118.3.1 like Chrome/118.0"),
        ("HarmonyOS", f"{ANDROID} HarmonyOS"),
        ("iPadOS", "Mozilla/5.0 (iPad; CPU OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 Mobile"),
        ("Mac", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.6 Safari/605.1.15"),
        (
            "Ubuntu",
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
        ),
        ("Wear OS", ANDROID),
    ],
)
def test_a_system(named: str, user_agent: str) -> None:
    assert names.system(named) == agent_of(user_agent).system
