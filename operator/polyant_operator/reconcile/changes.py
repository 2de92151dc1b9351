"""What a pass would write, in words: each object, what changes in it, and what follows from that.

Secret values are never among the words: of a Secret only the names of its keys are told.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

from polyant_operator.api import labels
from polyant_operator.kube.differences import Difference, differences
from polyant_operator.kube.kinds import DEPLOYMENT, JOB, SECRET, STATEFUL_SET
from polyant_operator.kube.rehearsal import Verb, Write
from polyant_operator.reconcile.rehearsing import Outcome
from polyant_operator.verdicts import live

_LONGEST: Final = 160
_SIGNS: Final = {Verb.CREATE: "+", Verb.CHANGE: "~", Verb.DELETE: "-", Verb.SCALE: "~"}
_TEMPLATE: Final = (".spec", ".template")
_CONTENTS: Final = {
    labels.SECRET_DIGEST: "the content of a Secret they use",
    labels.CA_DIGEST: "the content of the ConfigMap of caBundleRef",
}


def text(outcome: Outcome) -> str:
    """Tell everything about one resource."""
    told = [line for write in outcome.writes for line in _write(write)]
    lines = [f"{outcome.name} in namespace {outcome.namespace}: {_count(changes(outcome))}"]
    lines += [f"  {line}" for line in (*told, *_afterwards(outcome))]
    return "".join(f"{line}\n" for line in lines)


def changes(outcome: Outcome) -> int:
    """Count the objects that would be made, changed or deleted, now or later."""
    written = {
        (write.kind, write.name)
        for write in outcome.writes
        if next(_write(write), None) is not None
    }
    return len(written) + len(outcome.later)


def _count(number: int) -> str:
    return {0: "no change", 1: "1 object changes"}.get(number, f"{number} objects change")


def _afterwards(outcome: Outcome) -> Iterator[str]:
    for ref in outcome.later:
        yield f"- {ref}"
        yield "    deleted later: it is not wanted any more, and stays until its successor serves"
    if outcome.rotating:
        names = " and ".join(outcome.rotating)
        yield f"! {names}: a change goes in steps, of which this is the first"
    if outcome.trouble is not None:
        yield f"! The operator would stop here ({outcome.trouble.reason}): {outcome.trouble.message}"
    if outcome.waits_for:
        yield f"! Engine, web and migration would wait: {outcome.waits_for}"
    if outcome.paused:
        yield "! spec.paused is true: nothing is written until it is false"
    for plural in outcome.unlisted:
        yield f"! You may not list {plural}: what would be deleted of them is not known"


def _write(write: Write) -> Iterator[str]:
    name = f"{_SIGNS[write.verb]} {write.kind.kind} {write.name}"
    match write.verb:
        case Verb.CREATE:
            yield name
            yield from _created(write)
        case Verb.DELETE:
            yield name
            yield f"    deleted: {_why_deleted(write)}"
        case Verb.SCALE:
            before = live.field(write.before, "spec", "replicas")
            yield name
            yield f"    replicas: {before} -> {write.sent['spec']['replicas']}"
        case Verb.CHANGE:
            yield from _changed(write, name)


def _created(write: Write) -> Iterator[str]:
    if write.kind == JOB:
        yield f"    runs the migration with image {_image(write.sent)}; engine and web wait for it"
    if write.kind == SECRET:
        keys = ", ".join(sorted({*write.sent.get("data", {}), *write.sent.get("stringData", {})}))
        yield f"    generated, with {keys}"


def _why_deleted(write: Write) -> str:
    if write.kind == JOB:
        return "another migration takes its place"
    return "it is not wanted any more"


def _changed(write: Write, name: str) -> Iterator[str]:
    found = differences(write.before or {}, write.sent)
    if not found:
        return
    yield name
    if write.kind == SECRET:
        keys = sorted({each.path[1].strip(".[]") for each in found if each.path[0] == ".data"})
        rest = [each for each in found if each.path[0] != ".data"]
        yield from (f"    another value for {key}" for key in keys)
        found = tuple(rest)
    yield from (f"    {_line(each)}" for each in found)
    restarting = [each for each in found if each.path[: len(_TEMPLATE)] == _TEMPLATE]
    if restarting and write.kind in (DEPLOYMENT, STATEFUL_SET):
        yield f"    {_restart(write, restarting)}"


def _line(each: Difference) -> str:
    if (content := _content(each)) is not None:
        return f"{content} has changed"
    return f"{each.text}: {_short(each.before)} -> {_short(each.after)}"


def _restart(write: Write, found: list[Difference]) -> str:
    replicas = live.number(write.before, "spec", "replicas")
    pods = (
        "its pod"
        if replicas == 1
        else f"its {replicas} pods"
        if replicas
        else "no pod, it has none"
    )
    reasons = dict.fromkeys(_content(each) or _part(each) for each in found)
    return f"replaces {pods}, because of {', '.join(reasons)}"


def _part(each: Difference) -> str:
    """Name what changed in a pod: the last two words of its path."""
    return "".join(each.path[-2:]).removeprefix(".")


def _content(each: Difference) -> str | None:
    return _CONTENTS.get(each.path[-1].strip("[]"))


def _short(value: Any) -> str:
    if value is None:
        return "(none)"
    written = json.dumps(value, ensure_ascii=False)
    return written if len(written) <= _LONGEST else f"{written[:_LONGEST]}..."


def _image(job: Any) -> str:
    (container, *_) = (*live.items(job, "spec", "template", "spec", "containers"), {})
    return str(container.get("image", ""))
