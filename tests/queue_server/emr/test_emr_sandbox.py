from __future__ import annotations

import copy
import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from queue_server.emr.answers import read_answer
from queue_server.emr.checks import Json
from queue_server.emr.errors import TransactionRefused
from queue_server.emr.mapping import frozen_text, registered_visit
from queue_server.emr.sandbox import Sandbox, outcome, search_set
from tests.queue_server.emr.intakes import CARD, INSURED, INTAKES, SYSTEMS, a_visit

NOW = datetime(2026, 11, 21, 1, 16, tzinfo=UTC)


def a_sandbox(capacity: int = 100) -> Sandbox:
    numbers = itertools.count(1)
    return Sandbox("secret", lambda: str(next(numbers)), capacity)


def bundle_of(kind: str = "citizen card", visit_id: str = "visit-1") -> Json:
    return registered_visit(a_visit(INTAKES[kind], visit_id, number=f"A-{visit_id}"), SYSTEMS)


def statuses(answer: Json) -> list[str]:
    return [entry["response"]["status"][:3] for entry in answer["entry"]]


def test_first_created_then_found_again() -> None:
    sandbox, bundle = a_sandbox(), bundle_of("insurance card of 15")
    assert statuses(sandbox.transact(bundle, NOW)) == ["201"] * 4
    again = sandbox.transact(bundle, NOW)
    assert statuses(again) == ["200"] * 4
    assert len(sandbox.search("Patient")) == 1
    assert read_answer(200, {}, frozen_text(again), 4, NOW).kind == "delivered"


def test_links_become_literal_also_to_what_was_there() -> None:
    sandbox = a_sandbox()
    sandbox.transact(bundle_of(visit_id="visit-1"), NOW)
    sandbox.transact(bundle_of(visit_id="visit-2"), NOW)
    (patient,) = sandbox.search("Patient")
    for encounter in sandbox.search("Encounter"):
        assert encounter["subject"]["reference"] == f"Patient/{patient['id']}"
    assert "urn:uuid" not in str(sandbox.search("Task"))


def test_search_knows_systems_apart() -> None:
    sandbox = a_sandbox()
    sandbox.transact(bundle_of("insurance number that is the citizen number"), NOW)
    number = "001199000124"
    assert len(sandbox.search("Coverage", f"http://fhir.hl7.org.vn/core/sid/bhyt|{number}")) == 1
    assert sandbox.search("Coverage", f"http://fhir.hl7.org.vn/core/sid/cccd|{number}") == []
    assert len(sandbox.search("Patient", number)) == 1
    assert sandbox.read("Patient", "nobody") is None


def change(bundle: Json, what: str) -> Any:
    changed = copy.deepcopy(bundle)
    entry = changed["entry"][-1]
    if what == "not a bundle":
        return ["transaction"]
    if what == "batch":
        changed["type"] = "batch"
    elif what == "missing element":
        del changed["entry"][1]["resource"]["class"]
    elif what == "other type":
        entry["resource"] = {"resourceType": "Basic", "code": {"text": "x"}}
        entry["request"]["url"] = "Basic"
    elif what == "other method":
        entry["request"]["method"] = "PUT"
    elif what == "loose link":
        entry["resource"]["focus"] = {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"}
    elif what == "same url":
        entry["fullUrl"] = changed["entry"][0]["fullUrl"]
    elif what == "bare condition":
        entry["request"]["ifNoneExist"] = "?identifier=a|b"
    return changed


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("not a bundle", 400), ("batch", 400), ("missing element", 400), ("other type", 422), ("other method", 422),
        ("loose link", 400), ("same url", 400), ("bare condition", 412),
    ],
)  # fmt: skip
def test_a_bad_transaction_leaves_nothing(what: str, status: int) -> None:
    sandbox = a_sandbox()
    with pytest.raises(TransactionRefused) as refused:
        sandbox.transact(change(bundle_of(), what), NOW)
    assert refused.value.status == status
    assert [kind for kind in ("Patient", "Encounter", "Task") if sandbox.search(kind)] == []
    assert outcome(refused.value.code, refused.value.detail)["issue"][0]["severity"] == "error"


def test_two_records_for_one_person_are_never_chosen_from() -> None:
    sandbox = a_sandbox()
    sandbox.transact(bundle_of(), NOW)
    double = bundle_of(visit_id="other")
    double["entry"][0]["request"]["ifNoneExist"] = "identifier=urn:x:other|1"
    sandbox.transact(double, NOW)
    with pytest.raises(TransactionRefused) as refused:
        sandbox.transact(bundle_of(visit_id="third"), NOW)
    assert (refused.value.status, refused.value.code) == (412, "multiple-matches")


def test_it_keeps_no_more_than_its_capacity() -> None:
    sandbox = a_sandbox(capacity=2)
    for number in range(20):
        sandbox.transact(bundle_of("typed old number", f"visit-{number}"), NOW)
    kept = sum(len(sandbox.search(kind)) for kind in ("Patient", "Encounter", "Coverage", "Task"))
    assert kept == 8
    assert sandbox.charts()[0].visit_number == "visit-19"


def test_the_charts_show_what_came() -> None:
    sandbox = a_sandbox()
    for kind, visit in (("citizen card", "v1"), ("insurance card of 15", "v2"), ("typed old number", "v3")):
        sandbox.transact(bundle_of(kind, visit), NOW)
    nameless, insured, plain = sandbox.charts()
    assert (plain.patient_name, plain.identifiers[0]) == (CARD.full_name, CARD.personal_id)
    assert (insured.insurance, insured.birth_date, insured.gender) == (INSURED.card_no, "1958", "male")
    assert (nameless.patient_name, nameless.identifiers) == ("", ("012000001",))
    assert [chart.ticket_number for chart in sandbox.charts()] == ["A-v3", "A-v2", "A-v1"]


def test_only_the_bearer_of_the_token_is_let_in() -> None:
    sandbox = a_sandbox()
    assert sandbox.accepts("Bearer secret")
    assert [
        wrong for wrong in ("", "secret", "Bearer ", "Basic secret", "Bearer sécret") if sandbox.accepts(wrong)
    ] == []


def test_a_search_set_is_a_bundle() -> None:
    sandbox = a_sandbox()
    sandbox.transact(bundle_of(), NOW)
    found = search_set("Patient", sandbox.search("Patient"), "/sandbox/fhir")
    assert (found["type"], found["total"]) == ("searchset", 1)
    assert found["entry"][0]["fullUrl"].startswith("/sandbox/fhir/Patient/")
