"""Digital Ocean's API over HTTP, as thin as can be: what may be asked again, and what never."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import requests

from digitalocean.answers import growing, never_left, reason_of, refusal, retry_after, silence
from digitalocean.errors import CloudError, RefusedError, UnreachableError, UnsureError
from digitalocean.limits import Limits
from digitalocean.token import Token

Json = dict[str, Any]

ADDRESS_VARIABLE = "DIGITALOCEAN_API_URL"
ADDRESS = "https://api.digitalocean.com"
# To connect, and for each silence within an answer.
SECONDS = (10, 40)
TRIES = 6
A_PAGE = 200
# A longer wait is told, or it looks like a hang.
SILENT_SECONDS = 5.0


def address() -> str:
    """Where the API is: Digital Ocean's own, unless the environment names another."""
    return os.environ.get(ADDRESS_VARIABLE, "").rstrip("/") or ADDRESS


class Client:
    """A session with the API. `sleep` and `now` are there for tests, which wait for nothing."""

    def __init__(
        self,
        token: Token,
        url: str | None = None,
        *,
        tries: int = TRIES,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.url = url or address()
        self.sleep = sleep
        self.now = now
        self._tries = tries
        self._origin = token.origin
        self._limits = Limits(
            lambda pause: self._pause(pause, "its limit of requests is near"), now
        )
        self._session = requests.Session()
        # Not as a header: a netrc file's password for the same host would win over that.
        self._session.auth = _Bearer(token)
        self._session.headers["Accept"] = "application/json"

    def get(self, path: str, **parameters: str | int) -> Json:
        """What is at `path`."""
        return self._again("GET", path, parameters=parameters)

    def put(self, path: str, body: Json) -> Json:
        """Make what is at `path` be as `body` says; the same twice is once."""
        return self._again("PUT", path, body)

    def delete(self, path: str, body: Json | None = None) -> None:
        """Have nothing at `path`; what is gone already is as wanted."""
        try:
            self._again("DELETE", path, body)
        except RefusedError as error:
            if error.status != 404:
                raise

    def pages(self, path: str, root: str, **parameters: str | int) -> list[Json]:
        """All that is listed at `path`, from every page."""
        found: list[Json] = []
        page = 1
        while True:
            answer = self.get(path, per_page=A_PAGE, page=page, **parameters)
            found += answer.get(root) or []
            if not ((answer.get("links") or {}).get("pages") or {}).get("next"):
                return found
            page += 1

    def post(self, path: str, body: Json) -> Json:
        """Make something, once.

        It is sent again only when it is certain that nothing was done. Raises UnsureError when it
        is not known: then who asked must look, and never just ask again.
        """
        for attempt in range(self._tries):
            last = attempt == self._tries - 1
            try:
                answer = self._send("POST", path, body)
            except UnreachableError:
                if last:
                    raise
                self._pause(growing(attempt), "it can't be reached")
                continue
            if answer.status_code == 429 and not last:
                self._pause(retry_after(answer, attempt), "it answered 429")
                continue
            if answer.status_code >= 500:
                raise UnsureError(silence("POST", path, f"it answered {answer.status_code}"))
            return self._understood("POST", path, answer)
        raise AssertionError("the last try returns or raises")

    def _again(
        self, method: str, path: str, body: Json | None = None, parameters: Json | None = None
    ) -> Json:
        """Ask, and ask again with growing waits while the other side is in trouble."""
        for attempt in range(self._tries):
            last = attempt == self._tries - 1
            try:
                answer = self._send(method, path, body, parameters)
                if answer.status_code != 429 and answer.status_code < 500:
                    return self._understood(method, path, answer)
                wait = retry_after(answer, attempt)
                reason = f"it answered {answer.status_code}"
            except (UnreachableError, UnsureError) as error:
                if last:
                    raise UnreachableError(error.message) from None
                wait, reason = growing(attempt), "it did not answer"
            if last:
                raise UnreachableError(silence(method, path, reason))
            self._pause(wait, reason)
        raise AssertionError("the last try returns or raises")

    def _pause(self, seconds: float, reason: str) -> None:
        if seconds > SILENT_SECONDS:
            # Not where a program reads what is said: --json.
            print(f"    Asking {self.url} again in {seconds:.0f} s: {reason} …", file=sys.stderr)
        self.sleep(seconds)

    def _send(
        self, method: str, path: str, body: Json | None, parameters: Json | None = None
    ) -> requests.Response:
        self._limits.wait()
        try:
            answer = self._session.request(
                method,
                f"{self.url}{path}",
                json=body,
                params=parameters,
                timeout=SECONDS,
                # A redirect would turn a POST into a GET, and carry the token elsewhere.
                allow_redirects=False,
            )
        except requests.RequestException as error:
            if never_left(error):
                raise UnreachableError(
                    f"{self.url} can't be reached ({reason_of(error)}). Is this machine online? "
                    "Then try again."
                ) from None
            raise UnsureError(silence(method, path, reason_of(error))) from None
        self._limits.heard(answer.headers)
        return answer

    def _understood(self, method: str, path: str, answer: requests.Response) -> Json:
        try:
            read = answer.json() if answer.content else {}
        except ValueError:
            read = None
        if not isinstance(read, dict) or answer.status_code in range(300, 400):
            raise CloudError(
                f"What answers at {self.url} is not Digital Ocean's API ({method} {path}: "
                f"{answer.status_code}). Does a proxy stand in between?"
            )
        if answer.ok:
            return read
        words = str(read.get("message") or "no reason given")
        identifier = str(read.get("id") or "")
        raise RefusedError(
            refusal(method, path, answer.status_code, words, self._origin),
            status=answer.status_code,
            id=identifier,
            words=words,
        )


class _Bearer(requests.auth.AuthBase):
    """The token in each request, and in nothing that is shown."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.secret}"
        return request
