"""Where `next` may lead after a form: to a page of this panel and nowhere else."""

from urllib.parse import urlsplit

HOME = "/agents"
_NEVER = ("/signin", "/signout", "/theme")
_FIRST_PRINTABLE = " "


def safe_next(text: str | None) -> str:
    """Return `text` when it is a path of ours, else the first page."""
    if not text or not text.startswith("/") or text.startswith(("//", *_NEVER)):
        return HOME
    # Browsers read a backslash as a slash and drop control characters before parsing.
    if "\\" in text or any(letter < _FIRST_PRINTABLE for letter in text):
        return HOME
    try:
        parts = urlsplit(text)
    except ValueError:
        return HOME
    return HOME if parts.scheme or parts.netloc else text
