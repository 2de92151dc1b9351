"""Write docs/reference/polyantinstance.md from crds/: `python -m dev.docs.crd_reference`.

The page holds every field with its type, bounds, default, description and rules, so nobody needs to
read the schema. A test fails when it isn't current.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

Schema = Mapping[str, Any]

ROOT: Final = Path(__file__).parents[2]
CRD: Final = ROOT / "crds" / "polyant.ai_polyantinstances.yaml"
PAGE: Final = ROOT / "docs" / "reference" / "polyantinstance.md"
HEAD: Final = """\
# PolyantInstance

<!-- Written by `python -m dev.docs.crd_reference` from crds/: change it there. -->

One whole Polyant installation in one namespace: engine, web panel, migration and edge. API version
`polyant.ai/v1alpha1`, short name `pinst`. `kubectl explain pinst.spec` says the same in a terminal.

- Optional means left out: no field takes `null` or an empty text.
- References name Secrets and ConfigMaps of the instance's own namespace.
- The name of an instance has at most 35 characters, because the names of its objects are derived from it.
- What breaks a rule is refused with the rule's words, which say what to do instead; [what the rules cost](cel-costs.md).

The smallest one:

```yaml
apiVersion: polyant.ai/v1alpha1
kind: PolyantInstance
metadata:
  name: acme
spec:
  database:
    urlSecretRef: {name: acme-db}
```

## Annotations

| annotation | effect |
|---|---|
| `polyant.ai/retry-migration: <anything new>` | a failed migration is tried again |
| `polyant.ai/take-over: <installation id>` | this instance may take over the database of that installation |
| `polyant.ai/promote: <engine pod>` | that pod leads within seconds, once ([leadership](leadership.md#moving-the-leader)) |
| `polyant.ai/confirm-data-loss: <uid of the instance>` | with `deletionPolicy: Delete`, the generated encryption key goes too |

## Variables the operator sets

`spec.engine.env` and `spec.web.env` refuse the names that other fields stand for:

| names | field |
|---|---|
| `DATABASE_URL`, `POSTGRES_*`, `DATABASE_POOL_SIZE` | `spec.database` |
| `ENCRYPTION_KEY`, `ENCRYPTION_KEY_PREVIOUS`, `AUTH_SECRET`, `AUTH_INTERNAL_SECRET` | `spec.secrets` |
| `INITIAL_ADMIN_EMAIL`, `INITIAL_ADMIN_PASSWORD` | `spec.admin` |
| `MODELS`, `MODEL_API_KEY_*`, `MODEL_PRIVATE_HOSTS` | `spec.models` |
| `AUTH_TRUST_HOST`, `AUTH_URL`, `BASE_URL`, `CORS_ORIGINS`, `NEXT_PUBLIC_API_URL`, `TRUST_PROXY` | `spec.edge` |
| `CHANNELS_ENABLED`, `OUTBOUND_POLICY` | `spec.channels` |
| `AGENT_CALL_TIMEOUT_MS` and the other numbers of the product | `spec.engine.tunables` |
| ports, `ELECTION_*`, `INSTALLATION_*`, `INTERNAL_ENGINE_URL`, `KUBERNETES_*`, `MIGRATE_*`, `NODE_ENV`, `POD_*`, `TERMINATION_MESSAGE_PATH` | none: the operator's own |

"""
TOKEN: Final = re.compile(
    r"""
    "(?P<double>(?:[^"\\]|\\.)*)" | '(?P<single>(?:[^'\\]|\\.)*)' | [()\[\]+] | [^"'()\[\]+]+
    """,
    re.VERBOSE,
)
# Of names and keys everybody knows how they are written.
USUAL: Final = ("'...' is not a valid object name", "'...' is not a valid key")
# Shown once, because the three are equal.
POD: Final = ".podDefaults"
POD_USERS: Final = (".engine.pod", ".web.pod")
FOREIGN_FIELDS: Final = ("affinity", "podSelector", "namespaceSelector")
FOREIGN: Final = (
    "as in Kubernetes: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/"
)


def page() -> str:
    """Give the whole page."""
    version = yaml.safe_load(CRD.read_text())["spec"]["versions"][0]
    schema: Schema = version["schema"]["openAPIV3Schema"]
    spec, status = schema["properties"]["spec"], schema["properties"]["status"]
    parts = [HEAD, "## spec\n", *_rules(spec), *_sections(spec, "spec")]
    parts += ["\n## status\n\nWritten by the operator alone.\n", *_table(status, "status")]
    return "".join(parts)


def _sections(spec: Schema, root: str) -> Iterator[str]:
    """Write a table of the plain fields, then a section for each group."""
    groups = {name: node for name, node in spec["properties"].items() if _fields(node)}
    plain = {name: node for name, node in spec["properties"].items() if name not in groups}
    yield from _table({"properties": plain, "required": spec.get("required", ())}, root)
    for name, node in groups.items():
        kind = "[]" if node["type"] == "array" else ""
        yield f"\n### {root}.{name}{kind}\n\n{node['description']}\n"
        inner = node["items"] if kind else node
        yield from _rules(inner)
        yield from _table(inner, f"{root}.{name}{kind}")


def _table(node: Schema, root: str) -> Iterator[str]:
    yield "\n| field | type | default | meaning |\n|---|---|---|---|\n"
    for path, field, required in _rows(node, ""):
        default = "required" if required else _default(field)
        yield f"| `{path}` | {_type(field)} | {default} | {_meaning(field, f'{root}.{path}')} |\n"


def _rows(node: Schema, prefix: str) -> Iterator[tuple[str, Schema, bool]]:
    for name, field in node["properties"].items():
        path = f"{prefix}{name}"
        yield path, field, name in node.get("required", ())
        inner = field.get("items", field)
        if inner.get("properties") and not _is_leaf(path, field):
            yield from _rows(inner, f"{path}[]." if field["type"] == "array" else f"{path}.")


def _is_leaf(path: str, field: Schema) -> bool:
    """Tell whether a field is shown as a whole: a reference, or what is explained elsewhere."""
    if path.rpartition(".")[2] in FOREIGN_FIELDS:
        return True
    return path == "pod" or set(field.get("properties", ())) == {"name", "key"}


def _type(field: Schema) -> str:
    if set(field.get("properties", ())) == {"name", "key"}:
        return "reference `{name, key}`"
    bounds = _bounds(field)
    if "x-kubernetes-int-or-string" in field:
        return "number or text"
    name = "map" if "additionalProperties" in field else str(field["type"])
    name = {"array": "list", "string": "text", "boolean": "true or false"}.get(name, name)
    if "enum" in field:
        return ", ".join(f"`{choice}`" for choice in field["enum"])
    return f"{name} {bounds}".strip()


def _bounds(field: Schema) -> str:
    if "minimum" in field and "maximum" in field:
        return f"{field['minimum']} to {field['maximum']}"
    for key, unit in (("maxLength", "characters"), ("maxItems", ""), ("maxProperties", "")):
        if key in field:
            return f"(at most {field[key]} {unit}".rstrip() + ")"
    return ""


def _default(field: Schema) -> str:
    default = field.get("default") or field.get("properties", {}).get("key", {}).get("default")
    if "default" in field and default is None:
        default = field["default"]
    if default is None or isinstance(default, dict):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _meaning(field: Schema, place: str) -> str:
    sentences = [str(field["description"])]
    if place.endswith(".affinity"):
        sentences.append(FOREIGN)
    if any(place.endswith(user) for user in POD_USERS):
        sentences.append("Fields as in [spec.podDefaults](#specpoddefaults).")
    inner = field.get("items", field)
    texts = [*_texts(field), *(_texts(inner) if inner is not field else ())]
    sentences += [_capital(_cure(text)) for text in texts if not text.startswith(USUAL)]
    return "<br>".join(_escaped(sentence) for sentence in sentences)


def _rules(node: Schema) -> Iterator[str]:
    texts = _texts(node)
    if texts:
        yield "\n" + "".join(f"- *{_escaped(text)}*\n" for text in texts)


def _texts(node: Schema) -> list[str]:
    return [words(rule) for rule in node.get("x-kubernetes-validations", ())]


def words(rule: Mapping[str, str]) -> str:
    """Give a rule's message; what it computes becomes an ellipsis."""
    if "message" in rule:
        return rule["message"]
    pieces: list[str] = []
    depth = 0
    for found in TOKEN.finditer(rule["messageExpression"]):
        token = found.group().strip()
        depth += (token in {"(", "["}) - (token in {")", "]"})
        literal = found["double"] or found["single"]
        if depth == 0 and literal is not None:
            pieces.append(re.sub(r"\\(.)", r"\1", literal))
        elif token not in {"+", ""} and pieces[-1:] != ["..."]:
            pieces.append("...")
    return "".join(pieces)


def _cure(text: str) -> str:
    """Leave out what is wrong with a single value: here people read what is right."""
    problem, _, cure = text.partition("; ")
    return cure if problem.startswith("'...'") else text


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _fields(node: Schema) -> bool:
    return bool(node.get("items", node).get("properties"))


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("&lt;br>", "<br>")


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
