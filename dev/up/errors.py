"""The one error of this package."""


class StepError(Exception):
    """A step could not do its work; the message says what to look at or what to do."""
