"""How many instances roll at one time when nobody asked for it, and who is next.

An operator release may change the pods of every instance. Each such rollout needs a place; who finds
none waits in the order of coming. What is true is in the cluster (`verdicts.rollout`), so a restart of
the operator loses nothing: places and the line are read once and kept current by the passes.

A change of an instance's own spec needs no place: nobody is held back by other people's rollouts.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from polyant_operator.api.conditions import Reason
from polyant_operator.api.names import Names
from polyant_operator.kube.cache import Cache
from polyant_operator.kube.kinds import DEPLOYMENT, INSTANCE, JOB, STATEFUL_SET, Object, Ref
from polyant_operator.verdicts import live, rollout
from polyant_operator.verdicts.rollout import Queued

Key: TypeAlias = tuple[str, str]  # namespace, name

DEFAULT_PLACES: Final = 5


class Rollouts:
    """The places and the line, over all instances of this process."""

    def __init__(self, cache: Cache, places: int = DEFAULT_PLACES) -> None:
        self._cache = cache
        self._places = places
        self._taken: dict[Key, None] = {}
        self._line: dict[Key, None] = {}
        self._is_known = False
        # Tells whoever works that an instance may go on; set once there is a queue.
        self.wake: Callable[[str, str], None] = lambda _namespace, _name: None

    def ask(self, key: Key) -> Queued | None:
        """Take a place, or be told how long the line is."""
        self._look()
        if key in self._taken:
            return None
        self._line.setdefault(key)
        position = list(self._line).index(key)
        if position < self._free():
            del self._line[key]
            self._taken[key] = None
            return None
        taken_by = tuple(sorted("/".join(each) for each in self._taken))
        return Queued(position=position + 1, places=self._places, taken_by=taken_by)

    def hold(self, key: Key) -> None:
        """Keep the place of a rollout that has begun, whatever the limit is by now."""
        self._look()
        self._line.pop(key, None)
        self._taken[key] = None

    def leave(self, key: Key) -> None:
        """Give the place back, or step out of the line; the next ones are woken."""
        self._look()
        was_here = key in self._taken or key in self._line
        self._taken.pop(key, None)
        self._line.pop(key, None)
        if was_here:
            for waiting in list(self._line)[: max(0, self._free())]:
                self.wake(*waiting)

    def _free(self) -> int:
        return self._places - len(self._taken)

    def _look(self) -> None:
        """Read once, from what the first lists showed, who rolls and who waited how long."""
        if self._is_known:
            return
        self._is_known = True
        jobs = self._jobs()
        waiting: list[tuple[str, Key]] = []
        for ref in sorted(self._cache.refs(INSTANCE)):
            key = (ref.namespace, ref.name)
            if self._is_under_way(key, jobs.get(key, [])):
                self._taken[key] = None
            elif (since := _waiting_since(self._cache.instance(*key))) is not None:
                waiting.append((since, key))
        self._line |= {key: None for _, key in sorted(waiting)}

    def _jobs(self) -> dict[Key, list[Object]]:
        found: dict[Key, list[Object]] = {}
        for ref in self._cache.refs(JOB):
            instance = ref.name.rpartition("-migrate-")[0]
            job = self._cache.child(ref, instance)
            if job is not None:
                found.setdefault((ref.namespace, instance), []).append(job)
        return found

    def _is_under_way(self, key: Key, jobs: list[Object]) -> bool:
        namespace, name = key
        names = Names(name)
        engine, web, database = (
            self._cache.child(Ref(kind, namespace, child), name)
            for kind, child in (
                (DEPLOYMENT, names.engine),
                (DEPLOYMENT, names.web),
                (STATEFUL_SET, names.database),
            )
        )
        return rollout.takes_place(engine, web, database, jobs)


def _waiting_since(instance: Object | None) -> str | None:
    for condition in live.items(instance, "status", "conditions"):
        if condition.get("type") == "Ready" and condition.get("reason") == Reason.ROLLOUT_QUEUED:
            return str(condition.get("lastTransitionTime") or "")
    return None
