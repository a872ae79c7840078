"""Errors on the wire: one table from our codes to HTTP status; a refusal is an `ErrorAnswer` in the reader's language.

What was sent is never echoed: it may be personal data.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from locales import languages, t
from protocol.requests import ErrorAnswer
from queue_server.errors import QueueError
from queue_server.store.engine import CannotHold, StoreAway

log = logging.getLogger(__name__)

STATUS: Mapping[str, int] = {
    # who is asking
    "no_key": 401,
    "unknown_key": 401,
    "device_revoked": 401,
    "not_signed_in": 401,
    "wrong_credentials": 401,
    "wrong_role": 403,
    "wrong_origin": 403,
    "no_hello": 401,
    "wrong_code": 403,
    "locked": 429,
    "too_many_tries": 429,
    # the request
    "not_found": 404,
    "method_not_allowed": 405,
    "body_too_large": 413,
    "request_too_slow": 408,
    "not_json": 415,
    "invalid_request": 422,
    "invalid_value": 422,
    "bad_identity": 422,
    "same_number": 422,
    "impossible_number": 422,
    "foreign_series": 422,
    "too_old": 422,
    "proof_missing": 422,
    "journey_mistaken": 422,
    "protocol_too_new": 409,
    "request_id_taken": 409,
    # appointments
    "appointment_early": 409,
    "appointment_late": 409,
    "appointment_other_day": 409,
    "appointment_elsewhere": 409,
    "appointment_over": 409,
    "appointment_used": 409,
    "source_id_twice": 409,
    # things that are not there
    "unknown_service": 404,
    "unknown_room": 404,
    "unknown_zone": 404,
    "unknown_doctor": 404,
    "unknown_entry": 404,
    "unknown_ticket": 404,
    "unknown_call": 404,
    "unknown_device": 404,
    "unknown_number": 404,
    "unknown_appointment": 404,
    # things that are not as the caller thinks
    "service_closed": 409,
    "not_open_now": 409,
    "last_ticket_passed": 409,
    "would_not_be_seen": 409,
    "full_today": 409,
    "full_this_hour": 409,
    "full_for_class": 409,
    "full_for_person": 409,
    "series_taken": 409,
    "not_self_service": 409,
    "still_waiting": 409,
    "room_number_taken": 409,
    "id_taken": 409,
    "unknown_icon": 422,
    "no_open_room": 409,
    "no_room": 409,
    "number_taken": 409,
    "nobody_waiting": 409,
    "waits_elsewhere": 409,
    "wanted_room_closed": 409,
    "no_offer": 409,
    "room_closed": 409,
    "room_open": 409,
    "room_changed": 409,
    "line_changed": 409,
    "stale_version": 409,
    "day_over": 409,
    "wrong_move": 409,
    "room_occupied": 409,
    "nowhere_to_go": 422,
    "already_there": 409,
    "room_without_service": 409,
    "doctor_away": 409,
    "holds_another": 409,
    "no_next_step": 409,
    "step_not_offered": 409,
    "next_step_closed": 409,
    "too_many_steps": 409,
    "recall_limit": 409,
    "recall_too_soon": 409,
    "not_undoable": 409,
    "undo_too_late": 409,
    "changed_since": 409,
    # not now
    "busy": 503,
    "stopping": 503,
    "store_away": 503,
    "no_site": 503,
    "internal": 500,
}
_BY_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "not_json"}
RESPONSES: dict[int | str, dict[str, object]] = {
    status: {"model": ErrorAnswer} for status in (401, 403, 404, 408, 409, 413, 415, 422, 429, 503)
}
"""What every endpoint may answer beside its own; for the description of the API."""


def status_of(code: str) -> int:
    return STATUS.get(code, 500)


def language_of(connection: HTTPConnection) -> str:
    """The reader's language by ``Accept-Language``, among those that there are; else Vietnamese."""
    known = languages()
    wanted = [part.split(";")[0].strip().lower() for part in connection.headers.get("accept-language", "").split(",")]
    for tag in wanted:
        base = tag.split("-")[0]
        if base in known:
            return base
    return known[0]


def error_answer(code: str, language: str, detail: Mapping[str, str] | None = None) -> ErrorAnswer:
    return ErrorAnswer(
        code=code, message=t(f"server.error.{code}", language, **(detail or {})), detail=dict(detail or {})
    )


def refusal(connection: HTTPConnection, code: str, detail: Mapping[str, str] | None = None) -> Response:
    """The HTTP answer for a code."""
    answer = error_answer(code, language_of(connection), detail)
    headers = {"WWW-Authenticate": "Bearer"} if status_of(code) == HTTPStatus.UNAUTHORIZED else None
    return JSONResponse(answer.model_dump(mode="json"), status_of(code), headers)


def install(app: FastAPI) -> None:
    """Make every error of `app` an `ErrorAnswer`."""
    app.add_exception_handler(QueueError, _ours)
    app.add_exception_handler(CannotHold, _cannot_hold)
    for away in StoreAway:
        app.add_exception_handler(away, _away)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, QueueError)
    return refusal(request, error.code, error.detail)


async def _cannot_hold(request: Request, error: Exception) -> Response:  # noqa: ARG001 (what it is, is known)
    """Text that the database cannot even be asked for (a NUL in PostgreSQL): the request is at fault."""
    return refusal(request, "invalid_value")


async def _away(request: Request, error: Exception) -> Response:
    """A database that does not answer is no refusal: kiosks go on by themselves, and everybody tries again."""
    log.error("store_away error=%s", type(error).__name__)
    return refusal(request, "store_away")


async def _invalid(request: Request, error: Exception) -> Response:
    """Which fields are wrong and how, by the names that we gave them; never what was in them."""
    assert isinstance(error, RequestValidationError)
    detail = {}
    for problem in error.errors()[:20]:
        place = [str(part) for part in problem["loc"] if part != "body"]
        if problem["type"] == "extra_forbidden":  # a name that the caller made up
            place = [*place[:-1], "?"]
        detail[".".join(place) or "body"] = str(problem["type"])
    return refusal(request, "invalid_request", detail)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _BY_STATUS.get(error.status_code, "invalid_request" if error.status_code < 500 else "internal")
    answer = refusal(request, code)
    answer.headers.update(error.headers or {})
    return answer
