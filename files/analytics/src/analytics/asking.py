"""What is asked of the service, whatever bytes come."""

from wsgiref.types import WSGIEnvironment

from flask import Request


class AnyRequest(Request):
    """A request whose query can be read: of bytes that are not UTF-8 each is a U+FFFD.

    nginx leads them here as they come, and Werkzeug would raise.
    https://github.com/pallets/werkzeug/blob/main/src/werkzeug/sansio/request.py
    """

    def __init__(
        self, environ: WSGIEnvironment, populate_request: bool = True, shallow: bool = False
    ) -> None:
        super().__init__(environ, populate_request, shallow)
        self.query_string = self.query_string.decode(errors="replace").encode()
