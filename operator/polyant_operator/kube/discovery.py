"""Which APIs the cluster has that not every cluster has.

An installation can use kinds that come with other people's operators: PodMonitor, HTTPRoute,
Certificate. Whether they are there is asked for at the start, at each resync and in between, so
that one installed later is used without a restart. What could not be asked stays as it was known.
"""

import asyncio
import logging
from collections.abc import Iterable

from polyant_operator.kube import errors
from polyant_operator.kube.client import Client
from polyant_operator.kube.kinds import OPTIONAL, Kind

logger = logging.getLogger(__name__)


class Discovery:
    """What the API server serves beyond Kubernetes' own kinds."""

    def __init__(self, client: Client, optional: Iterable[Kind] = OPTIONAL) -> None:
        self._client = client
        self._optional = tuple(optional)
        self._served: frozenset[Kind] = frozenset()

    def available(self, kind: Kind) -> bool:
        """Whether a kind can be used; those that every cluster has always can."""
        return kind not in self._optional or kind in self._served

    def absent(self) -> frozenset[str]:
        """The names of the kinds that cannot be used."""
        return frozenset(kind.kind for kind in self._optional if kind not in self._served)

    async def refresh(self) -> bool:
        """Ask again; says whether the answer is another one."""
        before = self._served
        found = await asyncio.gather(*(self._is_served(kind) for kind in self._optional))
        self._served = frozenset(
            kind for kind, is_there in zip(self._optional, found, strict=True) if is_there
        )
        for kind in sorted(self._served ^ before):
            word = "is there" if kind in self._served else "is not there any more"
            logger.info("The API of %s (%s) %s", kind.kind, kind.api_version, word)
        return self._served != before

    async def _is_served(self, kind: Kind) -> bool:
        # The root of a group's version lists its resources; everybody who is logged in may read it.
        path = f"/apis/{kind.api_version}"
        try:
            answer = await self._client.request("GET", kind, path)
        except (errors.NotFound, errors.Forbidden):
            return False
        except errors.KubeError as error:
            logger.warning("It is unknown whether %s is served: %s", kind.kind, error)
            return kind in self._served
        return any(each.get("name") == kind.plural for each in answer.get("resources") or ())
