"""The operator's environment: defaults, every mistake at once, no surprise from empty values."""

import pytest

from polyant_operator import settings


def test_an_empty_environment_gives_the_documented_defaults() -> None:
    loaded = settings.load({})

    assert loaded.resync_seconds == 600
    assert loaded.workers == 10
    assert loaded.metrics_port == 8080
    assert loaded.watch_namespaces == ()
    assert loaded.lease == settings.LeaseTimes(lease=15, renew=10, retry=2)


def test_an_empty_variable_counts_as_unset() -> None:
    assert settings.load({"WORKERS": " ", "KUBECONFIG": ""}) == settings.load({})


def test_lists_are_split_at_commas() -> None:
    loaded = settings.load({"WATCH_NAMESPACES": "a, b,", "OPERATOR_IMAGE_PULL_SECRETS": "pull"})

    assert loaded.watch_namespaces == ("a", "b")
    assert loaded.image_pull_secrets == ("pull",)


def test_every_mistake_is_reported_at_once() -> None:
    environ = {
        "WORKERS": "many",
        "METRICS_PORT": "0",
        "LOG_LEVEL": "loud",
        "WATCH_NAMESPACES": "Not_A_Name",
        "OPERATOR_ENGINE_IMAGE": "registry/engine:1.0",
        "LEASE_RENEW_SECONDS": "14",
    }

    with pytest.raises(settings.ConfigurationError) as caught:
        settings.load(environ)

    named = {problem.partition("=")[0] for problem in caught.value.problems}
    assert named == set(environ)
    assert all("expected" in problem for problem in caught.value.problems)


def test_a_registry_port_is_no_tag() -> None:
    loaded = settings.load({"OPERATOR_ENGINE_IMAGE": "registry.local:5000/engine"})

    assert loaded.engine_image == "registry.local:5000/engine"


def test_warn_means_warning() -> None:
    assert settings.load({"LOG_LEVEL": "WARN"}).log_level == "warning"
