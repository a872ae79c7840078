"""Putting the EMR part together from its settings. Nothing is opened before `build_emr` is called."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import httpx

from queue_server.emr.delivery import Delivery
from queue_server.emr.fhir_rest import FhirRest
from queue_server.emr.port import Emr
from queue_server.emr.sandbox import Sandbox
from queue_server.emr.sandbox_api import sandbox_app
from queue_server.emr.settings import SANDBOX, EmrSettings
from queue_server.store.engine import Engine
from queue_server.store.writer import Writer


@dataclass(frozen=True)
class EmrParts:
    """None for what the settings switch off."""

    delivery: Delivery | None
    sandbox: Sandbox | None


def build_emr(
    settings: EmrSettings, engine: Engine, writer: Writer, site_id: str, clock: Callable[[], datetime]
) -> EmrParts:
    """Start the delivery after the writer, stop it before the writer; mount ``sandbox_app(sandbox)`` at its `MOUNT`."""
    token = settings.token.get_secret_value() if settings.token else secrets.token_urlsafe(24)
    sandbox = Sandbox(token, lambda: uuid4().hex, settings.sandbox_capacity) if settings.sandbox_enabled else None
    if not settings.enabled:
        return EmrParts(None, sandbox)
    emr = open_emr(settings, token, sandbox)
    return EmrParts(Delivery(engine, writer, settings, emr, site_id=site_id, clock=clock), sandbox)


def open_emr(settings: EmrSettings, token: str, sandbox: Sandbox | None) -> Emr:
    """The transport to the configured address. The sandbox of this server is reached inside the process, through the
    same HTTP messages as any other, so that it needs neither a port nor a certificate."""
    timeouts = (settings.connect_timeout_s, settings.read_timeout_s)
    if settings.base_url != SANDBOX:
        return FhirRest(settings.base_url, lambda: token, *timeouts)
    inside = sandbox or Sandbox(token, lambda: uuid4().hex, settings.sandbox_capacity)
    transport = httpx.ASGITransport(sandbox_app(inside))
    return FhirRest("http://sandbox/fhir", lambda: token, *timeouts, transport=transport)
