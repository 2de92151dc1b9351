"""The user's own containers in our pods: sidecars, then init containers, both before ours.

What Pod Security `restricted` asks for is laid under what the user set, never over it. Sidecars are
native ones (init containers that keep running), so that they are there before anything else starts,
stop after our container, and never keep a Job from ending.
"""

from polyant_operator.api.containers import Container
from polyant_operator.api.pod import Pod
from polyant_operator.desired.context import Manifest


def build(pod: Pod) -> list[Manifest]:
    """Build the init containers of a pod; a sidecar may serve the init containers."""
    sidecars = [{**_built(each), "restartPolicy": "Always"} for each in pod.sidecars or ()]
    return [*sidecars, *map(_built, pod.init_containers or ())]


def _built(container: Container) -> Manifest:
    given = container.manifest
    own: Manifest = given.get("securityContext", {})
    return {
        "terminationMessagePolicy": "FallbackToLogsOnError",
        **given,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            **own,
            "capabilities": {"drop": ["ALL"], **own.get("capabilities", {})},
        },
    }
