"""Step "advise": tell, once for each generation, what works and should be known."""

from polyant_operator.desired import egress_rules
from polyant_operator.kube.kinds import POD_MONITOR
from polyant_operator.reconcile.state import Pass, Tools
from polyant_operator.verdicts import advice
from polyant_operator.verdicts.advice import Surroundings


async def advise(state: Pass, tools: Tools) -> None:
    """Post the advice as events, the first time a generation is seen."""
    # Told by the status, not by memory: a restart repeats nothing.
    if state.status.get("observedGeneration") == state.instance.generation:
        return
    around = Surroundings(
        knows_api_server=tools.api_server.is_whole,
        has_pod_monitors=tools.discovery.available(POD_MONITOR),
        named_proxies=egress_rules.proxy_hosts(state.instance),
    )
    for each in advice.of(state.instance, around):
        kind = "Warning" if each.is_warning else "Normal"
        await tools.recorder.say(state.body, kind, each.topic.value, each.message)
