"""A certificate that nobody vouches for, so that HTTPS works before anybody does."""

from collections.abc import Generator, Iterable, Sequence

from pyinfra import host
from pyinfra.api import FactBase, operation
from typing_extensions import override


class CertificateNames(FactBase[set[str]]):
    """The names of the certificate in `folder`; none when it is missing, bad or ends in 30 days."""

    @override
    def command(self, folder: str) -> str:
        return (
            f"cd {folder} 2>/dev/null && openssl pkey -in privkey.pem -check -noout >/dev/null &&"
            " openssl x509 -in fullchain.pem -noout -checkend 2592000 >/dev/null &&"
            " openssl x509 -in fullchain.pem -noout -ext subjectAltName || true"
        )

    @staticmethod
    @override
    def default() -> set[str]:
        return set()

    @override
    def process(self, output: Iterable[str]) -> set[str]:
        words = " ".join(output).replace(",", " ").split()
        return {word.removeprefix("DNS:") for word in words if word.startswith("DNS:")}


@operation()
def selfsigned_certificate(folder: str, names: Sequence[str]) -> Generator[str, None, None]:
    """A P-256 certificate for `names` in `folder`, made on the host and good for ten years."""
    if host.get_fact(CertificateNames, folder=folder) == set(names):
        host.noop("The host has its own certificate")
        return
    yield f"rm -rf {folder}.new && install -d -m 0700 {folder}.new"
    yield (
        "openssl req -x509 -noenc -days 3650 -newkey ec -pkeyopt ec_paramgen_curve:P-256"
        f" -keyout {folder}.new/privkey.pem -out {folder}.new/fullchain.pem"
        # A common name is bounded at 64 characters, a domain is not; clients read the names below.
        " -subj '/CN=Freehold' -addext basicConstraints=critical,CA:FALSE"
        " -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=serverAuth"
        f" -addext subjectAltName={','.join(f'DNS:{name}' for name in names)}"
    )
    yield f"chmod 600 {folder}.new/*.pem && rm -rf {folder} && mv {folder}.new {folder}"
