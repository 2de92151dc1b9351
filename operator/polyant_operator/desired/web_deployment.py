"""The panel's Deployment."""

from typing import Final

from polyant_operator.api.instance import PolyantInstance
from polyant_operator.api.labels import Component
from polyant_operator.desired import environment, images, placement, pods, ports
from polyant_operator.desired.context import Context, Manifest
from polyant_operator.desired.deployments import deployment

_REQUESTS: Final = {"cpu": "50m", "memory": "96Mi"}


def build(instance: PolyantInstance, context: Context) -> Manifest:
    """Build the panel's Deployment; it relays streams, so it stops as late as the engine."""
    pod = placement.merged(instance.spec.pod_defaults, instance.spec.web.pod)
    container = {
        "name": "web",
        "image": images.web(instance, context.options),
        "command": ["polyant-web", "serve"],
        "env": environment.web(instance),
        **pods.serving({"http": ports.WEB}),
    }
    part = pods.Part(
        component=Component.WEB,
        container=container,
        pod=pod,
        requests=_REQUESTS,
        fields={
            "terminationGracePeriodSeconds": pods.grace_seconds(instance),
            "topologySpreadConstraints": placement.spread(instance.name, Component.WEB, pod),
        },
    )
    template = pods.template(instance, context, part)
    return deployment(instance, instance.names.web, Component.WEB, template)
