"""A record system without a record system, complete and public: it keeps what it is sent, and misbehaves on request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from queue_server.emr.port import Message, Outcome

Fault: TypeAlias = Literal[
    "unreachable",  # nothing arrives
    "answer_lost",  # it is stored, but the answer never comes
    "busy",  # 503
    "too_many",  # 429 without Retry-After
    "refused",  # 422: this message will never do
    "several_matches",  # 412: two records for one patient
    "wrong_address",  # 404 on the base
]
_OUTCOMES: dict[Fault, Outcome] = {
    "unreachable": Outcome("transient", "unreachable"),
    "answer_lost": Outcome("transient", "timeout"),
    "busy": Outcome("transient", "server_busy"),
    "too_many": Outcome("pause", "too_many_requests"),
    "refused": Outcome("dead", "refused"),
    "several_matches": Outcome("needs_person", "several_matches"),
    "wrong_address": Outcome("pause", "configuration"),
}


class FakeEmr:
    """`fault` is asked before each message; None means: behave. `stored` maps each entry's condition to its resources:
    a condition holds more than one resource only if repeating was not safe."""

    def __init__(self, fault: Callable[[Message], Fault | None] = lambda _message: None, takes_s: float = 0.0) -> None:
        self.fault = fault
        self.takes_s = takes_s
        self.stored: dict[str, list[dict[str, Any]]] = {}
        self.sent: list[Message] = []
        self.delivered: list[Message] = []
        self.open = True

    async def send(self, message: Message) -> Outcome:
        self.sent.append(message)
        await asyncio.sleep(self.takes_s)
        fault = self.fault(message)
        if fault is not None and fault != "answer_lost":
            return _OUTCOMES[fault]
        places = tuple(self._store(entry) for entry in json.loads(message.payload)["entry"])
        if fault is not None:
            return _OUTCOMES[fault]
        self.delivered.append(message)
        return Outcome("delivered", "ok", remote_ids=places)

    async def close(self) -> None:
        self.open = False

    def _store(self, entry: dict[str, Any]) -> str:
        kind = entry["request"]["url"]
        condition = f"{kind}?{entry['request'].get('ifNoneExist', len(self.stored))}"
        kept = self.stored.setdefault(condition, [])
        if not kept:
            kept.append(entry["resource"])
        return f"{kind}/{list(self.stored).index(condition) + 1}"

    def count(self, kind: str) -> int:
        """How many resources of this kind were stored."""
        return sum(len(kept) for condition, kept in self.stored.items() if condition.startswith(f"{kind}?"))
