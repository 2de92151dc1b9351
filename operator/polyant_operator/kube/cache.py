"""What the watches and lists last showed, trimmed, grouped by instance.

A reconcile reads children from here instead of asking the API server twelve questions. Being a
moment behind is harmless: every apply is idempotent, and an object that is missing here is asked
for by name before it is created. An older version never replaces a newer one of the same object.
"""

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from polyant_operator.api import labels
from polyant_operator.kube.kinds import CHILDREN, INSTANCE, Kind, Object, Ref, ref_of
from polyant_operator.kube.packing import Packer

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


@dataclass(frozen=True, slots=True)
class _Kept:
    """An object, packed, and what tells its versions apart."""

    uid: str
    version: int
    packed: bytes


_Shelf: TypeAlias = dict[Ref, _Kept]


class Cache:
    """Instances by identity, children by instance."""

    def __init__(self) -> None:
        self._instances: _Shelf = {}
        self._children: dict[tuple[str, str], _Shelf] = defaultdict(dict)
        self._packer = Packer()

    def put(self, obj: Mapping[str, Any]) -> bool:
        """Remember an object, unless it or something newer is known; says whether it was news."""
        ref = ref_of(obj)
        shelf = self._shelf(ref, obj)
        if shelf is None or _is_known(obj, shelf.get(ref)):
            return False
        packed = self._packer.pack(ref.kind, trim(obj))
        shelf[ref] = _Kept(str(obj["metadata"].get("uid")), _version(obj), packed)
        return True

    def knows(self, obj: Mapping[str, Any]) -> bool:
        """Whether this version or a newer one is known. The one question other threads may ask."""
        ref, name = ref_of(obj), instance_of(obj)
        children = self._children.get((ref.namespace, name)) if name else None
        shelf = self._instances if ref.kind == INSTANCE else children
        return shelf is not None and _is_known(obj, shelf.get(ref))

    def drop(self, obj: Mapping[str, Any]) -> None:
        """Forget an object, unless it was made anew in the meantime."""
        ref = ref_of(obj)
        shelf = self._shelf(ref, obj)
        known = shelf.get(ref) if shelf is not None else None
        if shelf is not None and known and known.uid == str(obj["metadata"].get("uid")):
            del shelf[ref]

    def refresh(self, obj: Mapping[str, Any], known_before: Mapping[Ref, int]) -> Ref:
        """Take one object of a list that began when `known_before` was known.

        A version older than what was known then means that the cluster was restored from a backup.
        """
        ref = ref_of(obj)
        if _version(obj) < known_before.get(ref, 0):
            self._forget(ref)
        self.put(obj)
        return ref

    def forget_vanished(
        self, present: AbstractSet[Ref], known_before: Mapping[Ref, int]
    ) -> set[Ref]:
        """Forget what a whole list did not show any more; what came during the list stays."""
        vanished = set(known_before) - present
        for ref in vanished:
            self._forget(ref)
        return vanished

    def versions(self, kind: Kind) -> dict[Ref, int]:
        """Every known object of a kind, with its version."""
        shelves = [self._instances] if kind == INSTANCE else list(self._children.values())
        return {
            ref: kept.version
            for shelf in shelves
            for ref, kept in shelf.items()
            if ref.kind == kind
        }

    def refs(self, kind: Kind) -> set[Ref]:
        """Every known object of a kind."""
        return set(self.versions(kind))

    def instance(self, namespace: str, name: str) -> Object | None:
        """A PolyantInstance."""
        kept = self._instances.get(Ref(INSTANCE, namespace, name))
        return self._packer.unpack(INSTANCE, kept.packed) if kept else None

    def children(self, namespace: str, instance: str) -> dict[Ref, Object]:
        """The labelled objects of an instance."""
        shelf = self._children.get((namespace, instance), {})
        return {ref: self._packer.unpack(ref.kind, kept.packed) for ref, kept in shelf.items()}

    def child(self, ref: Ref, instance: str) -> Object | None:
        """One labelled object of an instance."""
        kept = self._children.get((ref.namespace, instance), {}).get(ref)
        return self._packer.unpack(ref.kind, kept.packed) if kept else None

    def _forget(self, ref: Ref) -> None:
        for shelf in (self._instances, *self._children.values()):
            shelf.pop(ref, None)

    def _shelf(self, ref: Ref, obj: Mapping[str, Any]) -> _Shelf | None:
        if ref.kind == INSTANCE:
            return self._instances
        if ref.kind not in CHILDREN:
            return (
                None  # Secrets above all: their data has no place here, and they are never pruned
            )
        name = instance_of(obj)
        return self._children[ref.namespace, name] if name else None


def _is_known(obj: Mapping[str, Any], known: _Kept | None) -> bool:
    if known is None or str(obj["metadata"].get("uid")) != known.uid:
        return False
    return _version(obj) <= known.version


def _version(obj: Mapping[str, Any]) -> int:
    text = str(obj["metadata"].get("resourceVersion", ""))
    return int(text) if text.isdigit() else 0
