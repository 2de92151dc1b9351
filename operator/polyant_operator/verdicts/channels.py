"""ChannelsActive: does a leader run the channels? This release has no channel adapters yet."""

from dataclasses import replace

from polyant_operator.api.conditions import ConditionType, Reason
from polyant_operator.api.instance import PolyantInstance
from polyant_operator.verdicts.verdict import Verdict, waits

_TYPE = ConditionType.CHANNELS_ACTIVE


def channels_active(instance: PolyantInstance) -> Verdict:
    """Judge the channels; they gate nothing while there are none."""
    if not instance.spec.channels.enabled:
        verdict = waits(_TYPE, Reason.DISABLED, "spec.channels.enabled is false.")
    else:
        text = "Chat over the API and the panel works; channels come in a later release."
        verdict = waits(_TYPE, Reason.NO_CHANNEL_ADAPTERS, text)
    return replace(verdict, gates=False)
