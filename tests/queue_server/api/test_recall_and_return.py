"""How often a number is called again, and where somebody stands who comes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from protocol.frames import TicketNotHere
from protocol.nouns import Entry, Priority
from protocol.requests import MarkNotHere, Recall
from queue_server.domain.calling import CallingRules, has_not_come, place_after, recall_refusal
from queue_server.domain.order import seniority
from queue_server.store import journal
from queue_server.usecases import calling
from queue_server.usecases.once import change, look
from tests.queue_server.support import House, open_house

NINE = datetime(2026, 11, 20, 2, tzinfo=UTC)


def entry(ordinal: int, place: int | None = None, **more: Any) -> Entry:
    """Number `ordinal`, who came `ordinal` minutes after nine."""
    given = {
        "entry_id": f"e{ordinal}",
        "ticket_id": f"t{ordinal}",
        "number": f"A{ordinal:03d}",
        "service_id": "s",
        "room_id": "r",
        "priority": Priority(),
        "state": "waiting",
        "version": 1,
        "issued_at": NINE + timedelta(minutes=ordinal),
        "place": None if place is None else NINE + timedelta(minutes=place),
    }
    return Entry.model_validate(given | more)


def test_recalls_are_counted_and_spaced() -> None:
    rules = CallingRules(recalls=2, recall_gap=timedelta(seconds=15))
    called = entry(1, state="called", called_at=NINE)
    assert recall_refusal(called, NINE + timedelta(seconds=14), rules) == "recall_too_soon"
    assert recall_refusal(called, NINE + timedelta(seconds=15), rules) is None
    often = called.model_copy(update={"recalls": 2})
    assert recall_refusal(often, NINE + timedelta(hours=1), rules) == "recall_limit"
    assert recall_refusal(often.model_copy(update={"state": "not_here"}), NINE, rules) is None


@given(st.integers(1, 30), st.lists(st.integers(1, 30), unique=True, max_size=12), st.integers(0, 8))
def test_so_many_others_go_first_and_nobody_gains_by_being_away(own: int, others: list[int], count: int) -> None:
    away = entry(own, state="not_here")
    line = sorted((entry(one + 100) for one in others), key=seniority)
    back = away.model_copy(update={"place": place_after(away, line, count)})
    before = [other for other in line if seniority(other) < seniority(back)]
    assert len(before) == min(count, len(line))
    assert seniority(back) >= seniority(away)


def test_who_stands_later_already_stays_there() -> None:
    away = entry(50, state="not_here")
    assert place_after(away, [entry(1), entry(2)], 2) is None
    assert place_after(entry(1, place=60), [entry(2)], 3) == NINE + timedelta(minutes=60)


async def _at_the_door(house: House, people: int) -> dict[str, Any]:
    await house.sign_in()
    for person in range(1, people + 1):
        await house.issue(person, "eyes")
        house.clock.forward(seconds=30)
    return dict((await house.call("r3"))["entry"])


async def _send(house: House, kind: type[Recall] | type[MarkNotHere], known: dict[str, Any]) -> Any:
    return (await house.send(kind(entry_id=known["entry_id"], version=known["version"]))).json()


async def test_a_number_is_called_again_three_times_and_no_more(house: House) -> None:
    known = await _at_the_door(house, 1)
    assert (await _send(house, Recall, known))["code"] == "recall_too_soon"
    for recalls in (1, 2, 3):
        house.clock.forward(seconds=15)
        known = (await _send(house, Recall, known))["entry"]
        assert known["recalls"] == recalls
    house.clock.forward(seconds=15)
    assert (await _send(house, Recall, known))["code"] == "recall_limit"
    known = (await _send(house, MarkNotHere, known))["entry"]
    known = (await _send(house, Recall, known))["entry"]
    assert (known["state"], known["recalls"], known["calls"]) == ("called", 0, 5)


async def test_who_comes_back_waits_after_three_others(house: House) -> None:
    known = await _at_the_door(house, 6)
    await _send(house, MarkNotHere, known)
    back = await house.issue(1, "eyes")
    assert (back["people_ahead"], back["number"]) == (3, "B001")
    called = []
    for _ in range(5):
        house.clock.forward(seconds=30)
        called.append((await house.call("r3"))["entry"]["number"])
    assert called == ["B002", "B003", "B004", "B001", "B005"]


async def test_a_hospital_may_say_straight_to_the_old_place(tmp_path: Path) -> None:
    async with open_house(tmp_path, return_after=0) as house:
        known = await _at_the_door(house, 3)
        await _send(house, MarkNotHere, known)
        assert (await house.issue(1, "eyes"))["people_ahead"] == 0
        assert (await house.call("r3"))["entry"]["number"] == "B001"


def test_only_who_was_called_again_as_often_as_may_be_is_absent_by_a_rule() -> None:
    rules = CallingRules(recalls=2, not_here_after=timedelta(minutes=3))
    often = entry(1, state="called", called_at=NINE, recalls=2)
    assert not has_not_come(often, NINE + timedelta(minutes=2, seconds=59), rules)
    assert has_not_come(often, NINE + timedelta(minutes=3), rules)
    late = NINE + timedelta(hours=3)
    assert not has_not_come(often.model_copy(update={"recalls": 1}), late, rules), "may be inside, and it takes long"
    assert not has_not_come(often.model_copy(update={"state": "held"}), late, rules)
    assert not has_not_come(often, late, CallingRules(recalls=2)), "off unless a hospital wants it"
    never_recalled = often.model_copy(update={"recalls": 0})
    assert not has_not_come(never_recalled, late, CallingRules(recalls=0, not_here_after=timedelta(minutes=3)))


async def test_the_clock_marks_who_did_not_come_and_says_that_nobody_did(tmp_path: Path) -> None:
    async with open_house(tmp_path, recalls=1, not_here_after_minutes=3) as house:
        await house.sign_in()
        for person in (1, 2):
            await house.issue(person)
        called = [(await house.call(room))["entry"] for room in ("r1", "r2")]
        house.clock.forward(seconds=20)
        again = await house.send(Recall(entry_id=called[0]["entry_id"], version=called[0]["version"]))
        assert again.status_code == 200, again.text
        house.clock.forward(minutes=4)
        rules = house.core.settings.calling
        assert look(house.core, lambda reading: calling.any_absent(reading, rules))
        marked = await house.core.writer.run(
            lambda connection: calling.mark_absent(change(house.core, connection, "server:timer"), rules)
        )
        assert marked == 1, "who was called once only is left to staff"
        with house.core.engine.connect() as connection:
            line = journal.read(connection, "main", 0)[-1]
        assert isinstance(line.frame, TicketNotHere)
        assert (line.frame.entry.number, line.frame.by_rule, line.frame.entry.state) == ("A001", True, "not_here")
        assert not look(house.core, lambda reading: calling.any_absent(reading, rules))
