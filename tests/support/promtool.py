"""Prometheus' own tools, for what the chart brings to it."""

import json
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.cluster import tools


@dataclass(frozen=True, kw_only=True)
class Use:
    """A metric that an expression reads, and labels it has to have."""

    metric: str
    labels: frozenset[str]


def promtool(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run promtool in a folder."""
    command = [str(tools.binary("promtool")), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def uses(expressions: Sequence[str]) -> list[tuple[Use, ...]]:
    """What each expression reads, by Prometheus' own parser; a wrong one is an error."""
    done = subprocess.run(
        [str(tools.binary("selectors"))],
        input=json.dumps(list(expressions)),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = json.loads(done.stdout)
    wrong = [
        (text, each["error"])
        for text, each in zip(expressions, answers, strict=True)
        if each.get("error")
    ]
    assert not wrong, wrong
    return [tuple(_uses(each["uses"])) for each in answers]


def _uses(listed: Iterable[dict[str, object]]) -> Iterable[Use]:
    for each in listed:
        labels = each["labels"]
        assert isinstance(labels, list)
        yield Use(metric=str(each["metric"]), labels=frozenset(map(str, labels)))
