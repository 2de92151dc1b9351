"""Argo CD's own interpreter gives the answers that the fast tests get from another one."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.cluster.tools import compiler
from support import argocd

pytestmark = pytest.mark.integration

PROGRAM = Path(__file__).parent / "gopherlua"
OBJECTS = sorted(argocd.CUSTOMIZATION.rglob("testdata/*.yaml"))
SCRIPTS = sorted(argocd.CUSTOMIZATION.rglob("*.lua"))

Runner = Callable[[Path, dict[str, Any]], Any]


@pytest.fixture(scope="module")
def gopher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    binary = tmp_path_factory.mktemp("gopherlua") / "gopherlua"
    command = [compiler.go_program(), "build", "-o", str(binary), "."]
    subprocess.run(command, cwd=PROGRAM, check=True, timeout=240)
    with subprocess.Popen(
        [str(binary)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        asking, answering = process.stdin, process.stdout
        assert asking is not None
        assert answering is not None

        def run(script: Path, obj: dict[str, Any]) -> Any:
            asking.write(json.dumps({"script": script.read_text(), "obj": obj}) + "\n")
            asking.flush()
            return json.loads(answering.readline())

        yield run
        asking.close()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_both_interpreters_agree_on_all_test_data(script: Path, gopher: Runner) -> None:
    for path in OBJECTS:
        obj = argocd.document(path)

        assert argocd.run(script, obj) == gopher(script, obj), path.name


def test_there_are_scripts_and_data() -> None:
    assert (len(SCRIPTS), len(OBJECTS)) >= (5, 15)
