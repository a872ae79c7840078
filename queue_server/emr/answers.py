"""Reading what a FHIR server answered to a transaction: pure. An HTTP 200 is a claim, not a proof.

Servers were measured that answer 200 to a transaction whose patient they refused while they stored the rest, so every
entry's own status is read, and their count is compared.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from queue_server.emr.port import Outcome

TRANSIENT = frozenset({408, 409, 425, 500, 502, 503, 504})
CONFIGURATION = frozenset({403, 404, 405, 406, 407, 410, 415, 501, 505})
"""Answers that tell of a wrong address, key or server, not of this message: no message would fare better."""
_LONGEST_PAUSE_S = 3600.0


def read_answer(status: int, headers: Mapping[str, str], body: str, entries: int, now: datetime) -> Outcome:
    """What to make of the answer to a transaction of that many entries. `headers` has lower-case names."""
    if 200 <= status < 300:
        return _read_good(body, entries)
    if status == 429:
        return Outcome("pause", "too_many_requests", f"HTTP {status}", pause_asked_for(headers, now))
    if status == 401:
        return Outcome("transient", "unauthorized", "HTTP 401: the token is not accepted")
    if status in CONFIGURATION:
        return Outcome("pause", "configuration", f"HTTP {status} {_issues(body)}".strip())
    if status == 412:
        return Outcome("needs_person", "several_matches", _issues(body))
    if 300 <= status < 400:
        return Outcome(
            "transient", "redirected", f"HTTP {status}: not followed, it may be a sign-in page of the network"
        )
    if status in TRANSIENT or status >= 500:
        return Outcome("transient", "server_busy", f"HTTP {status} {_issues(body)}".strip())
    return Outcome("dead", "refused", f"HTTP {status} {_issues(body)}".strip())


def _read_good(body: str, entries: int) -> Outcome:
    answer = _json(body)
    if answer is None or "resourceType" not in answer:
        return Outcome("transient", "not_fhir", "a good status without a FHIR answer: a portal or proxy spoke")
    if answer.get("resourceType") != "Bundle" or not isinstance(answer.get("entry", []), list):
        return Outcome("needs_person", "no_bundle", f"{answer.get('resourceType')} {_issues(body)}".strip())
    responses = [_response(entry) for entry in answer.get("entry", [])]
    statuses = [_status(response) for response in responses]
    placed = tuple(_place(response) for response in responses)
    listed = ", ".join(str(status) for status in statuses)
    if len(statuses) != entries:
        return Outcome(
            "needs_person", "wrong_count", f"{entries} sent, {len(statuses)} answered: {listed}", None, placed
        )
    bad = [status for status in statuses if not 200 <= status < 300]
    if not bad:
        return Outcome("delivered", "ok", listed, None, placed)
    if all(status in TRANSIENT or status == 429 for status in bad):
        return Outcome("transient", "entries_busy", listed, None, placed)
    return Outcome("needs_person", "entries_refused", listed, None, placed)


def _response(entry: Any) -> dict[str, Any]:
    response = entry.get("response") if isinstance(entry, dict) else None
    return response if isinstance(response, dict) else {}


def _status(response: dict[str, Any]) -> int:
    found = re.match(r"\d{3}(?!\d)", str(response.get("status", "")))
    return int(found[0]) if found else 0


def _place(response: dict[str, Any]) -> str:
    """``Patient/123`` out of a location that may be absolute and may name a version."""
    location = str(response.get("location", "")).split("/_history/")[0]
    return "/".join(location.split("/")[-2:])[:200]


def _issues(body: str) -> str:
    """Codes and places of an OperationOutcome. Its free text may repeat the patient's data, so it is left out."""
    answer = _json(body) or {}
    issues = answer.get("issue")
    told = []
    for issue in issues[:5] if isinstance(issues, list) else []:
        if isinstance(issue, dict):
            places = issue.get("expression")
            where = ",".join(str(place) for place in places) if isinstance(places, list) else ""
            told.append(f"{issue.get('code', '?')} {where}".strip()[:120])
    return "; ".join(told)


def _json(body: str) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def pause_asked_for(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds: Retry-After (seconds or a date), else the reset of a RateLimit header (``t=30``); None when neither."""
    wished = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}", wished):
        return _bounded(float(wished))
    if wished:
        try:
            until = parsedate_to_datetime(wished)
        except (ValueError, OverflowError):
            return None
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        return _bounded((until - now).total_seconds())
    found = re.search(r"(?:^|[;,\s])t=(\d{1,9})", headers.get("ratelimit", ""))
    return _bounded(float(found[1])) if found else None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 1.0), _LONGEST_PAUSE_S) if math.isfinite(seconds) else _LONGEST_PAUSE_S
