"""The limit on request bodies."""

from collections.abc import AsyncIterator

from polyant_web.asgi import LARGEST_FORM
from support.fake_engine import ADMIN
from support.panel import Visitor


async def test_a_large_form_is_refused_with_a_page(visitor: Visitor) -> None:
    await visitor.open("/signin")

    answer = await visitor.send("/signin", {"email": ADMIN, "password": "x" * LARGEST_FORM})

    assert (answer.status_code, "too much at once" in answer.text) == (413, True)


async def test_an_unannounced_length_is_counted(visitor: Visitor) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65536

    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await visitor.http.post("/signin", content=endless(), headers=headers)

    assert answer.status_code == 413


async def test_a_body_that_is_no_form_is_a_bad_request(visitor: Visitor) -> None:
    await visitor.open("/signin")
    headers = {"content-type": "multipart/form-data; boundary=x"}

    answer = await visitor.http.post("/signin", content=b"--y nonsense", headers=headers)

    assert answer.status_code in {400, 403}
