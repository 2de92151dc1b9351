"""The one error of the trial: something the person at the terminal can mend."""


class TrialError(Exception):
    """What is wrong and what to do about it, as one message for people."""
