"""Metrics have controller-runtime's names, and series of gone instances disappear."""

from prometheus_client import generate_latest

from polyant_operator.observability import metrics


def lines() -> list[str]:
    return generate_latest(metrics.REGISTRY).decode().splitlines()


def test_the_names_are_those_existing_dashboards_know() -> None:
    text = "\n".join(lines())

    for name in (
        "workqueue_depth",
        "workqueue_adds_total",
        "workqueue_retries_total",
        "workqueue_queue_duration_seconds_bucket",
        "workqueue_work_duration_seconds_bucket",
        "controller_runtime_reconcile_time_seconds_bucket",
        "workqueue_unfinished_work_seconds",
        "workqueue_longest_running_processor_seconds",
        "controller_runtime_active_workers",
        "controller_runtime_max_concurrent_reconciles",
        "controller_runtime_reconcile_errors_total",
    ):
        assert f"{name}{{" in text


def test_conditions_are_numbers_and_those_that_went_disappear() -> None:
    metrics.show_conditions(
        "ns", "only here", {"Ready": "False", "Stalled": "True", "Migrated": "Unknown"}
    )
    metrics.show_conditions("ns", "only here", {"Ready": "True", "Migrated": "Unknown"})

    shown = [line for line in lines() if "only here" in line]
    assert sorted(shown) == [
        'polyant_instance_condition{name="only here",namespace="ns",type="Migrated"} -1.0',
        'polyant_instance_condition{name="only here",namespace="ns",type="Ready"} 1.0',
    ]
    metrics.forget_instance("ns", "only here")
    assert [line for line in lines() if 'name="only here"' in line] == []


def test_the_age_of_a_leader_is_there_while_an_engine_is_ready() -> None:
    metrics.show_leader_age("ns", "led", 15.0)
    shown = [line for line in lines() if 'name="led"' in line]
    metrics.show_leader_age("ns", "led", None)

    assert shown == ['polyant_instance_leader_age_seconds{name="led",namespace="ns"} 15.0']
    assert [line for line in lines() if 'name="led"' in line] == []


def test_requests_have_the_name_and_labels_of_other_clients() -> None:
    metrics.api_requests.labels("GET", "secrets", "200").inc()

    (family,) = [each for each in metrics.REGISTRY.collect() if each.name == "rest_client_requests"]

    assert {"method", "code"} <= set(family.samples[0].labels)


def test_pods_of_an_instance_are_counted_until_it_is_gone() -> None:
    metrics.show_replicas("ns", "counted", {"engine": {"replicas": 2, "ready": 1}})

    shown = {line for line in lines() if 'name="counted"' in line}
    labels = 'component="engine",name="counted",namespace="ns"'
    assert shown == {
        f'polyant_instance_replicas{{{labels},state="existing"}} 2.0',
        f'polyant_instance_replicas{{{labels},state="ready"}} 1.0',
    }
    metrics.forget_instance("ns", "counted")
    assert not [line for line in lines() if 'name="counted"' in line]


def test_an_instance_has_one_reason() -> None:
    metrics.show_reason("ns", "reasoned", "Progressing")
    metrics.show_reason("ns", "reasoned", "Ready")

    shown = [line for line in lines() if 'name="reasoned"' in line]
    assert shown == ['polyant_instance_reason{name="reasoned",namespace="ns",reason="Ready"} 1.0']
    metrics.forget_instance("ns", "reasoned")
    assert not [line for line in lines() if 'name="reasoned"' in line]
