"""Browsers and systems by name: ua-parser's families, and what readers call them.

https://github.com/ua-parser/uap-core/blob/master/regexes.yaml
"""

from collections.abc import Mapping

_BROWSERS: Mapping[str, tuple[str, ...]] = {
    "Aloha": ("Aloha Browser",),
    "Android Browser": ("Android",),
    "Avast": ("Avast Secure Browser",),
    "AVG": ("AVG",),
    "Baidu": ("Baidu Browser", "Baidu Explorer"),
    "BlackBerry": ("BlackBerry", "BlackBerry WebKit"),
    "Brave": ("Brave",),
    "Chrome": ("Chrome", "Chrome Mobile", "Chrome Mobile iOS", "Chrome Frame"),
    "Chromium": ("Chromium",),
    "Coc Coc": ("Coc Coc",),
    "DuckDuckGo": ("DuckDuckGo", "DuckDuckGo Mobile"),
    "Ecosia": ("Ecosia iOS", "Ecosia Android"),
    "Edge": ("Edge", "Edge Mobile"),
    "Facebook": ("Facebook", "Facebook Messenger"),
    "Firefox": ("Firefox", "Firefox Mobile", "Firefox iOS", "Firefox Beta", "Iceweasel"),
    "GNOME Web": ("Epiphany",),
    "Google App": ("Google",),
    "HeyTap": ("HeyTap Browser",),
    "Honor": ("Honor Browser", "HiBrowser"),
    "Huawei": ("Huawei Browser",),
    "Instagram": ("Instagram",),
    "Internet Explorer": ("IE", "IE Mobile", "IE Large Screen"),
    "KakaoTalk": ("KakaoTalk",),
    "Konqueror": ("Konqueror",),
    "LINE": ("LINE",),
    "LinkedIn": ("LinkedIn",),
    "Links": ("Links", "ELinks"),
    "Lynx": ("Lynx",),
    "Maxthon": ("Maxthon",),
    "Mi Browser": ("MiuiBrowser", "Mint Browser"),
    "Nokia": ("Nokia Browser", "Nokia OSS Browser", "Ovi Browser"),
    "Oculus": ("Oculus Browser",),
    "Opera": (
        *("Opera", "Opera Mobile", "Opera Mini", "Opera Touch", "Opera GX", "Opera Neon"),
        *("Opera Tablet", "Opera Coast"),
    ),
    "Pale Moon": ("Pale Moon",),
    "Phoenix": ("Phoenix Browser",),
    "Pinterest": ("Pinterest",),
    "Puffin": ("Puffin",),
    "QQ Browser": ("QQ Browser", "QQ Browser Mobile", "QQ Browser Mini"),
    "Quark": ("Quark", "Quark PC"),
    "Safari": ("Safari", "Mobile Safari", "WebKit Nightly"),
    "Samsung Internet": ("Samsung Internet",),
    "SeaMonkey": ("SeaMonkey",),
    "Seznam": ("Seznam prohlížeč",),
    "Silk": ("Amazon Silk",),
    "Snapchat": ("Snapchat",),
    "Sogou": ("Sogou Explorer",),
    "Telegram": ("Telegram",),
    "Threads": ("Threads",),
    "TikTok": ("TikTok",),
    "UC Browser": ("UC Browser",),
    "Vivaldi": ("Vivaldi",),
    "Vivo": ("VivoBrowser",),
    "Waterfox": ("Waterfox",),
    "WeChat": ("WeChat Browser",),
    "Weibo": ("Weibo",),
    "Whale": ("Whale",),
    "X": ("Twitter",),
    "Yandex": ("Yandex Browser", "YandexSearch"),
}

_SYSTEMS: Mapping[str, tuple[str, ...]] = {
    "Android": ("Android",),
    "BlackBerry": ("BlackBerry OS", "BlackBerry Tablet OS"),
    "ChromeOS": ("Chrome OS",),
    "Firefox OS": ("Firefox OS",),
    "FreeBSD": ("FreeBSD",),
    "GNU/Linux": (
        *("Linux", "Ubuntu", "Kubuntu", "Debian", "Fedora", "SUSE", "Gentoo", "Linux Mint"),
        *("CentOS", "Red Hat", "Arch Linux", "Mandriva", "PCLinuxOS", "Slackware", "Mageia"),
        "Chromecast Linux",
    ),
    "HarmonyOS": ("HarmonyOS",),
    "iOS": ("iOS",),
    "KaiOS": ("KaiOS",),
    "macOS": ("Mac OS X", "Mac OS"),
    "NetBSD": ("NetBSD",),
    "OpenBSD": ("OpenBSD",),
    "Symbian": ("Symbian OS", "Symbian^3", "Symbian^3 Anna", "Symbian^3 Belle"),
    "Tizen": ("Tizen",),
    "tvOS": ("tvOS", "ATV OS X"),
    "webOS": ("webOS", "Web0S"),
    "Windows": ("Windows",),
    "Windows Phone": ("Windows Phone", "Windows Mobile"),
}


def _by_family(names: Mapping[str, tuple[str, ...]]) -> Mapping[str, str]:
    return {family: name for name, families in names.items() for family in families}


BROWSERS = _by_family(_BROWSERS)
SYSTEMS = _by_family(_SYSTEMS)
