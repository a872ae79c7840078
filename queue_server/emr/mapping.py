"""What the EMR is told of a registered visit: one FHIR R4 transaction. Pure.

Each entry is a POST with a condition on a business identifier, so sending it again adds nothing, and all ids inside
the bundle come from the visit, so that a retry is the same bytes. Nothing is invented: no number, no birth date, no
day in a birth year. The EMR owns demographics: the patient is created when absent and never overwritten.

Not said here: answers to questionnaires, consent, documents and provenance, which the kiosk does not ask for yet.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from urllib.parse import quote
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

from protocol.nouns import Entry, Identity, Intake, Service, Site, Value
from queue_server.emr.checks import Json, check_bundle
from queue_server.emr.errors import MappingFault
from queue_server.emr.settings import Systems
from queue_server.emr.texts import clean, split_name

_NAMESPACE = UUID("6f0f7c5e-5d0b-5f0f-9a3e-2b8f6a5f4c11")
"""Ours, fixed for ever: the ids of a visit's entries must not change from one release to the next."""

_IDENTIFIER_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_CITIZEN_NUMBER = re.compile(r"[0-9]{12}")
_OLD_CARD = re.compile(r"[0-9]{9}")
_INSURANCE_NUMBER = re.compile(r"[A-Z]{2}[0-9]{13}|[0-9]{10}|[0-9]{12}")
_INSURANCE_DOCUMENTS = frozenset({"bhyt_15", "bhyt_12", "bhyt_10", "typed_bhyt_15"})
_FULL_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FHIR_GENDER = {"male": "male", "female": "female", "unknown": "unknown"}


class RegisteredVisit(Value):
    """A visit as it was when its number was given."""

    visit_id: str
    intake: Intake
    entry: Entry
    service: Service
    room_number: str
    business_day: str
    """ISO date of the site's business day."""
    site: Site


def registered_visit(visit: RegisteredVisit, systems: Systems) -> Json:
    """The transaction Bundle for a new visit, checked. Raises `MappingFault` when it would not be valid FHIR."""
    entries = [_patient(visit, systems), _encounter(visit, systems)]
    if _insurance_number(visit.intake.identity):
        entries.append(_coverage(visit, systems))
    entries.append(_task(visit, systems))
    return _validated({"resourceType": "Bundle", "type": "transaction", "timestamp": _when(visit), "entry": entries})


def frozen_text(bundle: Json) -> str:
    """The bytes that are stored and sent, as text: always the same for the same visit."""
    return json.dumps(bundle, ensure_ascii=False, separators=(",", ":"))


def entry_uuid(visit_id: str, kind: str) -> str:
    return f"urn:uuid:{uuid5(_NAMESPACE, f'{visit_id}/{kind}')}"


def _validated(bundle: Json) -> Json:
    try:
        model = Bundle.model_validate(bundle)
    except ValidationError as error:
        # The values may hold personal data: only the places and kinds of the mistakes leave this function.
        places = "; ".join(f"{'.'.join(map(str, one['loc']))} {one['type']}" for one in error.errors()[:5])
        raise MappingFault("not_valid_fhir", places) from None
    dumped: Json = model.model_dump(mode="json")
    check_bundle(dumped)
    return dumped


# --- the four entries ----------------------------------------------------------------------------------------------


def _patient(visit: RegisteredVisit, systems: Systems) -> Json:
    identity = visit.intake.identity
    identifiers = _person_identifiers(visit, systems)
    language = {"coding": [{"system": "urn:ietf:bcp:47", "code": visit.intake.language}]}
    patient: Json = {
        "resourceType": "Patient",
        "identifier": identifiers,
        "active": True,
        "gender": _FHIR_GENDER.get(identity.gender or ""),
        "birthDate": _birth_date(identity),
        "communication": [{"language": language, "preferred": True}],
    }
    if name := clean(identity.full_name):
        family, given = split_name(name)
        patient["name"] = [_present({"use": "official", "text": name, "family": family, "given": list(given)})]
    if address := clean(identity.address):
        patient["address"] = [{"use": "home", "text": address}]
    return _entry(visit, "Patient", _present(patient), identifiers[0])


def _encounter(visit: RegisteredVisit, systems: Systems) -> Json:
    identifier = _visit_identifier(visit, systems)
    encounter = {
        "resourceType": "Encounter",
        "identifier": [identifier],
        "status": "arrived",
        "class": {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "code": "AMB",
            "display": "ambulatory",
        },
        # A better place in the queue by age is the law's courtesy, not clinical urgency, which clinicians tell.
        "priority": _coded("http://terminology.hl7.org/CodeSystem/v3-ActPriority", "R", "routine"),
        "serviceType": {"text": _service_name(visit)},
        "subject": {"reference": entry_uuid(visit.visit_id, "Patient")},
        "period": {"start": _when(visit)},
    }
    return _entry(visit, "Encounter", encounter, identifier)


def _coverage(visit: RegisteredVisit, systems: Systems) -> Json:
    identity = visit.intake.identity
    identifier = _insurance_identifier(identity, systems)
    coverage: Json = {
        "resourceType": "Coverage",
        "identifier": [identifier],
        "status": "active",
        "type": _coded("http://terminology.hl7.org/CodeSystem/v3-ActCode", "PUBLICPOL", "public healthcare"),
        "subscriberId": identifier["value"],
        "beneficiary": {"reference": entry_uuid(visit.visit_id, "Patient")},
        # Read from what was shown and asked of no insurer: nobody may take it for a checked right.
        "extension": [{"url": systems.own.coverage_assurance, "valueCode": "self-declared"}],
        "relationship": _coded("http://terminology.hl7.org/CodeSystem/subscriber-relationship", "self"),
        "period": _present({"start": _full_date(identity.valid_from), "end": _full_date(identity.valid_to)}),
        "payor": [
            {"identifier": {"system": systems.own.payer, "value": "BHXH-VN"}, "display": "Bảo hiểm xã hội Việt Nam"}
        ],
    }
    if group := clean(identity.object_group):
        kind = _coded("http://terminology.hl7.org/CodeSystem/coverage-class", "group")
        coverage["class"] = [{"type": kind, "value": group}]
    return _entry(visit, "Coverage", _present(coverage), identifier)


def _task(visit: RegisteredVisit, systems: Systems) -> Json:
    entry, own = visit.entry, systems.own
    number_of_the_day = f"{visit.site.site_id}-{visit.business_day.replace('-', '')}-{entry.number}"
    identifier = {"system": own.queue_ticket, "value": number_of_the_day}
    encounter = {"reference": entry_uuid(visit.visit_id, "Encounter")}
    task = {
        "resourceType": "Task",
        "identifier": [identifier],
        "status": "requested",
        "businessStatus": {**_coded(own.queue_status, "waiting"), "text": "waiting"},
        "intent": systems.task_intent,
        "priority": "routine",
        "code": {**_coded(own.queue_task, "opd-queue"), "text": "OPD queue entry"},
        "description": entry.number,
        "focus": encounter,
        "for": {"reference": entry_uuid(visit.visit_id, "Patient")},
        "encounter": encounter,
        "authoredOn": _when(visit),
        "lastModified": _when(visit),
        "input": [{"type": {"text": kind}, "valueString": value} for kind, value in _task_inputs(visit)],
    }
    return _entry(visit, "Task", task, identifier)


def _task_inputs(visit: RegisteredVisit) -> list[tuple[str, str]]:
    intake, priority = visit.intake, visit.entry.priority
    return [
        ("ticket-number", visit.entry.number),
        ("queue", visit.entry.service_id),
        *([] if visit.entry.pooled else [("room", visit.room_number)]),  # told by the call, not by the ticket
        ("queue-priority", f"{priority.priority_class} {priority.status}"),
        # Whoever reads the record must see whether a card was read or a number was only typed.
        ("identity-source", f"{intake.entered_by} {intake.identity.document}"),
        *[("identity-warning", code) for code in intake.identity.warnings],
    ]


# --- identifiers ---------------------------------------------------------------------------------------------------


def _person_identifiers(visit: RegisteredVisit, systems: Systems) -> list[Json]:
    """The first one is the condition: citizen number, else insurance number, else this visit (a temporary record)."""
    identity = visit.intake.identity
    found = []
    if _CITIZEN_NUMBER.fullmatch(identity.personal_id or ""):
        found.append(
            _identifier(
                "NI", systems.person.citizen_number, identity.personal_id, "National unique individual identifier"
            )
        )
    if _insurance_number(identity):
        found.append(_insurance_identifier(identity, systems))
    if not found:
        found.append({**_visit_identifier(visit, systems), "use": "temp"})
    # The former nine-digit number was not unique in the whole country: it goes along, but is never a condition.
    if _OLD_CARD.fullmatch(identity.old_cmnd or ""):
        found.append({"use": "old", "system": systems.person.old_identity_card, "value": identity.old_cmnd})
    return found


def _insurance_number(identity: Identity) -> str | None:
    number = identity.card_no or ""
    return number if identity.document in _INSURANCE_DOCUMENTS and _INSURANCE_NUMBER.fullmatch(number) else None


def _insurance_identifier(identity: Identity, systems: Systems) -> Json:
    return _identifier("MB", systems.person.insurance_card, _insurance_number(identity), "Member Number")


def _visit_identifier(visit: RegisteredVisit, systems: Systems) -> Json:
    return _identifier("VN", systems.own.visit, visit.visit_id, "Visit number")


def _identifier(code: str, system: str, value: str | None, display: str) -> Json:
    return {"use": "official", "type": _coded(_IDENTIFIER_TYPES, code, display), "system": system, "value": value}


# --- small parts ---------------------------------------------------------------------------------------------------


def _entry(visit: RegisteredVisit, kind: str, resource: Json, identifier: Json) -> Json:
    # The bare form: a "Patient?identifier=" condition is refused or, worse, silently dropped by real servers.
    condition = f"identifier={identifier['system']}|{quote(identifier['value'], safe='')}"
    return {
        "fullUrl": entry_uuid(visit.visit_id, kind),
        "resource": resource,
        "request": {"method": "POST", "url": kind, "ifNoneExist": condition},
    }


def _coded(system: str, code: str, display: str | None = None) -> Json:
    return {"coding": [_present({"system": system, "code": code, "display": display})]}


def _present(fields: Json) -> Json:
    return {name: value for name, value in fields.items() if value not in (None, {}, [])}


def _service_name(visit: RegisteredVisit) -> str:
    names = visit.service.names
    return clean(names.get("vi") or next(iter(names.values()), None)) or visit.service.service_id


def _when(visit: RegisteredVisit) -> str:
    issued: datetime = visit.entry.issued_at.astimezone(ZoneInfo(visit.site.time_zone))
    return issued.isoformat(timespec="seconds")


def _birth_date(identity: Identity) -> str | None:
    return identity.birth.value if identity.birth else None


def _full_date(text: str | None) -> str | None:
    """Nothing for a day that is on no calendar: it must not keep the whole visit from the record system."""
    if not text or not _FULL_DATE.fullmatch(text):
        return None
    try:
        date.fromisoformat(text)
    except ValueError:
        return None
    return text
