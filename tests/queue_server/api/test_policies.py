"""Changing policies while people wait, confirming priorities, and asking why."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from sqlalchemy import select

from locales import load_catalogues
from protocol.nouns import PriorityClass
from protocol.policy import Capped, FirstCome, OneInN, Policy, Rule, Strict
from protocol.requests import ChangePolicy, ConfirmPriority
from queue_server.domain.order import Reason
from queue_server.domain.why import Cause
from queue_server.store import journal, tables
from tests.queue_server.support import House

OLD = "1940-02-03"


async def change(house: House, policy: Policy | None, service_id: str | None = None) -> None:
    await house.sign_in("boss")
    answer = await house.send(ChangePolicy(policy=policy, service_id=service_id))
    assert answer.status_code == 200, answer.text


async def three(house: House) -> list[str]:
    """Two ordinary people and one of 75 and over wait for room 3."""
    tickets = [await house.issue(1, "eyes"), await house.issue(2, "eyes"), await house.issue(3, "eyes", birth=OLD)]
    return [ticket["number"] for ticket in tickets]


async def test_a_policy_is_changed_while_people_wait(house: House) -> None:
    first, second, old = await three(house)
    await house.sign_in("boss")
    assert (await house.http.get("/api/rooms/r3/board")).json()["next"]["entry"]["number"] == old
    await change(house, FirstCome(), "eyes")
    board = (await house.http.get("/api/rooms/r3/board")).json()
    assert [one["entry"]["number"] for one in board["waiting"]] == [first, second, old]
    assert (await house.call("r3"))["entry"]["number"] == first
    await change(house, None, "eyes")
    assert (await house.call("r3"))["entry"]["number"] == old


async def test_the_policy_stands_in_the_journal_and_in_the_call(house: House) -> None:
    await three(house)
    await change(house, OneInN(n=2), "eyes")
    await change(house, Strict(), None)
    seq = (await house.call("r3"))["seq"]
    with house.core.engine.connect() as connection:
        lines = [line.frame for line in journal.read(connection, "main", 0)]
        call = journal.one(connection, "main", seq)
        kept = connection.execute(select(tables.rule.c.kind, tables.rule.c.scope)).all()
    told = [frame for frame in lines if frame is not None and frame.type == "policy_changed"]
    assert [(one.service_id, one.policy, one.was) for one in told] == [
        ("eyes", OneInN(n=2), None),
        (None, Strict(), None),
    ]
    assert call is not None
    assert call.frame is not None
    assert call.frame.type == "ticket_called"
    assert (call.frame.reason, call.frame.rule, call.frame.overtook) == ("aged_75", "one_in_n", True)
    assert sorted(tuple(row) for row in kept if row.kind == "policy") == [("policy", ""), ("policy", "eyes")]


async def test_policies_in_force_and_what_they_promise(house: House) -> None:
    await change(house, Capped(overtakes=2), "eyes")
    answer = await house.http.get("/api/policies", headers={"Accept-Language": "en"})
    told = {one["service_id"]: one for one in answer.json()["policies"]}
    assert told[None]["policy"] == {"rule": "capped", "overtakes": 3, "classes": list(Capped().classes)}
    assert (told["eyes"]["own"], told["general"]["own"]) == (True, False)
    assert told["eyes"]["sentence"].startswith("At most 2 calls of a room in a row")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"policy": {"rule": "capped", "overtakes": 99}}, "invalid_request"),
        ({"policy": {"rule": "capped", "overtakez": 1}}, "invalid_request"),
        ({"policy": {"rule": "strict", "classes": ["emergency"]}}, "invalid_request"),
        ({"policy": {"rule": "strict"}, "service_id": "nowhere"}, "unknown_service"),
    ],
)
async def test_a_wrong_policy_is_refused_in_plain_words(house: House, wish: dict[str, Any], code: str) -> None:
    await house.sign_in("boss")
    answer = await house.http.post("/api/policies", json=wish)
    assert answer.json()["code"] == code
    if "classes" in wish["policy"]:
        assert answer.json()["detail"] == {"policy.strict.classes": "emergency_always_first"}


async def confirm(house: House, ticket: dict[str, Any], cls: str, proof: str) -> Any:
    entry = ticket["entry"]
    wish = {"entry_id": entry["entry_id"], "version": entry["version"], "priority_class": cls, "proof": proof}
    return await house.send(ConfirmPriority.model_validate(wish))


async def test_a_declared_priority_counts_once_staff_confirm_it(house: House) -> None:
    ordinary = await house.issue(1, "eyes")
    declared = await house.issue(2, "eyes", declared="pregnant")
    assert declared["entry"]["priority"] == {"priority_class": "pregnant", "status": "declared"}
    assert declared["people_ahead"] == 1
    await house.sign_in()
    answer = (await confirm(house, declared, "pregnant", "seen")).json()
    assert answer["entry"]["priority"] == {"priority_class": "pregnant", "status": "confirmed"}
    assert (await confirm(house, declared, "merit", "document")).json()["code"] == "stale_version"
    assert (await house.call("r3"))["entry"]["number"] == declared["number"]
    assert (await confirm(house, answer, "merit", "document")).json()["code"] == "stale_version"
    called = (await house.http.get("/api/rooms/r3/board")).json()["current"]
    assert (await confirm(house, called, "merit", "document")).json()["code"] == "wrong_move"
    assert (await house.call("r3"))["entry"]["number"] == ordinary["number"]
    with house.core.engine.connect() as connection:
        told = journal.read(connection, "main", 0, kinds=("priority_confirmed",))[0].frame
    assert told is not None
    assert told.type == "priority_confirmed"
    assert (told.was.status, told.proof, told.zone_id) == ("declared", "seen", "b")


async def test_staff_grant_an_emergency_and_withdraw_it(house: House) -> None:
    await three(house)
    late = await house.issue(4, "eyes")
    await house.sign_in()
    assert (await confirm(house, late, "emergency", "none")).json()["code"] == "proof_missing"
    assert (await confirm(house, late, "normal", "seen")).json()["code"] == "proof_missing"
    granted = (await confirm(house, late, "emergency", "medical")).json()
    board = (await house.http.get("/api/rooms/r3/board")).json()
    assert (board["next"]["entry"]["number"], board["next"]["reason"]) == (late["number"], "emergency")
    assert "{" not in board["next"]["sentence"]
    assert (await confirm(house, granted, "normal", "none")).status_code == 200
    assert (await house.http.get("/api/rooms/r3/board")).json()["next"]["entry"]["number"] != late["number"]


async def test_nobody_declares_an_emergency(house: House) -> None:
    wish = {"service_id": "eyes", "intake": {"identity": {"document": "can_cuoc_new"}}, "declared": "emergency"}
    answer = await house.http.post("/api/tickets", json=wish, headers=house.as_device())
    assert answer.json()["detail"] == {"declared": "literal_error"}


async def why(house: House, first: str, second: str, language: str = "en", **more: str) -> Any:
    query = {"first": first, "second": second, **more}
    return (await house.http.get("/api/why", params=query, headers={"Accept-Language": language})).json()


async def test_why_was_that_number_called_before_mine(house: House) -> None:
    first, second, old = await three(house)
    await house.sign_in()
    await house.call("r3")
    told = await why(house, old, first)
    assert (told["cause"], told["rule"]) == ("right", "capped")
    assert told["sentence"] == (
        f"It has priority: number {old} (eyes, priority: aged 75 or over, taken at 08:30) was called at 08:30, "
        f"before number {first} (eyes, no priority, taken at 08:30), "
        'under the policy "priority first, within a limit" then in force.'
    )
    assert "ưu tiên: từ 75 tuổi trở lên" in (await why(house, old, first, "vi"))["sentence"]
    assert (await why(house, first, old))["cause"] == "not_called"
    await house.call("r3")
    assert (await why(house, first, old))["cause"] == "other_way"
    assert (await why(house, first, second))["cause"] == "came_first"
    other = await house.issue(9)
    assert (await why(house, first, other["number"]))["cause"] == "other_room"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_answer_has_its_words(language: str) -> None:
    keys = [f"order.why.{cause}" for cause in get_args(Cause)]
    keys += [f"order.rule.{rule}" for rule in (*get_args(Rule), "unknown")]
    keys += [f"order.class.{cls}" for cls in (*get_args(PriorityClass), "declared")]
    keys += [f"server.next.{reason}" for reason in get_args(Reason)]
    keys += [f"ticket.priority.{cls}" for cls in get_args(PriorityClass)]
    texts = load_catalogues().texts[language]
    assert [key for key in keys if key not in texts] == []


async def test_what_cannot_be_answered_is_refused_by_name(house: House) -> None:
    first, _, _ = await three(house)
    await house.sign_in()
    assert (await why(house, first, first))["code"] == "same_number"
    assert (await why(house, first, "Z999"))["code"] == "unknown_number"
    assert (await why(house, first, "B002", day="2026-11-19"))["code"] == "unknown_number"
    assert (await why(house, first, "<b>"))["code"] == "invalid_request"
