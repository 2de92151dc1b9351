"""The measurement of the operator at scale still works, and at rest the operator asks and writes nothing."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
SMALL = "--instances 3 --runs 1 --rest 2 --rounds 2 --foreign 0 --others 3"


def rows(output: str, name: str) -> list[list[float]]:
    """Give min, median, max, and the naive peer's of each table."""
    lines = [line for line in output.splitlines() if line.startswith(name)]
    return [[float(each) for each in re.findall(r" (\d+\.\d)", line)] for line in lines]


def test_a_start_and_a_rest_write_nothing_and_the_naive_peer_does() -> None:
    command = [sys.executable, "-m", "bench", "operator", *SMALL.split()]

    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    starts = rows(done.stdout, "writes of a start")
    # The second finds changes of the first under way, which no controller finishes.
    assert starts[0][:3] == [0, 0, 0], done.stdout
    assert starts[0][3] > 3 * 10, "every child of every instance is written by the naive peer"
    assert [each[:3] for each in rows(done.stdout, "writes at rest")] == [[0, 0, 0]] * 2
    assert [each[:3] for each in rows(done.stdout, "requests at rest")] == [[0, 0, 0]] * 2
    assert "child edited -> repaired" in done.stdout
