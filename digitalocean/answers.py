"""What an answer of the API means, or that there is none: in words, and in seconds to wait."""

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError

from digitalocean.limits import LONGEST_WAIT, used_up

FIRST_WAIT = 1.0
SCOPES = "Which scopes it needs: docs/digitalocean.md"


def growing(attempt: int) -> float:
    """How long to wait after so many attempts."""
    return float(FIRST_WAIT * 2**attempt)


def refusal(method: str, path: str, status: int, words: str, origin: str) -> str:
    """Why the API said no, for the owner; `origin` is where the token was found."""
    if status == 401:
        return (
            f"Digital Ocean does not know the token from {origin}: it is wrong, has "
            f"expired or was revoked. Make another one. {SCOPES}"
        )
    if status == 403:
        may = "read" if method == "GET" else "change"
        return f"The token from {origin} may not {may} {_noun(path)} ({method} {path}). {SCOPES}"
    return f"Digital Ocean refused {method} {path}: {words} ({status})"


def _noun(path: str) -> str:
    if path.startswith("/v2/account/keys"):
        return "SSH keys"
    return path.split("/")[2].replace("_", " ") if path.count("/") >= 2 else path


def retry_after(answer: requests.Response, attempt: int) -> float:
    """How long the API asks to wait; where it does not say, as long as `attempt` makes it.

    Raises CloudError when that is longer than anybody would wait before a terminal.
    """
    try:
        wait = max(float(answer.headers["retry-after"]), 0.0)
    except (KeyError, ValueError):
        return growing(attempt)
    if wait > LONGEST_WAIT:
        raise used_up(wait)
    return wait


def silence(method: str, path: str, reason: str) -> str:
    """That there was no answer."""
    return f"Digital Ocean did not answer {method} {path} ({reason}). Try again in a minute."


def never_left(error: requests.RequestException) -> bool:
    """Whether no connection stood, so that nothing can have been done."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, ProxyError):
        # urllib3 calls it that as well when the proxy hangs up on a request that it was given.
        cause = cause.original_error
        if "Tunnel connection failed" in str(cause):
            return True
    if isinstance(cause, NewConnectionError | ConnectTimeoutError):
        return True
    # A connection may also break later by an error of TLS, which is another one.
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def reason_of(error: requests.RequestException) -> str:
    """Why there was none, in a few words."""
    match error:
        case requests.exceptions.Timeout():
            return "it took too long"
        case requests.exceptions.SSLError():
            return "its certificate is not trusted"
        case _ if "Name or service not known" in str(error) or "resolve" in str(error):
            return "its name is not known here"
        case _ if "refused" in str(error):
            return "nothing listens there"
        case _:
            return "the connection broke"
