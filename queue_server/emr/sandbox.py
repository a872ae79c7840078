"""A small record system to start with: takes FHIR R4 transactions like a real one, and shows what came.

It keeps everything in memory, up to a bound, and forgets it when the server stops: it is for trying and showing, not
for patients. Transactions are atomic, conditions are honoured, entries are validated, links become literal ones.
Ids and time are arguments. The routes are in `queue_server.emr.sandbox_api`.
"""

from __future__ import annotations

import copy
import hmac
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

from queue_server.emr.checks import Json, references
from queue_server.emr.errors import TransactionRefused

TYPES = ("Patient", "Encounter", "Coverage", "Task")
_CONDITION = re.compile(r"identifier=([^|&]+)\|([^&]+)")


@dataclass(frozen=True)
class Chart:
    """One visit as a clerk of the record system would see it."""

    received_at: str
    ticket_number: str
    service: str
    patient_name: str
    birth_date: str
    gender: str
    identifiers: tuple[str, ...]
    insurance: str
    visit_number: str


class Sandbox:
    """`token` is what callers must bring. Not safe for several threads: the server's loop is its only user."""

    def __init__(self, token: str, new_id: Callable[[], str], capacity: int = 2000) -> None:
        self._token = token
        self._new_id = new_id
        self._capacity = capacity * len(TYPES)
        self._stored: dict[tuple[str, str], Json] = {}
        self.transactions = 0

    def accepts(self, authorization: str) -> bool:
        return hmac.compare_digest(authorization.encode(), f"Bearer {self._token}".encode())

    # --- writing ---

    def transact(self, bundle: Any, now: datetime) -> Json:
        """The answer to a transaction. Raises `TransactionRefused`; then nothing at all was stored."""
        entries = _entries(bundle)
        placed, answers = self._place(entries, now)
        fresh: dict[tuple[str, str], Json] = {}
        for entry, answer in zip(entries, answers, strict=True):
            if answer["status"] == "201 Created":
                key = placed[entry["fullUrl"]]
                fresh[key] = _resolved(entry["resource"], key, placed, now)
        self._stored.update(fresh)
        self.transactions += 1
        for key in list(self._stored)[: max(0, len(self._stored) - self._capacity)]:
            del self._stored[key]
        return {
            "resourceType": "Bundle",
            "id": self._new_id(),
            "type": "transaction-response",
            "entry": [{"response": answer} for answer in answers],
        }

    def _place(self, entries: list[Json], now: datetime) -> tuple[dict[str, tuple[str, str]], list[Json]]:
        placed: dict[str, tuple[str, str]] = {}
        answers: list[Json] = []
        for entry in entries:
            kind = entry["resource"]["resourceType"]
            found = self._matching(kind, entry["request"].get("ifNoneExist"))
            if len(found) > 1:
                raise TransactionRefused(412, "multiple-matches", kind)
            key = (kind, found[0] if found else self._new_id())
            placed[entry["fullUrl"]] = key
            answers.append(
                {
                    "status": "200 OK" if found else "201 Created",
                    "location": f"{key[0]}/{key[1]}/_history/1",
                    "etag": 'W/"1"',
                    "lastModified": now.isoformat(timespec="seconds"),
                }
            )
        return placed, answers

    def _matching(self, kind: str, condition: str | None) -> list[str]:
        if condition is None:
            return []
        found = _CONDITION.fullmatch(condition)
        if found is None:
            # A condition that is dropped silently would bind the visit to any patient at all.
            raise TransactionRefused(412, "not-supported", "only identifier=system|value")
        return [resource["id"] for resource in self.search(kind, f"{unquote(found[1])}|{unquote(found[2])}")]

    # --- reading ---

    def read(self, kind: str, resource_id: str) -> Json | None:
        return self._stored.get((kind, resource_id))

    def search(self, kind: str, token: str | None = None) -> list[Json]:
        """Resources of a kind, all or with this identifier (``system|value`` or a bare value), oldest first."""
        return [
            resource
            for (stored_kind, _), resource in self._stored.items()
            if stored_kind == kind and (token is None or _has_identifier(resource, token))
        ]

    def charts(self, limit: int = 100) -> list[Chart]:
        """The newest visits, newest first."""
        newest = list(reversed(self.search("Encounter")))[:limit]
        return [self._chart(encounter) for encounter in newest]

    def _chart(self, encounter: Json) -> Chart:
        here = f"Encounter/{encounter['id']}"
        subject = encounter["subject"]["reference"]
        patient = self._stored.get(_key(subject), {})
        cards = [one for one in self.search("Coverage") if one["beneficiary"]["reference"] == subject]
        tasks = [one for one in self.search("Task") if one.get("encounter", {}).get("reference") == here]
        return Chart(
            received_at=encounter["meta"]["lastUpdated"],
            ticket_number=tasks[0].get("description", "") if tasks else "",
            service=encounter.get("serviceType", {}).get("text", ""),
            patient_name=(patient.get("name") or [{}])[0].get("text", ""),
            birth_date=patient.get("birthDate", ""),
            gender=patient.get("gender", ""),
            identifiers=tuple(one["value"] for one in patient.get("identifier", []) if one.get("use") != "temp"),
            insurance=cards[0].get("subscriberId", "") if cards else "",
            visit_number=encounter["identifier"][0]["value"],
        )


def _entries(bundle: Any) -> list[Json]:
    """The entries of a well-made transaction, or `TransactionRefused`."""
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle" or bundle.get("type") != "transaction":
        raise TransactionRefused(400, "invalid", "a Bundle of type transaction is wanted")
    try:
        Bundle.model_validate(bundle)
    except ValidationError as error:
        raise TransactionRefused(400, "structure", ".".join(map(str, error.errors()[0]["loc"]))) from None
    entries: list[Json] = bundle.get("entry") or []
    urls = {entry.get("fullUrl") for entry in entries}
    for entry in entries:
        resource, request = entry.get("resource") or {}, entry.get("request") or {}
        if resource.get("resourceType") not in TYPES:
            raise TransactionRefused(422, "not-supported", "this sandbox keeps " + ", ".join(TYPES))
        if request.get("method") != "POST" or request.get("url") != resource["resourceType"]:
            raise TransactionRefused(422, "not-supported", "only POST of new resources")
        for _, target in references(resource):
            if target.startswith("urn:") and target not in urls:
                raise TransactionRefused(400, "not-found", "a link to an entry that is not there")
    if None in urls or len(urls) != len(entries):
        raise TransactionRefused(400, "invalid", "each entry needs a fullUrl of its own")
    return entries


def _resolved(resource: Json, key: tuple[str, str], placed: dict[str, tuple[str, str]], now: datetime) -> Json:
    kept = copy.deepcopy(resource)
    for holder in _reference_holders(kept):
        if holder["reference"] in placed:
            holder["reference"] = "/".join(placed[holder["reference"]])
    kept["id"] = key[1]
    kept["meta"] = {**kept.get("meta", {}), "versionId": "1", "lastUpdated": now.isoformat(timespec="seconds")}
    return kept


def _reference_holders(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value
        for inner in value.values():
            yield from _reference_holders(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _reference_holders(inner)


def _has_identifier(resource: Json, token: str) -> bool:
    system, bar, value = token.rpartition("|")
    identifiers = resource.get("identifier", [])
    return any(one.get("value") == value and (not bar or one.get("system") == system) for one in identifiers)


def _key(reference: str) -> tuple[str, str]:
    kind, _, resource_id = reference.partition("/")
    return kind, resource_id


def outcome(code: str, text: str) -> Json:
    """An OperationOutcome, as FHIR servers answer when they refuse."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "details": {"text": text}}],
    }


def search_set(kind: str, resources: list[Json], base: str) -> Json:
    entries = [{"fullUrl": f"{base}/{kind}/{one['id']}", "resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}
