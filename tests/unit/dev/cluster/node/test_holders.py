"""Which process holds a node's namespaces."""

from pathlib import Path

import pytest

from dev.cluster.node import namespace


@pytest.mark.parametrize(
    ("words", "of_a", "of_any"),
    [
        (["/cache/bin/pause-12ab", "/clusters/a"], True, True),
        (["/cache/bin/pause-12ab", "/elsewhere/b"], False, True),
        (["/pause"], False, False),  # what holds a pod
        (["/cache/bin/pause-12ab"], False, False),
        (["cat", "/clusters/a"], False, False),
    ],
)
def test_a_holder_is_known_by_its_command(
    tmp_path: Path, words: list[str], *, of_a: bool, of_any: bool
) -> None:
    (tmp_path / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in words))

    assert namespace._is_holder(tmp_path, Path("/clusters/a")) == of_a
    assert namespace._is_holder(tmp_path) == of_any
