"""The content of files that people shared.

The vendor gives it only with the bot's token, and instead of refusing it shows its sign-in page.
On large installations the first host redirects to a second one, which wants the token too; so
that is told to hosts of the vendor, and to nobody else.
"""

from functools import partial
from urllib.parse import urlsplit

import aiohttp

from polyant_engine.channels.model import Attachment
from polyant_engine.channels.slack.api import Refused, WebApi, WebApiError
from polyant_engine.core import errors
from polyant_engine.core.egress import AnswerTooLarge, Fetched

DOMAINS = ("slack.com", "slack-files.com", "slack-edge.com", "slack-gov.com")
OK = 200
# Deleted, or it was never there for us.
ABSENT = frozenset({403, 404, 410})
GONE = frozenset({"file_not_found", "file_deleted"})
DOWNLOAD_SECONDS = 60.0

SIGN_IN_PAGE = (
    "Slack shows its sign-in page instead of a file: add the scope files:read to the app "
    "and install it again."
)


async def fetch(api: WebApi, token: str, attachment: Attachment, limit: int) -> bytes | None:
    """Return the content; nothing if it is larger than the limit, or gone."""
    if attachment.size is not None and attachment.size > limit:
        return None
    url = attachment.reference
    if "/" not in url:  # a file of a shared channel, told by its id only
        url = await _url(api, token, url)
    if not url:
        return None
    if not is_vendor(url, api.base_url):
        raise errors.UpstreamFailed("A file of Slack has an address that is not Slack's.")
    answer = await _downloaded(api, token, url, limit)
    if answer is None or answer.status in ABSENT:
        return None
    if answer.status != OK:
        raise errors.UpstreamFailed(f"Slack answered {answer.status} for a file.")
    if _is_page(answer) and "html" not in (attachment.media_type or ""):
        raise errors.UpstreamFailed(SIGN_IN_PAGE)
    return answer.body


async def _downloaded(api: WebApi, token: str, url: str, limit: int) -> Fetched | None:
    try:
        return await api.egress.fetch(
            "GET",
            url,
            headers={"Authorization": f"Bearer {token}"},
            limit=limit,
            confides_in=partial(is_vendor, base_url=api.base_url),
            timeout=aiohttp.ClientTimeout(total=DOWNLOAD_SECONDS, connect=10),
        )
    except AnswerTooLarge:
        return None


async def _url(api: WebApi, token: str, number: str) -> str:
    try:
        answer = await api.call("files.info", {"file": number}, token, is_read=True)
    except Refused as refused:
        if refused.word in GONE:
            return ""
        raise errors.UpstreamFailed(f"A file cannot be had: {refused}") from refused
    except WebApiError as failed:
        raise errors.UpstreamFailed("A file could not be asked for at Slack.") from failed
    found = answer.get("file")
    known = found if isinstance(found, dict) else {}
    return str(known.get("url_private_download") or known.get("url_private") or "")


def is_vendor(url: str, base_url: str) -> bool:
    """Tell whether a URL is the vendor's, so that the token may be told to its host."""
    try:
        parts, base = urlsplit(url), urlsplit(base_url)
        if (parts.scheme, parts.hostname, parts.port) == (base.scheme, base.hostname, base.port):
            return True
    except ValueError:
        return False
    host = (parts.hostname or "").rstrip(".")
    is_ours = any(host == domain or host.endswith(f".{domain}") for domain in DOMAINS)
    return parts.scheme == "https" and parts.port in (None, 443) and is_ours


def _is_page(answer: Fetched) -> bool:
    kind = next((v for name, v in answer.headers.items() if name.lower() == "content-type"), "")
    return kind.lower().startswith("text/html")
