from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from hypothesis import given
from hypothesis import strategies as st

from protocol.nouns import Identity, Value
from queue_server.emr.checks import Json, check_bundle, references
from queue_server.emr.errors import MappingFault
from queue_server.emr.mapping import frozen_text, registered_visit
from queue_server.emr.settings import PRESETS, EmrSettings
from queue_server.emr.texts import clean, split_name
from tests.queue_server.emr.intakes import CARD, INSURED, INTAKES, SYSTEMS, a_visit

EXAMPLE = Path(__file__).parent / "emr_bundle.json"
"""A transaction that several real servers accepted."""


def made(identity: Identity, **options: str) -> dict[str, Json]:
    """Resources of the bundle by type, with the request beside each."""
    bundle = registered_visit(a_visit(identity, **options), SYSTEMS)
    return {entry["resource"]["resourceType"]: entry for entry in bundle["entry"]}


@pytest.mark.parametrize("kind", INTAKES)
def test_every_intake_becomes_valid_fhir(kind: str) -> None:
    bundle = registered_visit(a_visit(INTAKES[kind]), SYSTEMS)
    text = frozen_text(bundle)
    assert json.loads(Bundle.model_validate_json(text).model_dump_json()) == bundle
    assert [c for c in text if unicodedata.category(c) in ("Cc", "Cs")] == []
    assert unicodedata.is_normalized("NFC", text)
    assert bundle["timestamp"] == "2026-11-21T08:15:30+07:00"  # the hospital's own time, not UTC


@pytest.mark.parametrize("kind", INTAKES)
def test_a_retry_is_the_same_bytes(kind: str) -> None:
    once, again = (frozen_text(registered_visit(a_visit(INTAKES[kind]), SYSTEMS)) for _ in range(2))
    assert once.encode() == again.encode()


def test_two_visits_share_no_id() -> None:
    one, other = (registered_visit(a_visit(visit_id=visit), SYSTEMS) for visit in ("a", "b"))
    assert not {e["fullUrl"] for e in one["entry"]} & {e["fullUrl"] for e in other["entry"]}


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("citizen card", "identifier=http://fhir.hl7.org.vn/core/sid/cccd|001199000124"),
        ("typed citizen number", "identifier=http://fhir.hl7.org.vn/core/sid/cccd|001090000017"),
        ("insurance card of 15", "identifier=http://fhir.hl7.org.vn/core/sid/bhyt|DN4010123456790"),
        ("insurance number that is the citizen number", "identifier=http://fhir.hl7.org.vn/core/sid/cccd|001199000124"),
        ("typed old number", "identifier=https://kiosk.example.org/fhir/sid/intake|visit-1"),
        ("typed ambiguous number", "identifier=https://kiosk.example.org/fhir/sid/intake|visit-1"),
        ("broken number", "identifier=https://kiosk.example.org/fhir/sid/intake|visit-1"),
    ],
)
def test_the_patient_is_found_by_the_best_number_there_is(kind: str, condition: str) -> None:
    patient = made(INTAKES[kind])["Patient"]
    assert patient["request"] == {"method": "POST", "url": "Patient", "ifNoneExist": condition}
    first = patient["resource"]["identifier"][0]
    assert (first["use"] == "temp") == ("intake" in condition)


def test_the_old_number_goes_along_but_never_finds_anyone() -> None:
    patient = made(INTAKES["typed old number"])["Patient"]
    assert patient["resource"]["identifier"][1] == {
        "use": "old", "system": "http://fhir.hl7.org.vn/core/sid/cmnd", "value": "012000001",
    }  # fmt: skip


def test_nothing_is_invented() -> None:
    typed = made(INTAKES["typed ambiguous number"])
    patient = typed["Patient"]["resource"]
    assert set(patient) == {"resourceType", "identifier", "active", "communication"}
    assert "Coverage" not in typed
    assert "0100000022" not in json.dumps(typed)
    broken = made(INTAKES["broken number"])["Patient"]["resource"]
    assert "birthDate" not in broken
    assert made(INTAKES["month of birth only"])["Patient"]["resource"]["birthDate"] == "1952-07"
    assert made(INSURED)["Patient"]["resource"]["birthDate"] == "1958"


def test_coverage_only_with_an_insurance_card_and_its_dates_only_if_read() -> None:
    assert "Coverage" not in made(CARD)
    full = made(INSURED)["Coverage"]["resource"]
    assert full["period"] == {"start": "2026-01-01", "end": "2026-12-31"}
    assert full["class"][0]["value"] == "DN"
    assert made(INTAKES["insurance card of 10, no end"])["Coverage"]["resource"]["period"] == {"start": "2026-01-01"}
    typed = made(INTAKES["typed insurance number"])["Coverage"]["resource"]
    assert "period" not in typed
    impossible = INSURED.model_copy(update={"valid_from": "2026-02-31", "valid_to": "9999-99-99"})
    assert "period" not in made(impossible)["Coverage"]["resource"]


def test_coverage_says_that_nobody_checked_it() -> None:
    for kind in ("insurance card of 15", "insurance card of 10, no end", "typed insurance number"):
        coverage = made(INTAKES[kind])["Coverage"]["resource"]
        assert coverage["extension"] == [
            {
                "url": "https://kiosk.example.org/fhir/StructureDefinition/coverage-assurance",
                "valueCode": "self-declared",
            }
        ]
        assert "verified" not in json.dumps(coverage)


def test_the_task_is_the_place_in_the_queue() -> None:
    task = made(INTAKES["typed ambiguous number"], entered_by="typed")["Task"]["resource"]
    assert (task["status"], task["businessStatus"]["text"], task["intent"]) == ("requested", "waiting", "order")
    assert task["identifier"][0]["value"] == "main-20261121-A018"
    assert {one["type"]["text"]: one["valueString"] for one in task["input"]} == {
        "ticket-number": "A018",
        "queue": "noi-tong-quat",
        "room": "5",
        "queue-priority": "normal proven",
        "identity-source": "typed typed_10_digits",
        "identity-warning": "ambiguous_identifier",
    }


def test_a_room_that_only_the_call_tells_is_not_told_before() -> None:
    visit = a_visit(CARD)
    pooled = visit.model_copy(update={"entry": visit.entry.model_copy(update={"pooled": True})})
    bundle = registered_visit(pooled, SYSTEMS)
    task = next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Task")
    assert "room" not in {one["type"]["text"] for one in task["input"]}


def test_names_are_whole_and_split_only_beside_the_whole() -> None:
    name = made(CARD)["Patient"]["resource"]["name"][0]
    assert name == {
        "use": "official", "text": "Nguyễn Thị Thử Nghiệm", "family": "Nguyễn", "given": ["Thị", "Thử", "Nghiệm"],
    }  # fmt: skip
    assert made(INTAKES["one word"])["Patient"]["resource"]["name"][0] == {
        "use": "official", "text": "Suối", "family": "Suối",
    }  # fmt: skip
    assert made(INTAKES["control characters"])["Patient"]["resource"]["name"][0]["text"] == "Ngô [2J Thị Mẫu"
    assert made(INTAKES["emoji"])["Patient"]["resource"]["name"][0]["text"] == "Nguyễn 👩‍⚕️ Vui"


def test_the_systems_are_data() -> None:
    settings = EmrSettings(preset="vn-core-ehealth", own_base="https://benhvien.test/fhir/", task_intent="unknown")
    bundle = frozen_text(registered_visit(a_visit(INTAKES["insurance card of 15"]), settings.systems()))
    assert "example.org" not in bundle
    assert "hl7.org.vn" not in bundle
    assert "https://benhvien.test/fhir/sid/intake|visit-1" in bundle
    own = EmrSettings(person_systems=PRESETS["vn-core-ehealth"].model_copy(update={"citizen_number": "urn:oid:1.2.3"}))
    assert own.systems().person.citizen_number == "urn:oid:1.2.3"


@pytest.mark.parametrize("wrong", ["no scheme", "https://a.test/x|y", "https://a.test/x?y", "https://a.test/ x"])
def test_a_system_that_would_change_the_condition_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="own_base"):
        EmrSettings(own_base=wrong)


def shape(value: Any) -> Any:
    """Names and kinds of a JSON value, without the values themselves; of a list, what any of its items has."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        merged: dict[str, Any] = {}
        for inner in value:
            merged.update(shape(inner) if isinstance(inner, dict) else {"": type(inner).__name__})
        return [merged]
    return type(value).__name__


def missing(ours: Any, example: Any, path: str = "") -> list[str]:
    """What we say that the accepted example does not: a name it lacks, or another kind of value under a name."""
    if isinstance(ours, dict) and isinstance(example, dict):
        return [place for name in ours for place in missing(ours[name], example.get(name), f"{path}.{name}")]
    if isinstance(ours, list) and isinstance(example, list):
        return missing(ours[0], example[0], path)
    return [] if ours == example else [path]


def test_the_shape_is_that_of_the_example_real_servers_accepted() -> None:
    example = {e["resource"]["resourceType"]: e for e in json.loads(EXAMPLE.read_text(encoding="utf-8"))["entry"]}
    insured = CARD.model_copy(
        update={name: getattr(INSURED, name) for name in ("card_no", "object_group", "valid_from", "valid_to")}
        | {"document": "bhyt_15", "old_cmnd": None}
    )
    for kind, entry in made(insured).items():
        differing = missing(shape(entry), shape(example[kind]))
        # The identity of a membership number stands with the patient here, so it says what it is used for; and the
        # coverage says that it is self-declared, in an extension, which FHIR lets every receiver pass by.
        more = {".resource.identifier.use"} | ({".resource.extension"} if kind == "Coverage" else set())
        assert set(differing) <= more, kind
        required = {"Patient": 8, "Encounter": 8, "Coverage": 10, "Task": 13}[kind]
        assert len(entry["resource"]) >= required - 1, kind


def test_our_own_checks_see_what_the_models_do_not() -> None:
    def with_change(kind: str, name: str, value: Any) -> Json:
        bundle: Json = json.loads(frozen_text(registered_visit(a_visit(INSURED), SYSTEMS)))
        next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)[name] = value
        return bundle

    check_bundle(with_change("Patient", "gender", "other"))
    patient = a_visit().visit_id
    faults = [
        (with_change("Patient", "gender", "nu"), "code_outside_its_set"),
        (with_change("Encounter", "status", "waiting"), "code_outside_its_set"),
        (with_change("Task", "priority", "high"), "code_outside_its_set"),
        (with_change("Encounter", "subject", {"reference": "urn:uuid:0"}), "link_leads_nowhere"),
    ]
    wrong_kind = with_change("Task", "description", patient)
    task = wrong_kind["entry"][-1]["resource"]
    task["for"] = task["encounter"]
    repeated = with_change("Task", "description", "x")
    del repeated["entry"][0]["request"]["ifNoneExist"]
    twice = with_change("Task", "description", "x")
    twice["entry"][0]["fullUrl"] = twice["entry"][1]["fullUrl"]
    faults += [(wrong_kind, "link_of_the_wrong_kind"), (repeated, "not_repeatable"), (twice, "full_url_twice")]
    for bundle, code in faults:
        with pytest.raises(MappingFault) as refused:
            check_bundle(bundle)
        assert refused.value.code == code


def test_a_fault_of_the_mapping_names_places_and_no_values() -> None:
    visit = a_visit(CARD)
    lying = visit.intake.model_copy(update={"language": "Nguyễn  1999"})
    with pytest.raises(MappingFault) as refused:
        registered_visit(visit.model_copy(update={"intake": lying}), SYSTEMS)
    assert refused.value.code == "not_valid_fhir"
    assert "language.coding" in refused.value.detail
    assert "1999" not in refused.value.detail
    assert "Nguyễn" not in refused.value.detail


@given(st.text())
def test_any_text_becomes_one_clean_line(text: str) -> None:
    cleaned = clean(text)
    assert cleaned is None or (cleaned == cleaned.strip() and cleaned != "")
    assert clean(cleaned) == cleaned
    if cleaned:
        assert not {unicodedata.category(c) for c in cleaned} & {"Cc", "Cs", "Zl", "Zp"}
        family, given_names = split_name(cleaned)
        assert " ".join([family, *given_names]) == cleaned


@given(
    name=st.text(max_size=80),
    address=st.text(max_size=80),
    number=st.text(max_size=14) | st.from_regex(r"\A[0-9]{12}\Z"),
    card=st.text(max_size=16) | st.from_regex(r"\A[A-Z]{2}[0-9]{13}\Z"),
    group=st.none() | st.text(max_size=4),
)
def test_any_card_text_maps(name: str, address: str, number: str, card: str, group: str | None) -> None:
    identity = Identity(
        document="bhyt_15", personal_id=number, card_no=card, object_group=group, full_name=name, address=address
    )
    bundle = registered_visit(a_visit(identity), SYSTEMS)
    urls = {entry["fullUrl"] for entry in bundle["entry"]}
    assert {target for entry in bundle["entry"] for _, target in references(entry["resource"])} <= urls


def test_the_visit_is_a_frozen_value() -> None:
    assert isinstance(a_visit(), Value)
