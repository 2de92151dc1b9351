"""Digests over Secret values: what pods roll by and what a migration Job is named after.

Keyed, so that nobody can test guesses of a password against an annotation; the key is `DIGEST_KEY`
in the instance's own auth Secret.
"""

from collections.abc import Mapping
from hashlib import sha256
from hmac import new as hmac
from json import dumps
from typing import Any

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import RETRY_MIGRATION, TAKE_OVER, Component
from polyant_operator.desired import images, uses
from polyant_operator.desired.context import OperandOptions

# Data of the Secrets that were read, decoded: Secret name -> key -> value. Absent: not there.
SecretValues = Mapping[str, Mapping[str, bytes]]


def component(
    instance: PolyantInstance, part: Component, values: SecretValues, digest_key: bytes
) -> str:
    """Digest the Secret values a component's pods use."""
    return keyed(digest_key, [part.value, _used(instance, part, values)])


def migration(
    instance: PolyantInstance, options: OperandOptions, values: SecretValues, digest_key: bytes
) -> str:
    """Digest what makes a migration worth running again: image, database, keys, a person's wish."""
    wish = [instance.annotations.get(name, "") for name in (RETRY_MIGRATION, TAKE_OVER)]
    used = [
        value
        for value in _used(instance, Component.MIGRATION, values)
        if value[0] != "INITIAL_ADMIN_PASSWORD"  # read only while there is no administrator
    ]
    return keyed(digest_key, [images.engine(instance, options), used, wish])


def keyed(digest_key: bytes, content: Any) -> str:
    """Digest any JSON-like content with a key."""
    text = dumps(content, sort_keys=True, separators=(",", ":"))
    return hmac(digest_key, text.encode(), sha256).hexdigest()[:32]


def plain(content: Any) -> str:
    """Digest content that holds no secret."""
    return keyed(b"polyant", content)


def _used(
    instance: PolyantInstance, part: Component, values: SecretValues
) -> list[tuple[str, str, Any]]:
    used = (use for use in uses.all_uses(instance) if part in use.components)
    return [(use.variable, use.key or "", _content(use, values)) for use in used]


def _content(use: uses.SecretUse, values: SecretValues) -> Any:
    data = values.get(use.secret, {})
    if use.key is None:
        return {key: value.hex() for key, value in data.items()}
    return data[use.key].hex() if use.key in data else None
