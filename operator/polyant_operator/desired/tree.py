"""All objects of an instance, in the order they are applied.

always         whatever becomes of the migration: policies, identity, Services, embedded database
migration_job  the gate
workloads      behind the gate: Deployments, budgets, edge
"""

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired import (
    autoscaler,
    database_stateful_set,
    edge,
    engine_deployment,
    lease,
    network_policies,
    pod_disruption_budget,
    pod_monitor,
    role,
    service_account,
    services,
    web_deployment,
)
from polyant_operator.desired import migration_job as jobs
from polyant_operator.desired.context import Context, Manifest


def always(instance: PolyantInstance, context: Context) -> tuple[Manifest, ...]:
    """List what exists from the start."""
    embedded = instance.spec.database.embedded
    found: list[Manifest] = [
        *network_policies.build(instance, context),
        service_account.build(instance),
        *role.build(instance),
        lease.build(instance, context),
        services.engine(instance),
        services.web(instance),
        *pod_monitor.build(instance, context),
    ]
    if embedded is not None:
        found.append(services.database(instance))
        found.append(database_stateful_set.build(instance, context, embedded))
    return tuple(found)


def migration_job(instance: PolyantInstance, context: Context) -> Manifest:
    """Give the Job that opens the gate; it is created, never applied."""
    return jobs.build(instance, context)


def workloads(instance: PolyantInstance, context: Context) -> tuple[Manifest, ...]:
    """List what exists once the database fits."""
    names = instance.names
    found: list[Manifest] = [
        engine_deployment.build(instance, context),
        web_deployment.build(instance, context),
        pod_disruption_budget.build(instance, names.engine, Component.ENGINE),
        pod_disruption_budget.build(instance, names.web, Component.WEB),
    ]
    scaling = instance.spec.engine.autoscaling
    if scaling is not None:
        found.append(autoscaler.build(instance, scaling))
    found += edge.build(instance, context)
    return tuple(found)
