"""Where pods find the API server: the addresses behind its Service, and the Service's own.

A NetworkPolicy is judged after the Service's address was replaced by one behind it in most
implementations, and before in others, so both are needed. Control planes are replaced: the
addresses are asked for again and again.
"""

import asyncio
import logging
import socket
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from polyant_operator.kube import errors
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import ENDPOINT_SLICE

logger = logging.getLogger(__name__)

NAMESPACE: Final = "default"
# The API server itself writes this one EndpointSlice.
NAME: Final = "kubernetes"
_HTTPS: Final = 443

End = tuple[str, int]


class ApiServer:
    """The addresses and ports of the API server, as pods reach them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._behind: tuple[End, ...] = ()
        self._service: tuple[End, ...] = ()
        # False: the addresses behind the Service are not to be had.
        self.is_whole = True

    @property
    def ends(self) -> tuple[End, ...]:
        """Every address with its port, in a fixed order."""
        return tuple(sorted({*self._behind, *self._service}))

    async def refresh(self) -> bool:
        """Ask again; says whether the answer is another one. What cannot be asked stays."""
        before = self.ends
        self._service = await self._resolved() or self._service
        try:
            found = await self._client.get(ENDPOINT_SLICE, NAMESPACE, NAME)
        except (errors.Forbidden, errors.NotFound) as error:
            if self.is_whole:
                logger.warning("The API server's addresses are not to be had: %s", error)
            self.is_whole, self._behind = False, ()
        except errors.KubeError as error:
            logger.warning("The API server's addresses are unknown for now: %s", error)
        else:
            # None at all is a moment of a control plane that starts, not a fact to build on.
            self.is_whole, self._behind = True, ends_of(found) or self._behind
        if self.ends != before:
            logger.info("The API server is at %s", self.ends)
        return self.ends != before

    async def _resolved(self) -> tuple[End, ...]:
        """The address we use ourselves, which in a pod is the Service's."""
        parts = urlsplit(self._client.access.server)
        loop = asyncio.get_running_loop()
        port = parts.port or _HTTPS
        try:
            found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        except OSError as error:
            logger.warning("%s cannot be resolved: %s", parts.hostname, error)
            return ()
        return tuple((str(address[0]), port) for *_, address in found)


def ends_of(endpoint_slice: Mapping[str, Any]) -> tuple[End, ...]:
    """The addresses and ports of an EndpointSlice."""
    numbers = [port["port"] for port in endpoint_slice.get("ports") or () if port.get("port")]
    return tuple(
        (str(address), int(number))
        for endpoint in endpoint_slice.get("endpoints") or ()
        for address in endpoint.get("addresses") or ()
        for number in numbers
    )
