"""X-Twilio-Signature, made here from its description; the tests hold it to the vendor's validator."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit


def signature(token: str, url: str, parameters: Mapping[str, str]) -> str:
    """HMAC-SHA1 over the URL and the sorted parameters."""
    signed = url + "".join(name + parameters[name] for name in sorted(parameters))
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def with_body_hash(url: str, body: bytes) -> str:
    """The URL to which a JSON body is sent: its hash is a parameter of the query."""
    joint = "&" if urlsplit(url).query else "?"
    return f"{url}{joint}bodySHA256={hashlib.sha256(body).hexdigest()}"
