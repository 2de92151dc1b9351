"""Whether a request was signed by Slack: HMAC-SHA256 over version, time and raw body.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import hashlib
import hmac
import re
from collections.abc import Mapping

TIME_HEADER = "x-slack-request-timestamp"
SIGNATURE_HEADER = "x-slack-signature"
# The vendor's advice; older is a replay.
LARGEST_AGE_SECONDS = 300

_TIME = re.compile(r"[0-9]{1,12}")


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Tell whether these bytes are what the vendor sent, within five minutes of `now` (Unix time).

    Headers are looked up in lower case. Constant time for whoever does not know the secret.
    """
    stamp, given = headers.get(TIME_HEADER, ""), headers.get(SIGNATURE_HEADER, "")
    right = f"v0={_digest(secret, stamp, body)}"
    is_right = hmac.compare_digest(right.encode(), given.encode("utf-8", "replace"))
    is_timely = bool(_TIME.fullmatch(stamp)) and abs(now - int(stamp)) <= LARGEST_AGE_SECONDS
    return is_right and is_timely and bool(secret)


def _digest(secret: str, stamp: str, body: bytes) -> str:
    said = b"v0:" + stamp.encode("utf-8", "replace") + b":" + body
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()
