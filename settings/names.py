"""Names of sites, hosts, origins and mailboxes."""

import ipaddress
import re
import unicodedata
from collections.abc import Iterator, Sequence

from settings.faults import Fault, of_repeated

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
ORIGIN = re.compile(
    r"(?P<scheme>[^:/]*)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^/:?#]*)(?::(?P<port>[^/]*))?"
)
USUAL_PORT = {"http": "80", "https": "443"}


def ascii_name(name: str) -> str:
    """The form of an international name that DNS and certificates use (xn--…)."""
    # Label by label rather than Python's "idna" codec, which is the standard of 2003: it turns
    # ß into ss, and that is another domain today.
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode()
        for label in unicodedata.normalize("NFC", name.lower()).split(".")
    )


def is_address(text: str) -> bool:
    """Whether `text` is an IP address, in brackets or not."""
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def _meant(text: str) -> str | None:
    """The domain that someone who wrote `text` probably meant."""
    bare = re.sub(r"^[a-zA-Z][a-zA-Z0-9+.-]*://", "", text.strip())
    bare = re.split(r"[/?#]", bare)[0].rpartition("@")[2]
    bare = re.sub(r":\d*$", "", bare).strip(".").removeprefix("*.")
    bare = ascii_name(bare).replace("_", "-")
    return None if any(_faults(bare)) else bare


def _faults(name: str) -> Iterator[str]:
    if is_address(name):
        yield (
            "It is an IP address; a certificate and a redirect need a name. The address of the "
            "server belongs into inventory.py."
        )
        return
    if not name:
        yield "It is empty."
        return
    if "://" in name:
        yield "It must be the name alone, without https:// before it."
    rest = name.partition("://")[2] or name
    if re.search(r"[/?#]", rest):
        yield "It must be the name alone, without a path after it."
    if re.search(r":\d*($|[/?#])", rest):
        yield "It must be the name alone, without a port."
    yield from _faults_of_letters(re.sub(r":\d*$", "", re.split(r"[/?#]", rest)[0]))


def _faults_of_letters(name: str) -> Iterator[str]:
    if name.startswith("*"):
        yield (
            "It must be one name, not a wildcard: name each in `aliases`, and each gets into the "
            "certificate."
        )
    if "@" in name:
        yield "It must be a domain, not an e-mail address."
    if not name.isascii():
        yield f"Letters beyond a-z are written as DNS has them: {ascii_name(name)}"
    if name != name.lower():
        yield "It must be in lower case."
    if "_" in name:
        yield "An underscore can't stand in the name of a site."
    if name.endswith("."):
        yield "It must not end with a dot."
    if re.search(r"\s", name):
        yield "It must not have spaces."
    plain = ascii_name(name).removeprefix("*.").strip(".").replace("_", "-").rpartition("@")[2]
    yield from _faults_of_labels(re.sub(r"\s", "", plain))


def _faults_of_labels(name: str) -> Iterator[str]:
    labels = name.split(".")
    if len(labels) < 2:
        yield "It must have a dot, with the top level after it."
    if len(name) > 253:
        yield f"It has {len(name)} characters, and 253 are the most."
    for label in labels:
        if len(label) > 63:
            yield f"{label[:20]}… has {len(label)} characters, and 63 are the most between dots."
        elif not LABEL.fullmatch(label):
            yield (
                f"{label!r} is not right: letters, digits and, between them, hyphens."
                if label
                else "There is nothing between two of its dots."
            )
    if labels[-1].isdigit():
        yield "Its last part must not be a number."


def domain_name(name: str) -> str:
    """`name` when it is a domain as DNS and nginx have it.

    Raises Fault, with the domain that was probably meant.
    """
    faults = tuple(_faults(name))
    if faults:
        raise Fault(*faults, right=_meant(name))
    return name


def alias_names(given: Sequence[str], domain: str | None) -> Sequence[str]:
    """`given` when these are domains, each once and none of them `domain` (if that is known).

    Raises Fault.
    """
    sentences: list[str] = []
    for index, name in enumerate(given):
        sentences += [f"{name!r}: {sentence}" for sentence in _faults(name)]
        if name == domain:
            sentences.append(f"{name!r} is the domain itself; name only others here.")
        if name in given[:index]:
            sentences.append(f"{name!r} stands there twice.")
    if sentences:
        raise Fault(*sentences)
    return given


def usual_aliases(domain: str) -> tuple[str, ...]:
    """The name with www. before it, or without it when the domain has it."""
    bare = domain.removeprefix("www.")
    if bare == domain:
        return (f"www.{domain}",)
    return (bare,) if "." in bare else ()


def host_name(name: str) -> str:
    """`name` when a Linux machine can be called so; a short one without dots is right too.

    Raises Fault.
    """
    # HOST_NAME_MAX of Linux, less than DNS allows.
    if len(name) > 64:
        raise Fault(
            f"{name} has {len(name)} characters, and the name of a machine has at most 64.",
        )
    if not all(LABEL.fullmatch(label) for label in name.split(".")):
        raise Fault("It may have a-z, 0-9, hyphens between them, and dots.")
    return name


def origins(given: Sequence[str]) -> Sequence[str]:
    """`given` when these are web origins, written as a browser sends them.

    Raises Fault.
    """
    sentences = [
        f"{origin!r}: {sentence}" for origin in given for sentence in _faults_of_origin(origin)
    ]
    sentences += of_repeated(given)
    if sentences:
        raise Fault(*sentences)
    return given


def _faults_of_origin(origin: str) -> Iterator[str]:
    if "*" in origin:
        yield "A wildcard would let any site send events; name each origin."
        return
    parts = ORIGIN.match(origin)
    if not parts or parts["scheme"].lower() not in USUAL_PORT:
        yield "An origin begins with https:// (or http://)."
        return
    host, port = parts["host"].lower(), parts["port"]
    if origin != origin.lower():
        yield "It must be in lower case, as browsers send it."
    if parts.end() != len(origin):
        yield f"It must end after the name, without {origin[parts.end() :]}"
    if port is not None and not (port.isdigit() and 0 < int(port) < 65536):
        yield f"The port {port!r} is not a number from 1 to 65535."
    elif port == USUAL_PORT[parts["scheme"].lower()]:
        yield f"Browsers leave the usual port away: without :{port}"
    # A page under development is served from there.
    if host != "localhost" and not is_address(host):
        yield from _faults_of_letters(host)


def mail_address(address: str) -> str:
    """`address` when it is empty or a plain e-mail address.

    Raises Fault.
    """
    mailbox, at, domain = address.rpartition("@")
    if address and (not at or not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}", mailbox)):
        raise Fault("It must be one address, name@domain, without a display name.")
    if address and any(_faults(domain.lower())):
        raise Fault(f"What stands after the @ is not a domain: {domain}")
    return address
