"""Countries of addresses, and their names."""

import pytest
from analytics import countries
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("8.8.8.8", "US"),
        ("::ffff:8.8.8.8", "US"),
        ("193.0.6.139", "NL"),
        ("2a00:1450::1", "IE"),
        ("10.0.0.1", None),
        ("127.0.0.1", None),
        ("::1", None),
        ("fe80::1%eth0", None),
        ("203.0.113.9", None),
        ("8.8.8.8, 193.0.6.139", None),
        ("", None),
        (None, None),
    ],
)
def test_country_of_an_address(address: str | None, country: str | None) -> None:
    assert countries.country_of(address) == country


@given(st.text() | st.ip_addresses().map(str))
def test_any_text_is_a_country_or_none(text: str) -> None:
    country = countries.country_of(text)
    assert country is None or (len(country) == 2 and country.isupper() and country != "EU")


def test_names_come_from_the_system_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    countries.names.cache_clear()
    monkeypatch.setattr(countries, "TZPATH", ())
    assert countries.name_of("NL") == "NL"
    countries.names.cache_clear()
    monkeypatch.undo()
    assert countries.name_of("NL") in ("Netherlands", "NL")
    assert countries.name_of("??") == "??"
