"""The ConfigMap of `spec.caBundleRef`: read by name, checked, and digested so that pods roll with it."""

from typing import Any, Final

from polyant_operator.api import labels
from polyant_operator.desired import digests
from polyant_operator.desired.context import UNKNOWN_DIGEST
from polyant_operator.kube.kinds import CONFIG_MAP, DEPLOYMENT, Object
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import live
from polyant_operator.verdicts.observed import SecretFault, SecretProblem

FIELD: Final = "spec.caBundleRef"
_BEGIN: Final = "-----BEGIN CERTIFICATE-----"


async def look_at_authorities(state: Pass, tools: Tools) -> None:
    """Read the ConfigMap, if the spec names one."""
    reference = state.instance.spec.ca_bundle_ref
    if reference is not None:
        namespace = state.instance.namespace
        state.ca_bundle = await tools.client.find(CONFIG_MAP, namespace, reference.config_map)


async def check_authorities(state: Pass, tools: Tools) -> None:  # noqa: ARG001 (one shape for all steps)
    """Tell a missing ConfigMap or key as a missing Secret is told."""
    reference = state.instance.spec.ca_bundle_ref
    if reference is None:
        return
    fault = _fault(state.ca_bundle, reference.key)
    if fault is not None:
        problem = SecretProblem(
            kind="ConfigMap",
            secret=reference.config_map,
            key=reference.key,
            fault=fault,
            field=FIELD,
            expected="certificates in PEM form",
        )
        state.problems = (*state.problems, problem)


def digest(state: Pass) -> str:
    """Digest the authorities; what can't be read rolls nothing."""
    reference = state.instance.spec.ca_bundle_ref
    if reference is None:
        return UNKNOWN_DIGEST
    if _fault(state.ca_bundle, reference.key) is None:
        return digests.plain(_text(state.ca_bundle, reference.key))
    deployment = state.child(DEPLOYMENT, state.instance.names.engine)
    path = ("spec", "template", "metadata", "annotations", labels.CA_DIGEST)
    return str(live.field(deployment, *path) or UNKNOWN_DIGEST)


def _fault(found: Object | None, key: str) -> SecretFault | None:
    if found is None:
        return SecretFault.ABSENT
    text = _text(found, key)
    if text is None:
        return SecretFault.NO_KEY
    return None if _BEGIN in text else SecretFault.WRONG_FORM


def _text(found: Object | None, key: str) -> Any:
    return live.field(found, "data", key)
