"""Argo CD's Lua, run as Argo CD runs it: Lua 5.1 with `obj`, tables and nothing else.

gopher-lua, which Argo CD embeds, speaks 5.1; so does the interpreter here. Argo CD opens only the
base, package and table libraries and a clock, so that is all a script finds.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from lupa import lua51

ROOT = Path(__file__).parents[2] / "examples" / "argocd"
CUSTOMIZATION = ROOT / "resource_customizations" / "polyant.ai" / "PolyantInstance"
ACTIONS = CUSTOMIZATION / "actions"

# What the runtime has and Argo CD does not open.
_CLOSED = ("string", "math", "io", "os", "coroutine", "debug", "python", "dofile", "loadfile")

Object = Mapping[str, Any]


def run(script: Path, obj: Object) -> Any:
    """What a script returns for an object, as plain values."""
    runtime = lua51.LuaRuntime(unpack_returned_tuples=True, register_eval=False)
    for name in _CLOSED:
        runtime.globals()[name] = None
    runtime.globals()["obj"] = _table(runtime, obj)
    return _plain(runtime.execute(script.read_text()))


def health(obj: Object) -> tuple[str, str]:
    """State and message that Argo CD shows of an instance."""
    answer = run(CUSTOMIZATION / "health.lua", obj)
    assert set(answer) == {"status", "message"}
    return answer["status"], answer["message"]


def document(path: Path) -> dict[str, Any]:
    """The one YAML document of a file."""
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def _table(runtime: Any, value: object) -> Any:
    """Lua has one kind of table for both; an absent field is what JSON calls null."""
    if isinstance(value, Mapping):
        return runtime.table_from({key: _table(runtime, each) for key, each in value.items()})
    if isinstance(value, list):
        return runtime.table_from([_table(runtime, each) for each in value])
    return value


def _plain(value: Any) -> Any:
    if lua51.lua_type(value) != "table":
        return value
    keys = list(value.keys())
    if keys and keys == list(range(1, len(keys) + 1)):
        return [_plain(value[key]) for key in keys]
    return {key: _plain(value[key]) for key in keys}
