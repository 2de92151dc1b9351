"""What the watches and lists last showed, trimmed, grouped by instance.

A reconcile reads children from here instead of asking the API server twelve questions. Being a
moment behind is harmless: every apply is idempotent, and an object that is missing here is asked
for by name before it is created. An older version never replaces a newer one of the same object.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from polyant_operator.api import labels
from polyant_operator.kube.kinds import CHILDREN, INSTANCE, Kind, Object, Ref, ref_of

# Nothing reads these, and together they are most of an object's size.
_NOISE: Final = ("managedFields", "selfLink")


def trim(obj: Mapping[str, Any]) -> Object:
    """The object without what nobody reads."""
    metadata = {name: value for name, value in obj["metadata"].items() if name not in _NOISE}
    return {**obj, "metadata": metadata}


def instance_of(obj: Mapping[str, Any]) -> str | None:
    """The name of the instance an object belongs to, by its label."""
    name = (obj["metadata"].get("labels") or {}).get(labels.OWNER)
    return str(name) if name else None


class Cache:
    """Instances by identity, children by instance."""

    def __init__(self) -> None:
        self._instances: dict[Ref, Object] = {}
        self._children: dict[tuple[str, str], dict[Ref, Object]] = defaultdict(dict)

    def put(self, obj: Mapping[str, Any]) -> bool:
        """Remember an object, unless it or something newer is known; says whether it was news."""
        ref = ref_of(obj)
        shelf = self._shelf(ref, obj)
        if shelf is None or _is_known(obj, shelf.get(ref)):
            return False
        shelf[ref] = trim(obj)
        return True

    def drop(self, obj: Mapping[str, Any]) -> None:
        """Forget an object, unless it was made anew in the meantime."""
        ref = ref_of(obj)
        shelf = self._shelf(ref, obj)
        if shelf is not None and shelf.get(ref, obj)["metadata"].get("uid") == obj["metadata"].get(
            "uid"
        ):
            shelf.pop(ref, None)

    def replace(
        self, listed: Iterable[Mapping[str, Any]], known_before: Mapping[Ref, int]
    ) -> set[Ref]:
        """Take a whole list of a kind; returns what had vanished without a watch telling.

        `known_before` is what was known when the list began: an object made during the list stays.
        A version older than what was known then means that the cluster was restored from a backup.
        """
        present = set()
        for obj in listed:
            ref = ref_of(obj)
            present.add(ref)
            if _version(obj) < known_before.get(ref, 0):
                self._forget(ref)
            self.put(obj)
        vanished = set(known_before) - present
        for ref in vanished:
            self._forget(ref)
        return vanished

    def versions(self, kind: Kind) -> dict[Ref, int]:
        """Every known object of a kind, with its version."""
        shelves = [self._instances] if kind == INSTANCE else list(self._children.values())
        return {
            ref: _version(obj)
            for shelf in shelves
            for ref, obj in shelf.items()
            if ref.kind == kind
        }

    def refs(self, kind: Kind) -> set[Ref]:
        """Every known object of a kind."""
        return set(self.versions(kind))

    def _forget(self, ref: Ref) -> None:
        for shelf in (self._instances, *self._children.values()):
            shelf.pop(ref, None)

    def instance(self, namespace: str, name: str) -> Object | None:
        """A PolyantInstance."""
        return self._instances.get(Ref(INSTANCE, namespace, name))

    def children(self, namespace: str, instance: str) -> dict[Ref, Object]:
        """The labelled objects of an instance."""
        return dict(self._children.get((namespace, instance), {}))

    def _shelf(self, ref: Ref, obj: Mapping[str, Any]) -> dict[Ref, Object] | None:
        if ref.kind == INSTANCE:
            return self._instances
        if ref.kind not in CHILDREN:
            return (
                None  # Secrets above all: their data has no place here, and they are never pruned
            )
        name = instance_of(obj)
        return self._children[ref.namespace, name] if name else None


def _is_known(obj: Mapping[str, Any], known: Mapping[str, Any] | None) -> bool:
    if known is None or obj["metadata"].get("uid") != known["metadata"].get("uid"):
        return False
    return _version(obj) <= _version(known)


def _version(obj: Mapping[str, Any]) -> int:
    text = str(obj["metadata"].get("resourceVersion", ""))
    return int(text) if text.isdigit() else 0
