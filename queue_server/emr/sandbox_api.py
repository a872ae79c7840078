"""The sandbox's FHIR endpoints. They ask for a bearer token, as any record system does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse

from queue_server.emr.checks import Json
from queue_server.emr.errors import TransactionRefused
from queue_server.emr.sandbox import TYPES, Sandbox, outcome, search_set

MOUNT = "/sandbox"
BASE = f"{MOUNT}/fhir"
_LARGEST_BODY = 1_000_000


class _Refused(Exception):
    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(code)
        self.status, self.body = status, outcome(code, text)


def sandbox_app(sandbox: Sandbox) -> FastAPI:
    """The sandbox as an application of its own, to be mounted at `MOUNT` or called in the same process."""
    app = FastAPI(title="FHIR sandbox", docs_url=None, redoc_url=None, openapi_url=None)

    @app.exception_handler(_Refused)
    def refused(_request: Request, error: _Refused) -> Response:
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
        return _fhir(error.body, error.status, headers)

    app.include_router(_router(sandbox))
    return app


def _router(sandbox: Sandbox) -> APIRouter:
    def bearer(authorization: Annotated[str, Header()] = "") -> None:
        if not sandbox.accepts(authorization):
            raise _Refused(401, "login", "a bearer token is wanted")

    router = APIRouter(prefix="/fhir", dependencies=[Depends(bearer)])

    @router.post("")
    @router.post("/")
    async def transact(request: Request) -> Response:
        try:
            return _fhir(sandbox.transact(await _body(request), datetime.now(UTC)))
        except TransactionRefused as error:
            raise _Refused(error.status, error.code, error.detail) from error

    @router.get("/metadata")
    def metadata() -> Response:
        return _fhir(_capabilities())

    # All in the event loop: the sandbox is not made for threads.
    @router.get("/{kind}")
    async def search(kind: str, identifier: str | None = None) -> Response:
        return _fhir(search_set(_known(kind), sandbox.search(kind, identifier), BASE))

    @router.get("/{kind}/{resource_id}")
    async def read(kind: str, resource_id: str) -> Response:
        found = sandbox.read(_known(kind), resource_id)
        if found is None:
            raise _Refused(404, "not-found", "no such resource")
        return _fhir(found)

    return router


async def _body(request: Request) -> object:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_BODY:
            raise _Refused(413, "too-long", "at most 1 MB")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise _Refused(400, "structure", "not JSON") from None


def _known(kind: str) -> str:
    if kind not in TYPES:
        raise _Refused(404, "not-supported", "this sandbox keeps " + ", ".join(TYPES))
    return kind


def _fhir(body: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(body, status, headers, media_type="application/fhir+json")


def _capabilities() -> Json:
    resources = [
        {"type": kind, "interaction": [{"code": "read"}, {"code": "search-type"}], "conditionalCreate": True}
        for kind in TYPES
    ]
    rest = {"mode": "server", "interaction": [{"code": "transaction"}], "resource": resources}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-21",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [rest],
    }
