"""Rules of the hospital as data, and what of them only the store can keep, on each kind of database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from protocol.nouns import Priority
from protocol.policy import POLICY, Capped, FirstCome, OneInN
from queue_server.store import tables
from queue_server.store.engine import Engine
from queue_server.store.repository import TicketRow, insert_entry, insert_ticket, next_ordinal, save_entry
from queue_server.store.rules import SITE, load_rules, next_from, recent_calls, save_rule
from tests.queue_server.domain.test_order import entry
from tests.queue_server.support import MORNING, make_hospital

DAY = "2026-11-20"


def _ticket(ordinal: int) -> TicketRow:
    return TicketRow(
        ticket_id=f"t{ordinal}",
        visit_id="v",
        service_id="general",
        number=f"A{ordinal:03d}",
        address=f"address-{ordinal}",
        business_day=DAY,
        issued_at=MORNING,
        offline=False,
    )


@pytest.fixture
def hospital(engine: Engine) -> Engine:
    with engine.begin() as connection:
        values = {"site_id": "main", "names": {}, "time_zone": "Asia/Ho_Chi_Minh", "languages": ["vi"]}
        connection.execute(insert(tables.site).values(values))
        make_hospital(connection)
        person = {"patient_id": "p", "site_id": "main", "entered_by": "scan"}
        connection.execute(insert(tables.patient).values(person | {"created_at": MORNING, "changed_at": MORNING}))
        visit = {"visit_id": "v", "site_id": "main", "patient_id": "p", "business_day": DAY, "created_at": MORNING}
        spoken = {"language": "vi", "entered_by": "scan", "document": "can_cuoc_new"}
        connection.execute(insert(tables.visit).values(visit | spoken))
    return engine


def test_rules_are_kept_by_kind_and_scope_changed_and_dropped(hospital: Engine) -> None:
    with hospital.begin() as connection:
        assert load_rules(connection, "main", "policy", POLICY) == {}
        save_rule(connection, "main", "policy", SITE, FirstCome(), MORNING)
        save_rule(connection, "main", "policy", "eyes", OneInN(n=4), MORNING)
        save_rule(connection, "main", "policy", "eyes", Capped(overtakes=1), MORNING)
    with hospital.begin() as connection:
        assert load_rules(connection, "main", "policy", POLICY) == {SITE: FirstCome(), "eyes": Capped(overtakes=1)}
        assert load_rules(connection, "main", "hours", POLICY) == {}
        save_rule(connection, "main", "policy", "eyes", None, MORNING)
    with hospital.connect() as connection:
        assert load_rules(connection, "main", "policy", POLICY) == {SITE: FirstCome()}


def test_a_rule_of_a_newer_program_is_left_out(hospital: Engine) -> None:
    row = {"site_id": "main", "kind": "policy", "scope": "eyes", "value": {"rule": "lottery"}, "changed_at": MORNING}
    with hospital.begin() as connection:
        connection.execute(insert(tables.rule).values(row))
        assert load_rules(connection, "main", "policy", POLICY) == {}


def test_a_first_number_is_kept_and_no_number_comes_twice(hospital: Engine) -> None:
    with hospital.begin() as connection:
        taken = [next_ordinal(connection, "main", DAY, "A")]
        taken += [next_from(connection, "main", DAY, "A", start) for start in (100, 100, 50, 300)]
        taken += [next_ordinal(connection, "main", DAY, "A"), next_from(connection, "main", DAY, "B", 7)]
    assert taken == [1, 100, 101, 102, 300, 301, 7]


def test_calls_by_turn_are_remembered_newest_first_and_undone_ones_are_not(hospital: Engine) -> None:
    with hospital.begin() as connection:
        for ordinal, (overtook, calls) in enumerate(((True, 1), (False, 1), (True, 2), (True, 0)), start=1):
            new = entry(ordinal, priority=Priority())
            insert_ticket(connection, "main", _ticket(ordinal), None)
            insert_entry(connection, "main", DAY, new)
            called = new.model_copy(update={"calls": calls})
            save_entry(connection, called, overtook=overtook, turn_at=MORNING + timedelta(minutes=ordinal))
        assert recent_calls(connection, ["r1"], [DAY], 25) == (True, False, True)
        assert recent_calls(connection, ["r1"], [DAY], 2) == (True, False)
        assert recent_calls(connection, ["r2"], [DAY], 25) == ()
