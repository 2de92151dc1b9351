"""How many replicas each Deployment shall have, apart from the Deployments themselves.

`replicas` is in no applied object: it is written through `/scale` only, so that an autoscaler can
take it over without a fight.
"""

from collections.abc import Mapping

from polyant_operator.api.instance import PolyantInstance


def wanted(instance: PolyantInstance) -> Mapping[str, int]:
    """Give the replicas by the Deployment's name; none where an autoscaler decides."""
    names, spec = instance.names, instance.spec
    web = {names.web: spec.web.replicas}
    if spec.engine.autoscaling is not None or spec.engine.external_scaling:
        return web
    return {names.engine: spec.engine.replicas, **web}
