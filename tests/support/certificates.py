"""Certificates of the tests' own authority, made by openssl."""

import ssl
from collections.abc import Sequence
from pathlib import Path

from support.command import run
from support.paths import program

_EC = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
_RSA = ["rsa:2048"]
_FOR_AUTHORITIES = "basicConstraints=critical,CA:TRUE\n"
_LOOPBACK = ("127.0.0.1", "::1")


class Authority:
    """A certificate authority in a folder; `certificate` is what clients must be given."""

    def __init__(self, directory: Path, signed_by: "Authority | None" = None):
        directory.mkdir(parents=True)
        self.certificate = directory / "ca.pem"
        self._key = directory / "ca-key.pem"
        if signed_by is not None:
            signed_by._sign(self.certificate, self._key, "intermediate", _EC, _FOR_AUTHORITIES)
        else:
            _openssl("req", "-x509", "-newkey", *_EC, "-nodes", "-keyout", self._key,
                     "-out", self.certificate, "-days", "30", "-subj", "/CN=root")

    def issue(self, certificate: Path, key: Path, name: str = "server", rsa: bool = False,
              addresses: Sequence[str] = (), days: int = 30) -> None:
        """Writes a certificate for localhost, the loopback addresses and these, and its key."""
        names = ["DNS:localhost", *(f"IP:{address}" for address in (*_LOOPBACK, *addresses))]
        self._sign(certificate, key, name, _RSA if rsa else _EC,
                   f"subjectAltName={','.join(names)}\nextendedKeyUsage=serverAuth\n", days)

    def issue_client(self, certificate: Path, key: Path, name: str = "client",
                     days: int = 30) -> None:
        """Writes a certificate for a client, and its key."""
        self._sign(certificate, key, name, _EC, "extendedKeyUsage=clientAuth\n", days)

    def trusted(self) -> ssl.SSLContext:
        """What a client needs that trusts this authority alone."""
        return ssl.create_default_context(cafile=self.certificate)

    def _sign(self, certificate: Path, key: Path, name: str, algorithm: list[str],
              extensions: str, days: int = 30) -> None:
        request, wanted = certificate.with_suffix(".csr"), certificate.with_suffix(".ext")
        _openssl("req", "-newkey", *algorithm, "-nodes", "-keyout", key, "-out", request,
                 "-subj", f"/CN={name}")
        wanted.write_text(extensions)
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key,
                 "-CAcreateserial", "-out", certificate, "-days", str(days), "-extfile", wanted)
        request.unlink()
        wanted.unlink()


def _openssl(*arguments) -> None:
    run(program("openssl"), *arguments)
