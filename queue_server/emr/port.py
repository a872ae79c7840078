"""The port: what a record system is to us, and what can come of telling it something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

OutcomeKind: TypeAlias = Literal["delivered", "transient", "pause", "dead", "needs_person"]


@dataclass(frozen=True)
class Message:
    """A frozen, checked message. The payload never changes: a retry sends the same bytes."""

    message_id: str
    stream: str
    """Messages of one stream (one visit) are sent in order."""
    kind: str
    payload: str


@dataclass(frozen=True)
class Outcome:
    """``code`` is stable. ``detail`` is for the operator's page and holds no values of the message."""

    kind: OutcomeKind
    code: str
    detail: str = ""
    retry_after_s: float | None = None
    """For ``pause``: how long the EMR itself asks for; None when it says nothing."""
    remote_ids: tuple[str, ...] = ()
    """Where the EMR put the entries, in their order (``Patient/123``)."""


class Emr(Protocol):
    """A transport. It may be slow and may fail, but always answers with an `Outcome`; only cancelling raises."""

    async def send(self, message: Message) -> Outcome: ...

    async def close(self) -> None: ...
