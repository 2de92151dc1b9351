"""Certificates that other programs accept."""

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from dev.cluster import pki


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def verify(authority: Path, server: Path, name: str) -> None:
    store = Store([load(authority)])
    verifier = PolicyBuilder().store(store).build_server_verifier(x509.DNSName(name))
    verifier.verify(load(server), [])


def test_a_server_certificate_is_valid_for_its_names_and_no_other(tmp_path: Path) -> None:
    authority = pki.Authority(tmp_path, "ca")
    files = authority.issue("server", pki.Identity(name="s", hosts=("example.test", "10.0.0.1")))

    verify(authority.certificate, files.certificate, "example.test")
    with pytest.raises(VerificationError):
        verify(authority.certificate, files.certificate, "other.test")


def test_a_certificate_of_another_authority_is_not_trusted(tmp_path: Path) -> None:
    one, two = pki.Authority(tmp_path, "one"), pki.Authority(tmp_path, "two")
    files = two.issue("server", pki.Identity(name="s", hosts=("example.test",)))

    with pytest.raises(VerificationError):
        verify(one.certificate, files.certificate, "example.test")


def test_an_authority_survives_a_restart(tmp_path: Path) -> None:
    before = pki.Authority(tmp_path, "ca").certificate.read_bytes()
    again = pki.Authority(tmp_path, "ca")
    files = again.issue("server", pki.Identity(name="s", hosts=("example.test",)))

    assert again.certificate.read_bytes() == before
    verify(again.certificate, files.certificate, "example.test")


def test_private_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    files = pki.Authority(tmp_path, "ca").issue("client", pki.Identity(name="c", groups=("g",)))
    signing = pki.write_signing_key(tmp_path, "tokens")

    for key in (files.key, signing.key, tmp_path / "ca.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_signing_key_is_kept(tmp_path: Path) -> None:
    before = pki.write_signing_key(tmp_path, "tokens").key.read_bytes()

    assert pki.write_signing_key(tmp_path, "tokens").key.read_bytes() == before
