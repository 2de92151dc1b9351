"""The migration Job: the gate in front of every rollout.

Named after what makes it worth running again, so that creating it twice is one Job. It never
retries by itself: the operator decides by exit code. Eviction is not a failure.
"""

from typing import Final

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import ATTEMPT, MIGRATION, RELEASE, TEMPLATE_DIGEST, Component
from polyant_operator.api.names import HASH_LENGTH
from polyant_operator.desired import digests, environment, images, placement, pods
from polyant_operator.desired.context import Context, Manifest
from polyant_operator.desired.metadata import owned_metadata

_REQUESTS: Final = {"cpu": "50m", "memory": "128Mi"}
# Waiting for the database and the work itself; a migration that takes longer is stuck.
_DEADLINE_SECONDS: Final = 1800


def build(instance: PolyantInstance, context: Context) -> Manifest:
    """Build the Job of the context's migration hash and attempt."""
    template = pods.template(instance, context, _part(instance, context))
    name = instance.names.migration(context.migration_hash, context.migration_attempt)
    annotations = {TEMPLATE_DIGEST: digests.plain(template), RELEASE: context.options.release}
    metadata = owned_metadata(instance, name, Component.MIGRATION, annotations)
    metadata["labels"] |= {
        MIGRATION: context.migration_hash[:HASH_LENGTH],
        ATTEMPT: str(context.migration_attempt),
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {
            "activeDeadlineSeconds": _DEADLINE_SECONDS,
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "podFailurePolicy": {
                "rules": [
                    {
                        "action": "Ignore",
                        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                    }
                ]
            },
            "template": template,
        },
    }


def _part(instance: PolyantInstance, context: Context) -> pods.Part:
    container: Manifest = {
        "name": "migrate",
        "image": images.engine(instance, context.options),
        "command": ["polyant-engine", "migrate"],
        "env": environment.migration(instance),
    }
    if instance.spec.engine.env_from:
        container["envFrom"] = environment.sets(instance.spec.engine.env_from)
    return pods.Part(
        component=Component.MIGRATION,
        container=container,
        # The engine's settings: the same image meets the same certificates and nodes.
        pod=placement.merged(instance.spec.pod_defaults, instance.spec.engine.pod),
        requests=_REQUESTS,
        fields={"restartPolicy": "Never", "terminationGracePeriodSeconds": 30},
    )
