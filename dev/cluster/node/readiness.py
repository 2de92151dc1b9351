"""When a cluster takes work: its node, its Gateway and the default ServiceAccount are there. Pure."""

import datetime as dt
from typing import Any


def is_usable(item: dict[str, Any], *, namespace: str, since: dt.datetime) -> bool:
    """Tell whether one object is in the state that work needs."""
    match item["kind"]:
        case "Node":
            ready = _condition(item, "Ready")
            # After a restart the stored condition is still True: only a new heartbeat counts.
            beat = dt.datetime.fromisoformat(ready.get("lastHeartbeatTime", "1970-01-01T00:00:00Z"))
            return ready.get("status") == "True" and beat >= since
        case "Gateway":
            return _condition(item, "Programmed").get("status") == "True"
        case "ServiceAccount":
            meta = item["metadata"]
            return (meta["namespace"], meta["name"]) == (namespace, "default")
        case _:
            return False


def _condition(item: dict[str, Any], kind: str) -> dict[str, str]:
    conditions = item.get("status", {}).get("conditions", [])
    return next((each for each in conditions if each["type"] == kind), {})
