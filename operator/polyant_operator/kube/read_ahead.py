"""Generated Secrets, listed once before the first passes, so that not each of them is asked for.

At the start every instance gets a pass, and each pass asks for four Secrets by name: four thousand
questions for a thousand instances. Only Secrets that are generated and immutable are listed, by the
label that the operator gives them; each answers one question, and only for a moment.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Final

from polyant_operator.api import labels
from polyant_operator.kube import errors
from polyant_operator.kube.cache import instance_of, trim
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import INSTANCE, SECRET, Object, Ref
from polyant_operator.kube.packing import Packer

logger = logging.getLogger(__name__)

# What the user changes is not among them: a change would go unseen until the next resync.
SELECTOR: Final = f"{labels.OWNER},!{labels.RELOAD}"
CHUNK: Final = 500
# As long as a start may take; what is not asked for until then is not used any more.
LIFE_SECONDS: Final = 30.0


class ReadAhead:
    """Remembers Secrets until they are asked for."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._packer = Packer()
        self._packed: dict[Ref, bytes] = {}
        self._until = 0.0

    async def fill(
        self, client: Client, namespaces: tuple[str, ...], instances: Iterable[Ref]
    ) -> None:
        """List the Secrets of these instances; without the right to, each is read by name."""
        known = set(instances)
        self._until = self._monotonic() + LIFE_SECONDS
        try:
            for namespace in namespaces or (None,):
                async for secret in client.walk(SECRET, namespace, labels=SELECTOR, chunk=CHUNK):
                    self._keep(secret, known)
        except errors.KubeError as error:
            logger.info("Secrets are read one by one: %s", error)

    def take(self, namespace: str, name: str) -> Object | None:
        """Give a Secret that was read ahead, once."""
        if self._packed and self._monotonic() > self._until:
            self._packed.clear()
        packed = self._packed.pop(Ref(SECRET, namespace, name), None)
        return self._packer.unpack(SECRET, packed) if packed is not None else None

    def _keep(self, secret: Object, known: set[Ref]) -> None:
        metadata = secret["metadata"]
        owner = Ref(INSTANCE, metadata["namespace"], instance_of(secret) or "")
        if owner in known and secret.get("immutable"):
            ref = Ref(SECRET, metadata["namespace"], metadata["name"])
            self._packed[ref] = self._packer.pack(SECRET, trim(secret))
