"""Certificates of a cluster: one small authority, certificates that name who they are for."""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = dt.timedelta(days=3650)  # a development cluster is thrown away long before
LEEWAY = dt.timedelta(hours=1)  # for a clock that is set back


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whom a certificate speaks for."""

    name: str
    groups: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """Names and addresses a server answers to; a client needs none."""


@dataclass(frozen=True)
class KeyPair:
    """A certificate and its private key, as files."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority that lives in one folder and issues into the same folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.files = KeyPair(folder / f"{name}.crt", folder / f"{name}.key")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.files.certificate.exists():
            self._key = _load_key(self.files.key)
        else:
            self._key = ec.generate_private_key(ec.SECP256R1())
            write_key(self.files.key, self._key)
            certificate = self._sign(self._subject, self._key.public_key(), _authority_rights())
            write_certificate(self.files.certificate, certificate)

    @property
    def certificate(self) -> Path:
        """Return the file that those who trust this authority need."""
        return self.files.certificate

    def issue(self, file_name: str, identity: Identity) -> KeyPair:
        """Return the files of a certificate for somebody, writing them anew."""
        files = KeyPair(self._folder / f"{file_name}.crt", self._folder / f"{file_name}.key")
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in identity.groups]
            + [x509.NameAttribute(NameOID.COMMON_NAME, identity.name)]
        )
        write_key(files.key, key)
        certificate = self._sign(subject, key.public_key(), _member_rights(identity.hosts))
        write_certificate(files.certificate, certificate)
        return files

    def _sign(
        self,
        subject: x509.Name,
        public_key: ec.EllipticCurvePublicKey,
        rights: Sequence[tuple[x509.ExtensionType, bool]],
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateBuilder(
            issuer_name=self._subject,
            subject_name=subject,
            public_key=public_key,
            serial_number=x509.random_serial_number(),
            not_valid_before=now - LEEWAY,
            not_valid_after=now + LIFETIME,
        )
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        own = x509.SubjectKeyIdentifier.from_public_key(public_key)
        for extension, critical in (*rights, (own, False), (authority, False)):
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(self._key, hashes.SHA256())


def write_signing_key(folder: Path, file_name: str) -> KeyPair:
    """Return a bare key pair (no certificate), kept when it exists: service-account tokens outlive a restart."""
    files = KeyPair(folder / f"{file_name}.pub", folder / f"{file_name}.key")
    if not files.key.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        files.certificate.write_bytes(
            key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        write_key(files.key, key)
    return files


def write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write a private key that only its owner can read."""
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def write_certificate(path: Path, certificate: x509.Certificate) -> None:
    """Write a certificate as PEM."""
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} does not hold an elliptic-curve key")
    return key


def _authority_rights() -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.BasicConstraints(ca=True, path_length=0), True), (_usage(signs=True), True)]


def _member_rights(hosts: Sequence[str]) -> list[tuple[x509.ExtensionType, bool]]:
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH]
    rights: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs=False), True),
    ]
    if hosts:
        purposes.append(ExtendedKeyUsageOID.SERVER_AUTH)
        rights.append((x509.SubjectAlternativeName([_host(host) for host in hosts]), False))
    return [*rights, (x509.ExtendedKeyUsage(purposes), False)]


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
