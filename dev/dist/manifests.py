"""The operator as plain manifests: the chart with its default values, without what only Helm reads.

`config/operator.yaml` is for kustomize, `dist/install.yaml` for `kubectl apply -f` and for a URL.
"""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from typing_extensions import override

from dev.cluster import tools

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "polyant-operator"
CONFIG = ROOT / "config"
OPERATOR = CONFIG / "operator.yaml"
INSTALL = ROOT / "dist" / "install.yaml"
CRD = ROOT / "crds" / "polyant.ai_polyantinstances.yaml"
NAME = "polyant-operator"
NAMESPACE = "polyant-system"

# Helm finds its own objects by these; on others' objects they would mislead it and people.
HELM_LABELS = ("helm.sh/chart", "app.kubernetes.io/managed-by")
OPERATOR_HEAD = """\
# The operator, without namespace and CRD: the chart with its default values.
# Made by `make dist`. Change the chart instead, or overlay `config/`.
"""
INSTALL_HEAD = """\
# The operator with its namespace and its CRD, for: kubectl apply --server-side -f install.yaml
# Made by `make dist` from `config/` and `crds/`.
"""

Object = dict[str, Any]


class Dumper(yaml.SafeDumper):
    """YAML as people write it: lists are indented, nothing is an alias."""

    @override
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow=flow, indentless=False)

    @override
    def ignore_aliases(self, data: Any) -> bool:
        return True


def copy_crd() -> None:
    """Give the chart the CRD of the repository."""
    (CHART / "files" / CRD.name).write_bytes(CRD.read_bytes())


def operator() -> str:
    """Give the text of `config/operator.yaml`."""
    return OPERATOR_HEAD + "".join(map(_document, _rendered()))


def install() -> str:
    """Give the text of `dist/install.yaml`: what `kubectl kustomize config` makes, in order of need."""
    namespace = (CONFIG / "namespace.yaml").read_text(encoding="utf-8")
    operators = OPERATOR.read_text(encoding="utf-8").removeprefix(OPERATOR_HEAD)
    crd = CRD.read_text(encoding="utf-8").partition("---\n")[2]
    return f"{INSTALL_HEAD}---\n{namespace}---\n{crd}{operators}"


def _rendered() -> list[Object]:
    helm = str(tools.binary("helm"))
    command = [helm, "template", NAME, str(CHART), f"--namespace={NAMESPACE}"]
    command.append("--set=crds.install=false")
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    objects = [_without_helm(found) for found in yaml.safe_load_all(text) if found]
    return sorted(objects, key=_place)


def _place(obj: Object) -> tuple[int, str, str]:
    """Order: who the operator is, what it may do, what runs."""
    kinds = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
    kind = obj["kind"]
    return (kinds.index(kind) if kind in kinds else len(kinds), kind, obj["metadata"]["name"])


def _without_helm(obj: Any) -> Any:
    """Leave out what only Helm reads, on the object and on its pods."""
    if isinstance(obj, Mapping):
        return {key: _without_helm(value) for key, value in obj.items() if key not in HELM_LABELS}
    return [_without_helm(each) for each in obj] if isinstance(obj, list) else obj


def _document(obj: Object) -> str:
    return "---\n" + yaml.dump(obj, Dumper=Dumper, sort_keys=False, width=110)
