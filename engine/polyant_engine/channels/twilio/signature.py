"""X-Twilio-Signature: whether a request was made by somebody who knows the account's token.

HMAC-SHA1 over the URL as Twilio was told it, then every form parameter, sorted, name and value. A
JSON body is not part of that: its hash is, as `bodySHA256` of the query. A body that neither covers
is refused. The vendor itself is not sure whether a URL is signed with its port, so both are tried.

The signature holds no time: what is sent again is found by its MessageSid.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qs, parse_qsl

MOST_PARAMETERS = 300
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

Pairs = Sequence[tuple[str, str]]


def verified(
    url: str, content_type: str, body: bytes, signature: str, token: str
) -> Mapping[str, str] | None:
    """Return the parameters of a request that was signed with the token; nothing: it was not."""
    kind = content_type.partition(";")[0].strip().lower()
    signed: Pairs = form(body) if kind == FORM else ()
    if not _is_signed(url, signed, signature, token):
        return None
    if kind == FORM:
        return dict(signed)
    return fields(body) if kind == JSON and _has_hash(url, body) else None


def parameters(content_type: str, body: bytes) -> Mapping[str, str] | None:
    """Return the parameters of a request that needs no signature."""
    kind = content_type.partition(";")[0].strip().lower()
    return dict(form(body)) if kind == FORM else fields(body) if kind == JSON else None


def form(body: bytes) -> Pairs:
    """Return the parameters of a form; what is no form has none, and so no signature fits it."""
    try:
        text = body.decode("ascii")
        return parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=bool(text),
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:  # also UnicodeDecodeError
        return ()


def fields(body: bytes) -> Mapping[str, str] | None:
    """Return the texts of a JSON object."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return {name: value for name, value in found.items() if isinstance(value, str)}


def signed_with(url: str, pairs: Pairs, token: str) -> str:
    """Return the signature of a request."""
    said = url + "".join(name + value for name, value in sorted(set(pairs)))
    digest = hmac.new(token.encode(), said.encode("utf-8", "surrogatepass"), hashlib.sha1)
    return base64.b64encode(digest.digest()).decode()


def _is_signed(url: str, pairs: Pairs, signature: str, token: str) -> bool:
    given = signature.encode("latin-1", "replace")
    # Every candidate is compared: how long it takes says nothing of which one fits.
    fitting = [
        hmac.compare_digest(signed_with(each, pairs, token).encode(), given)
        for each in _spellings(url)
    ]
    return any(fitting)


def _spellings(url: str) -> Iterator[str]:
    """Return the URL, with its port and without."""
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    host, colon, port = place.rpartition(":")
    yield url
    if colon and port.isdecimal():
        yield f"{scheme}://{host}{slash}{path}"
    else:
        default = 443 if scheme == "https" else 80
        yield f"{scheme}://{place}:{default}{slash}{path}"


def _has_hash(url: str, body: bytes) -> bool:
    said = parse_qs(url.partition("?")[2]).get("bodySHA256", [""])
    digest = hashlib.sha256(body).hexdigest().encode()
    return len(said) == 1 and hmac.compare_digest(said[0].encode("utf-8", "replace"), digest)
