"""What a user agent tells: the families of browser and system and the class of screen, no more.

Versions and models are in it too. They would help to tell readers apart, so they are not read, and
every answer comes from a short list: no word of a visitor's can reach the database.
"""

from dataclasses import dataclass
from functools import cache

from ua_parser import Domain
from ua_parser.lazy import OSMatcher, UserAgentMatcher
from ua_parser.loaders import load_lazy_builtins
from ua_parser.re2 import Resolver

from analytics.taking.families import BROWSERS, SYSTEMS
from analytics.taking.patterns import Patterns

# The longest real ones, of in-app browsers, have some 400 characters.
MAX_LENGTH = 512

IN_APP = "Mobile App"

_PHONE_SYSTEMS = frozenset({"Android", "iOS", "HarmonyOS"})
_DESKTOP_SYSTEMS = frozenset(
    {"Windows", "macOS", "GNU/Linux", "ChromeOS", "FreeBSD", "NetBSD", "OpenBSD", "HarmonyOS"}
)

# What the rules of ua-parser don't know yet.
_NEW_BROWSERS = [
    UserAgentMatcher(r"\[LinkedInApp\]", "LinkedIn"),
    UserAgentMatcher(r" Barcelona \d", "Threads"),
    # On Android their pages are an app's web view as well.
    UserAgentMatcher(r" Quark/\d", "Quark"),
    UserAgentMatcher(r" Ya(?:Search)?Browser/\d", "Yandex Browser"),
]
# Before its version 5 it says that it is Android too.
_NEW_SYSTEMS = [OSMatcher("HarmonyOS|OpenHarmony", "HarmonyOS")]

# Classes of screen, and what tells them; the first that matches decides.
_SCREENS = (
    # Televisions, consoles and glasses: large, though most say "Android" and some say "Mobile".
    (r"\bTV\b|[a-z]TV\b|-TV|SmartTV|BRAVIA|CrKey|\bAFT[A-Z]|Web0S|Roku|NetCast|VIDAA", "Desktop"),
    (r"Xbox|PlayStation [345]|Nintendo (?:Switch|Wii)|OculusBrowser", "Desktop"),
    # "Tablet PC" is what old Windows says of any desk's computer that has a pen.
    (r"iPad|Tablet(?:[^ ]|$)|Tablet [^P]|PlayBook|Kindle|\bSM-[TX]\d", "Tablet"),
    (r"Mobi|iPhone|iPod|Windows Phone|BlackBerry|BB10|Opera Mini|Symb|MIDP|Nokia", "Mobile"),
    (r"UCWEB|PlayStation Vita|Nintendo 3DS", "Mobile"),
    (r"Android", "Tablet"),  # on a phone it says "Mobile" too
)


@dataclass(frozen=True, slots=True)
class Agent:
    """Families without versions, and the class of screen; None where the user agent is silent."""

    browser: str | None
    system: str | None
    screen: str | None  # "Desktop", "Tablet" or "Mobile"


def agent_of(user_agent: str | None) -> Agent:
    """What a user agent tells. It is neither kept nor cached: a look-up takes some 25 µs.

    An iPad says that it is a Macintosh, and Brave that it is Chrome: both can't be known.
    """
    text = readable(user_agent or "")
    found = _resolver()(text, Domain.USER_AGENT | Domain.OS)
    system = SYSTEMS.get(found.os.family) if found.os else None
    browser = None
    if found.user_agent:
        browser = BROWSERS.get(found.user_agent.family)
        if browser is None and system in _PHONE_SYSTEMS:
            browser = IN_APP
    return Agent(browser, system, _screen(text, system))


def readable(user_agent: str) -> str:
    """The part of a user agent that is matched: bounded, and of ASCII alone.

    RE2 takes no lone surrogates, and a visitor may send anything.
    """
    return user_agent[:MAX_LENGTH].encode("ascii", "replace").decode("ascii")


def _screen(text: str, system: str | None) -> str | None:
    found = _screens().first(text)
    if found is not None:
        return _SCREENS[found][1]
    return "Desktop" if system in _DESKTOP_SYSTEMS else None


@cache
def _resolver() -> Resolver:
    """ua-parser with RE2, 3 MB, made when it is first used.

    In Python it takes 250 µs a call instead of 20; in Rust 10, but 10 MB.
    """
    browsers, systems, _ = load_lazy_builtins()
    return Resolver(([*_NEW_BROWSERS, *browsers], [*_NEW_SYSTEMS, *systems], []))


@cache
def _screens() -> Patterns:
    return Patterns(pattern for pattern, _ in _SCREENS)
