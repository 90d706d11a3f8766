"""The tracker as it is served. What it does in a page is in tests/browser/."""

import gzip
from dataclasses import replace

import pytest
from analytics.app import create_app
from analytics.taking import tracker
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

PATH = "/js/script.js"
GZIP = {"Accept-Encoding": "br, gzip"}


@pytest.fixture(scope="module")
def served() -> FlaskClient:
    """A browser that finds the tracker and nothing else."""
    app = Flask(__name__)
    app.register_blueprint(tracker.blueprint(PATH))
    return app.test_client()


def test_it_is_at_most_1000_bytes_as_browsers_get_it(served: FlaskClient) -> None:
    response = served.get(PATH, headers=GZIP)
    assert response.content_encoding == "gzip"
    assert len(response.data) <= 1000
    assert response.content_length == len(response.data)


def test_both_kinds_of_answer_hold_the_same_script(served: FlaskClient) -> None:
    packed, plain = served.get(PATH, headers=GZIP), served.get(PATH)
    assert gzip.decompress(packed.data) == plain.data
    assert "Content-Encoding" not in plain.headers
    for response in (packed, plain):
        assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.headers["Cache-Control"] == "public, max-age=3600"


def test_the_source_is_not_what_is_sent(served: FlaskClient) -> None:
    text = served.get(PATH).text
    assert "//" not in text
    assert "\n" not in text.strip()


@pytest.mark.parametrize("headers", [{}, GZIP], ids=["plain", "gzip"])
def test_who_has_it_already_is_told_so(served: FlaskClient, headers: dict[str, str]) -> None:
    first = served.get(PATH, headers=headers)
    again = served.get(PATH, headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    for name in ("ETag", "Vary", "Cache-Control"):
        assert again.headers[name] == first.headers[name]


def test_the_mark_of_one_kind_is_not_that_of_the_other(served: FlaskClient) -> None:
    mark = served.get(PATH, headers=GZIP).headers["ETag"]
    assert served.get(PATH, headers={"If-None-Match": mark}).status_code == 200


def test_head_has_the_headers_alone(served: FlaskClient) -> None:
    head, whole = served.head(PATH, headers=GZIP), served.get(PATH, headers=GZIP)
    assert head.data == b""
    assert dict(head.headers) == dict(whole.headers)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip;q=0", None), ("*", "gzip"), ("br", None), ("gzip;q=0.1, br", "gzip"), ("", None)],
)
def test_it_is_compressed_only_for_who_can_unpack_it(
    served: FlaskClient, accepted: str, encoding: str | None
) -> None:
    response = served.get(PATH, headers={"Accept-Encoding": accepted})
    assert response.content_encoding == encoding


@given(
    accepted=st.text(st.characters(max_codepoint=255)),
    known=st.text(st.characters(max_codepoint=255)),
)
def test_no_header_makes_it_fail(served: FlaskClient, accepted: str, known: str) -> None:
    # As WSGI hands them on: every byte is a character.
    environ = {"HTTP_ACCEPT_ENCODING": accepted, "HTTP_IF_NONE_MATCH": known}
    assert served.get(PATH, environ_overrides=environ).status_code in (200, 304)


def test_the_owner_chooses_its_path(app: Flask) -> None:
    settings = replace(app.extensions["settings"], tracker_path="/assets/seeds.js")
    other = create_app(settings)
    client = other.test_client()
    assert client.get("/assets/seeds.js").data == client.get("/assets/seeds.js?v=1").data != b""
    assert client.get(PATH).status_code == 404
    other.extensions["engine"].dispose()


def test_the_service_has_it_at_the_usual_path(client: FlaskClient) -> None:
    assert client.get("/js/script.js").status_code == 200
    assert client.post("/js/script.js").status_code == 405
