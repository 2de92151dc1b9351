"""Files made of others are fresh. Mend them with: make dist."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.dist import chart_readme, customizations, manifests
from polyant_operator.api.instance import parse
from support import argocd

FRESH = "run `make dist`"


@pytest.fixture(scope="module")
def installed() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(manifests.INSTALL.read_text()))


def test_install_yaml_holds_what_config_and_crds_hold() -> None:
    assert manifests.install() == manifests.INSTALL.read_text(), FRESH


def test_the_config_map_of_argo_cd_holds_the_scripts() -> None:
    assert customizations.config_map() == customizations.CONFIG_MAP.read_text(), FRESH


def test_the_readme_of_the_chart_names_every_value() -> None:
    assert chart_readme.readme() == chart_readme.README.read_text(), FRESH


def test_the_namespace_comes_first_and_the_operator_after_its_crd(
    installed: list[dict[str, Any]],
) -> None:
    kinds = [obj["kind"] for obj in installed]

    assert kinds[:2] == ["Namespace", "CustomResourceDefinition"]
    assert kinds.index("ServiceAccount") < kinds.index("Deployment")
    assert len({(obj["kind"], obj["metadata"]["name"]) for obj in installed}) == len(installed)


def test_nothing_pretends_to_be_of_helm(installed: list[dict[str, Any]]) -> None:
    assert [obj["metadata"]["name"] for obj in installed if "helm" in json.dumps(obj).lower()] == []


def test_the_scripts_arrive_in_argo_cd_as_they_are() -> None:
    data = yaml.safe_load(customizations.CONFIG_MAP.read_text())["data"]
    actions = yaml.safe_load(data["resource.customizations.actions.polyant.ai_PolyantInstance"])
    health = data["resource.customizations.health.polyant.ai_PolyantInstance"]

    assert health == (argocd.CUSTOMIZATION / "health.lua").read_text()
    assert actions["discovery.lua"] == (argocd.ACTIONS / "discovery.lua").read_text()
    assert {each["name"]: each["action.lua"] for each in actions["definitions"]} == {
        script.parent.name: script.read_text() for script in argocd.ACTIONS.glob("*/action.lua")
    }


def test_comments_belong_to_the_value_below_them() -> None:
    text = "# One\n# thing.\na:\n  # Two.\n  b: 1\n\n  c: {}\n# Three.\nd: []\n"

    assert chart_readme.comments(text) == {"a": "One thing.", "a.b": "Two.", "d": "Three."}


def test_every_value_of_the_chart_is_explained() -> None:
    text = chart_readme.VALUES.read_text()
    paths = {path for path, _ in chart_readme._leaves(yaml.safe_load(text))}

    assert set() == paths - set(chart_readme.comments(text))


def test_every_value_of_the_chart_is_in_its_schema() -> None:
    schema = json.loads((manifests.CHART / "values.schema.json").read_text())
    values = yaml.safe_load(chart_readme.VALUES.read_text())

    for path, _ in chart_readme._leaves(values):
        node: Any = schema
        for name in path.split("."):
            if "properties" not in node:  # people's own names, such as labels
                break
            assert name in node["properties"], path
            node = node["properties"][name]
    assert schema["additionalProperties"] is False


def test_the_chart_carries_no_file_that_only_makes_another() -> None:
    ignored = (manifests.CHART / ".helmignore").read_text().splitlines()

    assert Path(chart_readme.TEXT).name in ignored


def test_what_the_chart_tells_artifact_hub_is_true() -> None:
    chart = yaml.safe_load((manifests.CHART / "Chart.yaml").read_text())
    told = {
        key.partition("/")[2]: yaml.safe_load(text) for key, text in chart["annotations"].items()
    }
    values = yaml.safe_load(chart_readme.VALUES.read_text())
    version = chart["appVersion"]

    assert [each["image"] for each in told["images"]] == [
        f"{values['image']['repository']}:{version}",
        f"{values['operand']['engineImage']}:{version}",
        values["operand"]["databaseImage"],
    ]
    crd = yaml.safe_load(manifests.CRD.read_text())
    assert [each["name"] for each in told["crds"]] == [crd["metadata"]["name"]]
    assert parse(told["crdsExamples"][0]).names.instance == "acme"
