"""Many choices of values, each accepted by a real API server; what only one choice may do is refused."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from support import apiserver, helm

pytestmark = pytest.mark.integration

# Lists of somebody else's objects; the chart's own tests look at them.
FOREIGN = "monitoring.coreos.com"
COMBINATIONS: Mapping[str, tuple[str, ...]] = {
    "defaults": (),
    "namespaced": ("--set-json", 'watchNamespaces=["team-a","team-b"]'),
    "bare": (
        "--set=rbac.aggregate=false,podDisruptionBudget.enabled=false",
        "--set=metrics.service.enabled=false,replicas=1",
    ),
    "own-account": ("--set=serviceAccount.create=false,serviceAccount.name=somebody",),
    "mirrored": (
        "--set=image.registry=registry.test:5000,image.tag=1.2.3,imagePullSecrets={a,b}",
        "--set=operand.engineImage=registry.test:5000/engine,operand.imagePullSecrets={c}",
    ),
    "placed": (
        "--set=priorityClassName=system-cluster-critical,nodeSelector.disk=ssd",
        "--set-json",
        'tolerations=[{"key":"dedicated","operator":"Exists","effect":"NoSchedule"}]',
        "--set-json",
        (
            'affinity={"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":'
            '{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"Exists"}]}]}}}'
        ),
        "--set-json",
        (
            'topologySpreadConstraints=[{"maxSkew":2,"topologyKey":"zone",'
            '"whenUnsatisfiable":"DoNotSchedule","labelSelector":{}}]'
        ),
    ),
    "labelled": (
        "--set-string=podLabels.team=a,podAnnotations.note=1,serviceAccount.annotations.role=x",
        "--set-string=metrics.service.labels.a=b,metrics.service.annotations.c=d",
    ),
    "named": ("--set=fullnameOverride=chat,logLevel=debug,workers=3,resyncSeconds=30",),
    "seen": ("--set=dashboards.enabled=true,prometheusRule.enabled=true",),
    "a-release-with-a-name-as-long-as-helm-lets-it-be-ever": (),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apiserver.ApiServer]:
    with apiserver.running(tmp_path_factory.mktemp("chart")) as running:
        for name in ("polyant-system", "team-a", "team-b"):
            running.kubectl("create", "namespace", name)
        yield running


def rendered(release: str, *arguments: str) -> list[dict[str, Any]]:
    chart = [str(helm.CHART), "--namespace=polyant-system"]
    if release != "defaults":
        chart.append("--set=crds.install=false")  # it is big and the same every time
    done = helm.run("template", release, *chart, *arguments)
    assert done.returncode == 0, done.stderr
    found = [each for each in yaml.safe_load_all(done.stdout) if each]
    return [each for each in found if not each["apiVersion"].startswith(FOREIGN)]


@pytest.mark.parametrize("name", COMBINATIONS)
def test_an_api_server_takes_what_the_chart_makes(server: apiserver.ApiServer, name: str) -> None:
    text = yaml.safe_dump_all(rendered(name, *COMBINATIONS[name]))
    done = server.try_kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=text)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", COMBINATIONS)
def test_every_name_fits_and_every_object_has_a_place(name: str) -> None:
    cluster_wide = {"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"}
    for each in rendered(name, *COMBINATIONS[name]):
        assert len(each["metadata"]["name"]) <= 63
        assert ("namespace" in each["metadata"]) == (each["kind"] not in cluster_wide)
        assert each["metadata"]["labels"]["app.kubernetes.io/instance"] == name
