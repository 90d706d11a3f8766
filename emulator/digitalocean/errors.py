"""What the API answers when it refuses: one shape for all of it."""

from flask import Response, jsonify

# The short names of the real API, by status.
_IDS = {
    400: "bad_request",
    401: "unauthorized",
    403: "Forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    422: "unprocessable_entity",
    429: "too_many_requests",
    500: "server_error",
    501: "not_implemented",
}


class RefusedError(Exception):
    """An answer other than what was asked for; `headers` go with it."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}

    def response(self, request_id: str) -> Response:
        """The document that goes over the wire."""
        answer = jsonify(
            id=_IDS.get(self.status, "server_error"), message=self.message, request_id=request_id
        )
        answer.status_code = self.status
        answer.headers.update(self.headers)
        return answer


def not_found() -> RefusedError:
    """Also for what another account has: the real API does not tell the two apart."""
    return RefusedError(404, "The resource you requested could not be found.")


def unprocessable(message: str) -> RefusedError:
    """The body can be read, and what it asks for can't be done."""
    return RefusedError(422, message)
