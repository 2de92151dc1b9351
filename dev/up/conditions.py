"""Wait until an installation is ready, with a line for every condition as it turns."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dev.up.errors import StepError
from dev.up.kubectl import Kubectl

Say = Callable[[str], None]
Condition = Mapping[str, Any]

HEARTBEAT_SECONDS = 20.0
EVENTS_SHOWN = 8


@dataclass(kw_only=True)
class Watch:
    """What has been said already about one instance."""

    kubectl: Kubectl  # within the instance's namespace
    name: str
    say: Say
    said: dict[str, tuple[str, str]] = field(default_factory=dict)

    def until_ready(self, seconds: float) -> None:
        """Return when `Ready` is true at the current generation; raise with what to look at."""
        deadline, heartbeat = time.monotonic() + seconds, time.monotonic() + HEARTBEAT_SECONDS
        while time.monotonic() < deadline:
            instance = self.kubectl.get("polyantinstance", self.name)
            changed = self._report(instance or {})
            if instance is not None and is_ready(instance):
                return
            if changed:
                heartbeat = time.monotonic() + HEARTBEAT_SECONDS
            elif time.monotonic() > heartbeat:
                heartbeat += HEARTBEAT_SECONDS
                self.say(f"still waiting: {summary(instance or {})}")
            time.sleep(1)
        raise StepError(self.diagnosis(f"{self.name} is not ready after {seconds:.0f} s"))

    def _report(self, instance: Mapping[str, Any]) -> bool:
        changed = False
        for kind, condition in conditions(instance).items():
            now = (condition["status"], condition["reason"])
            if self.said.get(kind) != now:
                self.said[kind], changed = now, True
                if kind == "Reconciling":  # says what Ready says
                    continue
                self.say(f"{kind}={now[0]} {now[1]}: {condition.get('message', '')}")
        return changed

    def diagnosis(self, headline: str) -> str:
        """Everything a person would look at next, in one text."""
        instance = self.kubectl.get("polyantinstance", self.name) or {}
        lines = [headline, "Conditions:"]
        lines += [
            f"  {kind}={found['status']} {found['reason']}: {found.get('message', '')}"
            for kind, found in conditions(instance).items()
        ] or ["  none yet: is the operator running? kubectl -n polyant-system get pods"]
        lines += ["Pods that are not ready:", *self._pods(), "Last warnings:", *self._warnings()]
        namespace = self.kubectl.namespace
        lines += [
            "Look further with:",
            f"  kubectl -n {namespace} describe polyantinstance {self.name}",
            "  kubectl -n polyant-system logs deployment/polyant-operator --tail=50",
        ]
        return "\n".join(lines)

    def _pods(self) -> list[str]:
        shown = []
        for pod in self.kubectl.items("pods"):
            states = pod["status"].get("containerStatuses") or []
            if pod["status"].get("phase") == "Succeeded" or (
                states and all(state["ready"] for state in states)
            ):
                continue
            waiting = [state.get("state", {}) for state in states] or pod["status"].get("phase")
            shown.append(f"  {pod['metadata']['name']}: {waiting}")
        return shown or ["  none"]

    def _warnings(self) -> list[str]:
        events = self.kubectl.items("events", "--field-selector=type=Warning")
        lines = [
            f"  {event['involvedObject'].get('name')}: {event.get('reason')}: {event.get('message')}"
            for event in events
        ]
        return lines[-EVENTS_SHOWN:] or ["  none"]


def conditions(instance: Mapping[str, Any]) -> dict[str, Condition]:
    """The conditions of an instance by type."""
    return {found["type"]: found for found in instance.get("status", {}).get("conditions") or []}


def is_ready(instance: Mapping[str, Any]) -> bool:
    """Whether `Ready` is true for the spec as it is now."""
    ready = conditions(instance).get("Ready")
    generation = instance["metadata"]["generation"]
    return (
        ready is not None
        and ready["status"] == "True"
        and instance["status"].get("observedGeneration") == generation
        and ready.get("observedGeneration") == generation
    )


def summary(instance: Mapping[str, Any]) -> str:
    """The message of what keeps an instance from being ready."""
    ready = conditions(instance).get("Ready")
    return f"{ready['reason']}: {ready.get('message', '')}" if ready else "no condition yet"
