"""Kiosks, walls and speakers are told no more than they show: a priority may say that somebody is pregnant."""

from __future__ import annotations

import typing
from datetime import UTC, datetime

import pytest

from protocol.frames import FRAME_TYPES, STAFF, Frame, TicketCalled, TicketTransferred, for_everyone
from protocol.nouns import Entry, Priority

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
PRIVATE = ("pregnant", "confirmed", "rest", "condition", "aged_75", "admin", "capped", "next_step", "blood", "scan")
ENTRY = Entry(
    entry_id="e1",
    ticket_id="t1",
    number="A012",
    service_id="general",
    room_id="room-5",
    priority=Priority(priority_class="pregnant", status="confirmed"),
    state="held",
    version=3,
    issued_at=NOON,
    held_reason="rest",
    held_until=NOON,
    place=NOON,
    step="blood",
    then=("scan",),
)
REQUIRED: dict[str, object] = {
    "room_number": "5",
    "service_names": {"vi": "Khám nội"},
    "undone_seq": 7,
    "business_day": "2026-11-21",
    "undone_type": "ticket_called",
    "from_room_id": "room-4",
    "from_entry_id": "e0",
    "from_service_id": "general",
    "reason": "next_step",
}
PRIVATE_CALL = {"reason": "aged_75", "rule": "capped", "chosen_reason": "condition", "by_role": "admin"}
WITH_ENTRY = [kind for kind in FRAME_TYPES if "entry" in kind.model_fields and kind.heard_by != STAFF]


def full(kind: type[Frame]) -> typing.Any:
    """A frame of this kind with everything private in it that it has room for."""
    given = {name: value for name, value in REQUIRED.items() if name in kind.model_fields}
    return kind.model_validate({"entry": ENTRY, **given, **(PRIVATE_CALL if kind is TicketCalled else {})})


@pytest.mark.parametrize("kind", WITH_ENTRY)
def test_nothing_private_of_an_entry_leaves_to_walls(kind: type[Frame]) -> None:
    told: typing.Any = for_everyone(full(kind))
    text = told.model_dump_json()
    assert [word for word in PRIVATE if f'"{word}"' in text] == []
    assert told.entry.number == "A012"
    assert told.entry.state == "held"


def test_the_kinds_that_were_tried_are_the_ones_with_entries() -> None:
    assert TicketCalled in WITH_ENTRY
    assert TicketTransferred in WITH_ENTRY
    assert len(WITH_ENTRY) >= 7


def test_frames_without_an_entry_stay_as_they_are() -> None:
    for kind in FRAME_TYPES:
        if "entry" not in kind.model_fields and all(not field.is_required() for field in kind.model_fields.values()):
            frame = typing.cast(typing.Any, kind())
            assert for_everyone(frame) is frame
