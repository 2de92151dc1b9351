"""Agents are made, changed, closed, opened and deleted over HTTP."""

from typing import Any

import pytest

from support.chat import Chat

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]
ROOT = "/api/instances"


async def create(chat: Chat, slug: str, **fields: Any) -> dict[str, Any]:
    status, answer = await chat.admin.call("POST", ROOT, {"slug": slug, "name": slug} | fields)
    assert status == 201, answer
    found: dict[str, Any] = answer["instance"]
    return found


async def test_a_new_agent_is_shown_as_it_is(chat: Chat) -> None:
    made = await create(chat, "shown", description="what it is for")

    _, answer = await chat.admin.call("GET", f"{ROOT}/shown")

    assert answer["instance"] == made
    assert {key: made[key] for key in made if key not in ("id", "createdAt", "updatedAt")} == {
        "slug": "shown",
        "name": "shown",
        "description": "what it is for",
        "status": "active",
        "provider": None,
        "model": None,
        "authEnabled": True,
        "hasApiKey": False,
        "memoryEnabled": False,
        "knowledgeEnabled": False,
    }


async def test_every_mistake_is_named_at_once(chat: Chat) -> None:
    body = {"slug": "No!", "name": "", "description": 5, "colour": "red"}

    status, answer = await chat.admin.call("POST", ROOT, body)

    assert (status, answer["code"]) == (400, "invalid_body")
    for part in ("slug:", "name:", "description:", "colour:"):
        assert part in answer["message"]


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"name": None}, "name: must not be null"),
        ({"status": "asleep"}, "status:"),
        ({"provider": "nobody"}, "choose one of: main, openai"),
        ({"authEnabled": None}, "authEnabled: must not be null"),
        ({"name": "nul \x00"}, "U+0000"),
        ([], "body:"),
    ],
)
async def test_a_wrong_change_is_refused(chat: Chat, body: Any, part: str) -> None:
    status, answer = await chat.admin.call("PATCH", f"{ROOT}/helper", body)

    assert status == 400
    assert part in answer["message"]


async def test_a_change_sets_what_it_names_and_keeps_the_rest(chat: Chat) -> None:
    await create(chat, "changed", description="x", provider="main", model="demo")

    await chat.admin.call("PATCH", f"{ROOT}/changed", {"description": None, "model": "other"})

    _, answer = await chat.admin.call("GET", f"{ROOT}/changed")
    found = answer["instance"]
    assert (found["description"], found["provider"], found["model"]) == (None, "main", "other")


async def test_a_slug_is_taken_once_and_free_again_after_a_deletion(chat: Chat) -> None:
    first = await create(chat, "reborn")
    taken, answer = await chat.admin.call("POST", ROOT, {"slug": "reborn", "name": "x"})
    deleted, _ = await chat.admin.call("DELETE", f"{ROOT}/reborn")
    second = await create(chat, "reborn")

    assert (taken, answer["code"]) == (409, "slug_taken")
    assert deleted == 200
    assert first["id"] != second["id"]
    _, listed = await chat.admin.call("GET", ROOT)
    assert [item["id"] for item in listed["instances"] if item["slug"] == "reborn"] == [
        second["id"]
    ]


async def test_a_new_agent_with_an_old_slug_inherits_nothing(chat: Chat) -> None:
    slug, key = await chat.admin.new_agent("heir")
    await chat.post(chat.body("secret plans", model=slug, chat_id="heirloom"), key=key)
    await chat.admin.call("DELETE", f"{ROOT}/{slug}")
    _, key = await chat.admin.new_agent("heir")

    status, answer, _ = await chat.post(chat.body("usage", model=slug, chat_id="heirloom"), key=key)

    assert status == 200
    assert answer["choices"][0]["message"]["content"] == "counted"
    rows = await chat.database.fetch(
        "SELECT last_seq FROM conversations WHERE external_id = 'api-heirloom'"
    )
    assert [row["last_seq"] for row in rows] == [2, 2]


async def test_a_rotated_key_ends_the_one_before(chat: Chat) -> None:
    slug, old = await chat.admin.new_agent()
    _, answer = await chat.admin.call("POST", f"{ROOT}/{slug}/api-key")
    new = answer["apiKey"]

    with_old, _, _ = await chat.post(chat.body("x", model=slug), key=old)
    with_new, _, _ = await chat.post(chat.body("x", model=slug), key=new)
    removed, _ = await chat.admin.call("DELETE", f"{ROOT}/{slug}/api-key")
    after, _, _ = await chat.post(chat.body("x", model=slug), key=new)

    assert (with_old, with_new, removed, after) == (401, 200, 204, 401)
    stored = await chat.database.fetchval(
        "SELECT count(*) FROM agents WHERE encode(api_key_hash, 'escape') LIKE '%pk_%'"
    )
    assert stored == 0


async def test_prompts_have_eight_sections_and_reach_the_model(chat: Chat) -> None:
    slug, key = await chat.admin.new_agent()
    await chat.post(chat.body("x", model=slug, chat_id="short-prompt"), key=key)
    body = {"sections": [{"key": "02-soul", "content": "  be kind \n" * 100}]}

    status, answer = await chat.admin.call("PATCH", f"{ROOT}/{slug}/prompts", body)
    await chat.post(chat.body("x", model=slug, chat_id="long-prompt"), key=key)

    assert status == 200
    assert [(item["key"], item["title"]) for item in answer["prompts"]][:2] == [
        ("01-identity", "Identity"),
        ("02-soul", "Soul"),
    ]
    assert len(answer["prompts"]) == 8
    assert answer["prompts"][1]["content"] == "  be kind \n" * 100
    short, long = await chat.turn("short-prompt"), await chat.turn("long-prompt")
    assert long["input_tokens"] - short["input_tokens"] > 250


async def test_a_wrong_section_is_refused(chat: Chat) -> None:
    body = {"sections": [{"key": "09-none", "content": "x"}, {"key": "02-soul", "content": "x" * 32769}]}  # fmt: skip

    status, answer = await chat.admin.call("PATCH", f"{ROOT}/helper/prompts", body)

    assert status == 400
    assert "sections.0.key" in answer["message"]
    assert "sections.1.content" in answer["message"]


async def test_secrets_are_sealed_and_never_shown(chat: Chat) -> None:
    slug, _ = await chat.admin.new_agent()
    body = {"secrets": [{"key": "openai_api_key", "value": "sk-very-secret"}]}
    _, put = await chat.admin.call("PUT", f"{ROOT}/{slug}/secrets", body)
    _, got = await chat.admin.call("GET", f"{ROOT}/{slug}/secrets")

    assert put == got == {"secrets": [{"key": "openai_api_key", "configured": True}]}
    boxes = await chat.database.fetch("SELECT box FROM agent_secrets")
    assert boxes
    assert all(b"secret" not in row["box"] for row in boxes)

    deleted, _ = await chat.admin.call("DELETE", f"{ROOT}/{slug}/secrets/openai_api_key")
    again, _ = await chat.admin.call("DELETE", f"{ROOT}/{slug}/secrets/openai_api_key")
    assert (deleted, again) == (200, 404)


async def test_an_own_secret_is_used_for_the_built_in_provider(chat: Chat) -> None:
    slug, key = await chat.admin.new_agent(provider="openai", model="gpt-4o")
    body = {"secrets": [{"key": "openai_api_key", "value": "sk-x"}]}
    await chat.admin.call("PUT", f"{ROOT}/{slug}/secrets", body)

    _, answer, _ = await chat.post(chat.body("x", model=slug), key=key)

    # There is no way to OpenAI from here, and that is what is said: the key was found and opened.
    assert answer["error"]["code"] in ("upstream_unavailable", "upstream_unauthorized")


async def test_models_of_the_installation_are_listed(chat: Chat) -> None:
    _, answer = await chat.admin.call("GET", f"{ROOT}/models")

    assert answer == {
        "providers": {"main": {"provider": "openai", "source": "installation", "models": []}}
    }


async def test_a_missing_agent_is_a_404_everywhere(chat: Chat) -> None:
    calls: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("GET", "/prompts", None),
        ("PATCH", "/prompts", {"sections": [{"key": "02-soul", "content": "x"}]}),
        ("GET", "/secrets", None),
        ("PUT", "/secrets", {"secrets": [{"key": "a", "value": "b"}]}),
        ("DELETE", "/secrets/a", None),
        ("POST", "/api-key", None),
        ("DELETE", "/api-key", None),
    ]

    answers = [await chat.admin.call(method, f"{ROOT}/none{path}", body) for method, path, body in calls]  # fmt: skip

    assert [status for status, _ in answers] == [404] * len(calls)
    assert answers[0][1]["message"] == "There is no agent with the slug 'none'."


async def test_every_change_is_in_the_audit_log(chat: Chat) -> None:
    made = await create(chat, "audited")
    await chat.admin.call("PATCH", f"{ROOT}/audited", {"name": "New"})
    await chat.admin.call("POST", f"{ROOT}/audited/api-key")
    await chat.admin.call("PUT", f"{ROOT}/audited/secrets", {"secrets": [{"key": "a", "value": "topsecret"}]})  # fmt: skip
    await chat.admin.call("DELETE", f"{ROOT}/audited")

    rows = await chat.database.fetch(
        "SELECT action, details::text, actor_id IS NOT NULL AS by_a_person FROM audit_log"
        " WHERE object_id = $1 ORDER BY created_at",
        made["id"],
    )

    assert [row["action"] for row in rows] == [
        "agent.created",
        "agent.changed",
        "agent.key-made",
        "agent.secrets-set",
        "agent.deleted",
    ]
    assert all(row["by_a_person"] for row in rows)
    assert not any("topsecret" in row["details"] for row in rows)
