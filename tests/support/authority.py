"""A private certificate authority, as companies have one: nobody trusts it unless told."""

import datetime as dt
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Authority:
    """The authority's certificate, and one it signed for this machine."""

    ca_file: Path
    certificate: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        """Give the context of a server that this authority vouches for."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make(folder: Path, *names: str) -> Authority:
    """Make an authority and a certificate for 127.0.0.1, localhost and further names."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = _name("a private authority")
    ca = _builder(ca_name, ca_name, ca_key.public_key())
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = _builder(_name("a server"), ca_name, key.public_key())
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    known = [address, *map(x509.DNSName, ("localhost", *names))]
    signed = signed.add_extension(x509.SubjectAlternativeName(known), critical=False)
    made = Authority(folder / "ca.crt", folder / "tls.crt", folder / "tls.key")
    made.ca_file.write_bytes(_pem(ca.sign(ca_key, hashes.SHA256())))
    made.certificate.write_bytes(_pem(signed.sign(ca_key, hashes.SHA256())))
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return made


@cache
def sample() -> Path:
    """Give a file of certificates, for tests that only need one to be there."""
    return make(Path(tempfile.mkdtemp())).ca_file


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - HOUR)
        .not_valid_after(now + HOUR)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
