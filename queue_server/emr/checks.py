"""What the library of FHIR models does not check: code sets, links between entries, types of references. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from queue_server.emr.errors import MappingFault

Json: TypeAlias = dict[str, Any]

# Value sets with a required binding in R4 4.0.1 that the mapping uses.
CODES: dict[tuple[str, str], frozenset[str]] = {
    ("Bundle", "type"): frozenset({"transaction"}),
    ("Patient", "gender"): frozenset({"male", "female", "other", "unknown"}),
    ("Encounter", "status"): frozenset(
        {
            "planned", "arrived", "triaged", "in-progress", "onleave",
            "finished", "cancelled", "entered-in-error", "unknown",
        }
    ),
    ("Coverage", "status"): frozenset({"active", "cancelled", "draft", "entered-in-error"}),
    ("Task", "status"): frozenset(
        {
            "draft", "requested", "received", "accepted", "rejected", "ready", "cancelled", "in-progress",
            "on-hold", "failed", "completed", "entered-in-error",
        }
    ),
    ("Task", "intent"): frozenset(
        {
            "unknown", "proposal", "plan", "order", "original-order", "reflex-order", "filler-order",
            "instance-order", "option",
        }
    ),
    ("Task", "priority"): frozenset({"routine", "urgent", "asap", "stat"}),
}  # fmt: skip
REFERENCES: dict[tuple[str, str], frozenset[str]] = {
    ("Encounter", "subject"): frozenset({"Patient"}),
    ("Coverage", "beneficiary"): frozenset({"Patient"}),
    ("Task", "for"): frozenset({"Patient"}),
    ("Task", "encounter"): frozenset({"Encounter"}),
    ("Task", "focus"): frozenset({"Encounter"}),
}


def check_bundle(bundle: Json) -> None:
    """Raise `MappingFault` when a code is outside its set, an entry has no condition, or a link leads nowhere."""
    _check_codes(bundle)
    types = {entry["fullUrl"]: entry["resource"]["resourceType"] for entry in bundle["entry"]}
    if len(types) != len(bundle["entry"]):
        raise MappingFault("full_url_twice")
    for entry in bundle["entry"]:
        resource = entry["resource"]
        if not entry["request"].get("ifNoneExist"):
            raise MappingFault("not_repeatable", str(resource["resourceType"]))
        _check_codes(resource)
        _check_links(resource, types)


def _check_codes(resource: Json) -> None:
    kind = resource["resourceType"]
    for (owner, field), allowed in CODES.items():
        if owner == kind and field in resource and resource[field] not in allowed:
            raise MappingFault("code_outside_its_set", f"{kind}.{field}")


def _check_links(resource: Json, types: dict[str, str]) -> None:
    kind = resource["resourceType"]
    for field, target in references(resource):
        if target not in types:
            raise MappingFault("link_leads_nowhere", f"{kind}.{field}")
        if types[target] not in REFERENCES.get((kind, field), frozenset()):
            raise MappingFault("link_of_the_wrong_kind", f"{kind}.{field}")


def references(value: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """Every (field, literal reference) below a value; the field is the name at the top."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "reference" and isinstance(inner, str):
                yield field, inner
            else:
                yield from references(inner, field or key)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner, field)
