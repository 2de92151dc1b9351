"""The one error of this package: what is wrong, and what to do about it."""


class ClusterError(Exception):
    """Something a person has to know: the message names the problem, the cure names the way out."""

    def __init__(self, message: str, *, cure: str = "") -> None:
        self.message = message
        self.cure = cure
        super().__init__(f"{message}\n  {cure}" if cure else message)
