"""Argo CD's ConfigMap with our Lua scripts in it, for an Argo CD that does not ship them yet."""

from pathlib import Path

from dev.dist.manifests import ROOT

FOLDER = ROOT / "examples" / "argocd"
SCRIPTS = FOLDER / "resource_customizations" / "polyant.ai" / "PolyantInstance"
CONFIG_MAP = FOLDER / "argocd-cm.yaml"
KEY = "polyant.ai_PolyantInstance"

HEAD = """\
# What Argo CD has to know about PolyantInstance; merged into the ConfigMap that is there:
#   kubectl -n argocd patch configmap argocd-cm --patch-file argocd-cm.yaml
# Made by `make dist` from `resource_customizations/`.
apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cm
  namespace: argocd
  labels:
    app.kubernetes.io/name: argocd-cm
    app.kubernetes.io/part-of: argocd
data:
"""


def config_map() -> str:
    """Give the text of `argocd-cm.yaml`."""
    return (
        f"{HEAD}  resource.customizations.health.{KEY}: |\n"
        f"{_indented(_read(SCRIPTS / 'health.lua'), 4)}"
        f"  resource.customizations.actions.{KEY}: |\n{_indented(_actions(), 4)}"
    )


def _actions() -> str:
    """Give the scripts of all actions in the form that Argo CD reads from its ConfigMap."""
    folder = SCRIPTS / "actions"
    text = f"discovery.lua: |\n{_indented(_read(folder / 'discovery.lua'), 2)}definitions:\n"
    for script in sorted(folder.glob("*/action.lua")):
        text += f"  - name: {script.parent.name}\n    action.lua: |\n{_indented(_read(script), 6)}"
    return text


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _indented(text: str, by: int) -> str:
    return "".join(
        f"{' ' * by}{line}" if line.strip() else line for line in text.splitlines(keepends=True)
    )
