"""The description of the API, tried by schemathesis: no request makes the server fail. Few examples, real sockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error

from protocol.requests import ErrorAnswer, SignIn
from queue_server.api.errors import STATUS
from tests.queue_server.support import PASSWORD, open_served_house

EXAMPLES = 8
TRIED = 14
"""Operations under /api; fewer would mean that something was no longer described."""


class Served:
    """A whole server in a thread of its own, because schemathesis does not know asyncio."""

    def __init__(self, folder: Path) -> None:
        self.base = ""
        self.kiosk: dict[str, str] = {}
        self.display: dict[str, str] = {}
        self._folder = folder
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with open_served_house(self._folder) as house:
            self.base, self.kiosk, self.display = house.base, house.as_device(), house.as_device("display-a")
            self._ready.set()
            await self._end.wait()

    def __enter__(self) -> Served:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(30)


@pytest.fixture
def served_here(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as served:
        yield served


def session(base: str, before: dict[str, str]) -> dict[str, str]:
    """A session that is still good: signing in for each operation would be refused as too many tries."""
    if before and httpx.get(f"{base}/api/me", cookies=before, trust_env=False).is_success:
        return before
    body = SignIn(username="boss", password=PASSWORD).model_dump(mode="json")
    answer = httpx.post(f"{base}/api/sign-in", json=body, trust_env=False)
    return {"denluot_session": answer.cookies["denluot_session"]}


def try_out(operation: Any, headers: dict[str, str], cookies: dict[str, str]) -> None:
    @seed(20261120)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def attempt(case: Any) -> None:
        answer = case.call(headers=headers, cookies=cookies)
        case.validate_response(answer, checks=[not_a_server_error])
        if answer.status_code >= 400:
            assert ErrorAnswer.model_validate_json(answer.content).code in STATUS

    attempt()


@pytest.mark.filterwarnings("ignore")  # schemathesis and its own dependencies
def test_no_request_makes_the_server_fail(served_here: Served) -> None:
    schema = schemathesis.openapi.from_url(f"{served_here.base}/openapi.json")
    tried, cookies = 0, dict[str, str]()
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        if operation.path.startswith("/api/"):
            headers = served_here.display if "acknowledgements" in operation.path else served_here.kiosk
            cookies = session(served_here.base, cookies)
            try_out(operation, headers, cookies)
            tried += 1
    assert tried >= TRIED
