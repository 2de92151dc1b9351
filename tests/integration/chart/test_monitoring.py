"""What the chart brings to Prometheus and Grafana, judged by promtool and by the metrics there are."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.dashboards.pages import PAGES
from dev.docs import metrics
from polyant_operator.desired.pod_monitor import TARGET_LABELS
from support import helm, promtool

pytestmark = pytest.mark.integration

RUNBOOKS = Path(__file__).parents[3] / "docs" / "runbooks"
CASES = Path(__file__).parent / "alerts"
BASE = "https://runbooks.test/polyant"
# Labels that Prometheus itself gives to what it scrapes, and those of an instance's PodMonitor.
SCRAPED = {"namespace", "pod", "container", "job", "instance", "endpoint"}
BY_MONITOR = SCRAPED | set(TARGET_LABELS)


@cache
def rules() -> dict[str, Any]:
    values = f"--set=prometheusRule.enabled=true,prometheusRule.runbookUrl={BASE}"
    (found,) = helm.of_kind(helm.template(values), "PrometheusRule")
    return dict(found["spec"])


def alerts() -> list[dict[str, Any]]:
    return [rule for group in rules()["groups"] for rule in group["rules"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules of the chart with the tests of the alerts beside them."""
    made = tmp_path_factory.mktemp("rules")
    (made / "rules.yaml").write_text(yaml.safe_dump(rules()))
    for case in CASES.glob("*.yaml"):
        (made / case.name).write_text(case.read_text())
    return made


def test_the_rules_are_right(folder: Path) -> None:
    done = promtool.promtool(
        "check", "rules", "--lint=all", "--lint-fatal", "rules.yaml", folder=folder
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.glob("*.yaml")))
def test_alerts_fire_when_they_should_and_only_then(folder: Path, case: str) -> None:
    done = promtool.promtool("test", "rules", case, folder=folder)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_seen_firing_and_silent() -> None:
    expected: dict[str, set[bool]] = {}
    for path in CASES.glob("*.yaml"):
        for test in yaml.safe_load(path.read_text())["tests"]:
            for each in test["alert_rule_test"]:
                expected.setdefault(each["alertname"], set()).add(bool(each.get("exp_alerts")))

    assert expected == {rule["alert"]: {True, False} for rule in alerts()}


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    names = {rule["alert"] for rule in alerts()}

    assert {path.stem for path in RUNBOOKS.glob("Polyant*.md")} == names
    for rule in alerts():
        assert rule["annotations"]["runbook_url"] == f"{BASE}/{rule['alert']}.md"
        assert {"summary", "description"} <= set(rule["annotations"])
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert f"# {rule['alert']}\n" in (RUNBOOKS / f"{rule['alert']}.md").read_text()


def series() -> dict[str, frozenset[str]]:
    """Every name a query may use, with the labels its series have in all processes that export it."""
    known: dict[str, frozenset[str]] = {}
    for process, exported in metrics.processes().items():
        given = SCRAPED if process == "Operator" else BY_MONITOR
        for name, own in (pair for metric in exported for pair in metric.series.items()):
            known[name] = known.get(name, frozenset()) | own | given
    return known


def expressions() -> Iterator[str]:
    yield from (str(rule["expr"]) for rule in alerts())
    for page in PAGES.values():
        yield from (query.expression for panel in page.panels for query in panel.queries)
        yield from (variable.expression for variable in page.variables)


def test_alerts_and_dashboards_read_only_metrics_and_labels_that_there_are() -> None:
    known, asked = series(), list(expressions())

    wrong = [
        (use.metric, sorted(use.labels - known.get(use.metric, frozenset())), text)
        for text, found in zip(asked, promtool.uses(asked), strict=True)
        for use in found
        if use.metric not in known or not use.labels <= known[use.metric]
    ]

    assert wrong == []
    assert len(asked) > 40


def test_choices_at_the_top_are_labels_of_what_they_ask() -> None:
    known = series()
    variables = [variable for page in PAGES.values() for variable in page.variables]
    found = promtool.uses([variable.expression for variable in variables])

    for variable, (use,) in zip(variables, found, strict=True):
        assert variable.values_of in known[use.metric]


def test_the_operator_is_scraped_with_the_namespaces_of_instances_kept() -> None:
    values = "--set=metrics.podMonitor.enabled=true,metrics.serviceMonitor.enabled=true"
    objects = helm.template(values, "--set=metrics.podMonitor.labels.release=prometheus")
    (pods,), (services,) = (
        helm.of_kind(objects, kind) for kind in ("PodMonitor", "ServiceMonitor")
    )

    assert pods["metadata"]["labels"]["release"] == "prometheus"
    assert pods["spec"]["podMetricsEndpoints"][0]["honorLabels"] is True
    assert services["spec"]["endpoints"][0]["honorLabels"] is True
    (deployment,) = helm.of_kind(objects, "Deployment")
    (service,) = helm.of_kind(objects, "Service")
    chosen = pods["spec"]["selector"]["matchLabels"].items()
    assert chosen <= deployment["spec"]["template"]["metadata"]["labels"].items()
    assert (
        services["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    )


def test_a_monitor_of_the_service_needs_the_service() -> None:
    values = "metrics.serviceMonitor.enabled=true,metrics.service.enabled=false"
    done = helm.run("template", "x", str(helm.CHART), "--set", values)

    assert "metrics.serviceMonitor needs metrics.service.enabled" in done.stderr


def test_dashboards_come_as_the_sidecar_wants_them() -> None:
    objects = helm.template(
        "--set=dashboards.enabled=true,dashboards.annotations.grafana_folder=Polyant"
    )
    found = helm.of_kind(objects, "ConfigMap")

    assert [each["metadata"]["name"] for each in found] == [
        f"polyant-operator-dashboard-{name}" for name in sorted(PAGES)
    ]
    for each in found:
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert each["metadata"]["annotations"] == {"grafana_folder": "Polyant"}


def test_nothing_of_it_is_there_unless_asked_for() -> None:
    kinds = {each["kind"] for each in helm.template()}

    assert not kinds & {"PodMonitor", "ServiceMonitor", "PrometheusRule", "ConfigMap"}
