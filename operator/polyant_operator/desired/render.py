"""Everything an instance would get, as text for people: stage by stage, in the order of applying.

What only a cluster knows is a placeholder: uids, digests over Secret values, generated values, the
API server's address.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

import yaml
from typing_extensions import override

from polyant_operator.api.errors import FieldError, InvalidInstance
from polyant_operator.api.instance import PolyantInstance, parse
from polyant_operator.api.labels import KIND, Component
from polyant_operator.desired import replicas, secrets, tree
from polyant_operator.desired.context import Context, Manifest, OperandOptions

_UID: Final = "00000000-0000-0000-0000-000000000000"
_DIGEST: Final = "0" * 32
# An address for examples.
_API_SERVER: Final = (("192.0.2.1", 443),)


class _Dumper(yaml.SafeDumper):
    """Writes shared parts out each time: anchors are hard to read."""

    @override
    def represent_data(self, data: Any) -> yaml.Node:
        node = super().represent_data(data)
        if isinstance(node, yaml.ScalarNode) and isinstance(data, str) and _is_number(data):
            # Newer YAML than ours reads 1e3 and 0o7 as numbers.
            node.style = "'"
        return node

    @override
    def ignore_aliases(self, data: Any) -> bool:
        return True


def render_text(text: str, options: OperandOptions) -> str:
    """Render every instance in a YAML text, or raise InvalidInstance with all problems of all."""
    bodies = instances(text)
    rendered, errors = [], []
    for number, body in enumerate(bodies, start=1):
        try:
            rendered.append(render(body, options))
        except InvalidInstance as invalid:
            place = f"instance {number}, " if len(bodies) > 1 else ""
            errors += [replace(error, path=place + error.path) for error in invalid.errors]
    if errors:
        raise InvalidInstance(errors)
    return "".join(rendered)


def render(body: Mapping[str, Any], options: OperandOptions) -> str:
    """Render one instance, or raise InvalidInstance with all its problems."""
    instance = _placed(parse(body))
    parts: list[str] = []
    for title, manifests in _stages(instance, options):
        header = "".join(f"# {line}\n" for line in title.splitlines())
        parts.append(f"---\n{header}")
        parts.append("---\n".join(_dumped(manifest) for manifest in manifests))
    return "".join(parts)


def _stages(
    instance: PolyantInstance, options: OperandOptions
) -> Iterator[tuple[str, tuple[Manifest, ...]]]:
    context = Context(
        options=options,
        secret_digests=dict.fromkeys(Component, _DIGEST),
        migration_hash=_DIGEST,
        api_server=_API_SERVER,
    )
    generated = tuple(_secret(instance, secret) for secret in secrets.wanted(instance))
    yield "1. Generated Secrets: created once if absent, never changed, kept afterwards", generated
    yield (
        "2. Always: policies, identity, Services, embedded database",
        tree.always(instance, context),
    )
    gate = "3. The gate: created once per image, database, keys and wish; its name ends in a hash"
    yield gate, (tree.migration_job(instance, context),)
    counts = ", ".join(f"{name}: {count}" for name, count in replicas.wanted(instance).items())
    behind = f"4. Behind the gate\nreplicas are set through the scale subresource: {counts}"
    yield behind, tree.workloads(instance, context)


def _secret(instance: PolyantInstance, secret: secrets.GeneratedSecret) -> Manifest:
    manifest = secrets.metadata(instance, secret)
    known = {"email": instance.spec.admin.email}
    values = {key: known.get(key, "<generated>") for key in sorted(secret.keys)}
    return {**manifest, "type": "Opaque", "immutable": True, "stringData": values}


def _placed(instance: PolyantInstance) -> PolyantInstance:
    if instance.uid:
        return instance
    metadata = instance.metadata.model_copy(update={"uid": _UID})
    return instance.model_copy(update={"metadata": metadata})


def _is_number(text: str) -> bool:
    if not any(sign.isdigit() for sign in text):
        return False
    for reads in (float, partial(int, base=0)):
        try:
            reads(text)
        except ValueError:
            continue
        return True
    return False


def _dumped(manifest: Manifest) -> str:
    return yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, width=110)


def instances(text: str) -> list[dict[str, Any]]:
    """Read every instance in a YAML text, or raise InvalidInstance when there is none."""
    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise InvalidInstance([_not_yaml(error)]) from None
    found = [each for each in documents if isinstance(each, dict) and each.get("kind") == KIND]
    if not found:
        raise InvalidInstance(
            [
                FieldError(
                    path="file",
                    value="",
                    message=f"holds no {KIND}",
                    cure=f"give a YAML file with an object of kind {KIND}",
                )
            ]
        )
    return found


def _not_yaml(error: yaml.YAMLError) -> FieldError:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    place = f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else "file"
    problem = (error.problem if isinstance(error, yaml.MarkedYAMLError) else None) or "unreadable"
    return FieldError(
        path=place, value="", message=f"is not YAML: {problem}", cure="correct the file"
    )
