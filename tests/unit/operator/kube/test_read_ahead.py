"""Generated Secrets are listed once; each answers one question, and only for a moment."""

from typing import Any

from typing_extensions import override

from polyant_operator.api import labels
from polyant_operator.kube import errors
from polyant_operator.kube.access import Access
from polyant_operator.kube.client import Client, Request
from polyant_operator.kube.kinds import INSTANCE, Object, Ref
from polyant_operator.kube.read_ahead import LIFE_SECONDS, SELECTOR, ReadAhead

ACME = Ref(INSTANCE, "ns", "acme")


class Server(Client):
    """An API server with Secrets, or without the right to list them."""

    def __init__(self, *secrets: Object, error: errors.KubeError | None = None) -> None:
        super().__init__(Access(server="http://unused"))
        self.asked: list[Request] = []
        self._secrets = secrets
        self._error = error

    @override
    async def send(self, request: Request) -> Object:
        self.asked.append(request)
        if self._error is not None:
            raise self._error
        return {"metadata": {}, "items": list(self._secrets)}


def secret(name: str, instance: str = "acme", *, immutable: bool = True) -> Object:
    metadata: dict[str, Any] = {"name": name, "namespace": "ns", "managedFields": ["noise"]}
    metadata["labels"] = {labels.OWNER: instance}
    return {"metadata": metadata, "data": {"key": "dmFsdWU="}, "immutable": immutable}


async def filled(server: Server, clock: list[float] | None = None) -> ReadAhead:
    moments = clock if clock is not None else [0.0]
    ahead = ReadAhead(lambda: moments[-1])
    await ahead.fill(server, (), [ACME])
    return ahead


async def test_a_secret_is_given_once_and_then_asked_for_by_name_again() -> None:
    ahead = await filled(Server(secret("acme-admin")))

    found = ahead.take("ns", "acme-admin")

    assert found is not None
    assert found["data"] == {"key": "dmFsdWU="}
    assert "managedFields" not in found["metadata"]
    assert ahead.take("ns", "acme-admin") is None


async def test_other_peoples_instances_secrets_are_not_kept() -> None:
    assert (await filled(Server(secret("b-admin", "b")))).take("ns", "b-admin") is None


async def test_a_secret_that_may_change_is_read_when_it_is_needed() -> None:
    server = Server(secret("acme-auth-in-use", immutable=False))

    assert (await filled(server)).take("ns", "acme-auth-in-use") is None


async def test_nothing_is_used_that_was_read_too_long_ago() -> None:
    clock = [0.0]
    ahead = await filled(Server(secret("acme-admin")), clock)
    clock.append(LIFE_SECONDS + 1)

    assert ahead.take("ns", "acme-admin") is None


async def test_only_secrets_of_instances_are_listed_and_none_that_users_watch_over() -> None:
    server = Server()
    await filled(server)

    assert [request.query for request in server.asked] == [
        {"limit": "500", "labelSelector": SELECTOR}
    ]
    assert SELECTOR == "polyant.ai/instance,!polyant.ai/reload"


async def test_without_the_right_to_list_the_operator_starts_all_the_same() -> None:
    ahead = await filled(Server(error=errors.Forbidden("no", 403)))

    assert ahead.take("ns", "acme-admin") is None
