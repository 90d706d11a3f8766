"""What a deploy says of keys that lose their access."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from operations.ssh import foreign
from tests.unit.settings_lab import public_line

OWNERS = public_line(ed25519.Ed25519PrivateKey.generate(), "me@home")
LIMITED = f'from="203.0.113.0/24,2001:db8::/32" {OWNERS}'
# As cloud-init writes it where root is not to log in.
HINT = f"no-port-forwarding,command=\"echo 'Please login as debian.';sleep 10\" {OWNERS}"
OTHER = public_line(ed25519.Ed25519PrivateKey.generate(), "me@home")


@pytest.mark.parametrize(
    "before",
    [OWNERS, LIMITED, HINT, OWNERS.removesuffix("me@home")],
    ids=["as it is", "limited", "a hint", "without its comment"],
)
@pytest.mark.parametrize("after", [OWNERS, LIMITED], ids=["as it is", "limited"])
def test_the_owners_key_stays_the_owners_whatever_is_around_it(before: str, after: str) -> None:
    assert foreign([before], [after]) == []


@pytest.mark.parametrize("options", ["", 'from="203.0.113.0/24,2001:db8::/32" '])
def test_another_key_is_a_foreign_one_though_all_around_it_is_alike(options: str) -> None:
    other = f"{options}{OTHER}"
    assert foreign([LIMITED, other, "no key at all"], [LIMITED]) == [other, "no key at all"]
