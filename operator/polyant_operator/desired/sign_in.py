"""Whom Google sign-in lets in; the client itself is in a Secret (`uses`)."""

from polyant_operator.api.instance import PolyantInstance


def variables(instance: PolyantInstance) -> dict[str, str]:
    """Give the panel's plain variables of sign-in."""
    sign_in = instance.spec.sign_in
    if sign_in.google is None or not sign_in.allowed_domains:
        return {}
    return {"AUTH_ALLOWED_DOMAINS": ",".join(sign_in.allowed_domains)}
