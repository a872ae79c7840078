"""Devices: pairing by a six-digit code, and what they report."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from protocol.frames import AlertRaised, CallAcknowledged, DeviceHealthChanged, DevicePaired, TicketPrinted
from protocol.nouns import Device
from protocol.requests import (
    AcknowledgeCall,
    CreatePairingCode,
    Done,
    PairDevice,
    Paired,
    PairingCode,
    RaiseAlert,
    ReportHealth,
    ReportPrint,
)
from queue_server.auth.keys import fingerprint, new_id, new_key, new_pairing_code
from queue_server.domain.numbering import free_series
from queue_server.errors import NotFound
from queue_server.store import journal
from queue_server.store import repository as store
from queue_server.store.series import letters_in_use
from queue_server.store.tables import device, device_health, pairing_code, zone
from queue_server.usecases.change import Change

_CODE = re.compile(r"[a-z0-9_]{1,64}")
CODE_VALID = timedelta(minutes=10)
WRONG_CODES = 5
"""After so many wrong codes every open code is void: six digits must not be found by trying."""


def create_code(change: Change, request: CreatePairingCode) -> PairingCode:
    """A code to type at the device. Asked again with the same request, the code before is replaced: only its
    fingerprint was kept. Raises NotFound ``unknown_zone``."""
    if request.zone_id is not None and not _zone_exists(change, request.zone_id):
        raise NotFound("unknown_zone")
    known = select(pairing_code.c.code_hash).where(
        pairing_code.c.site_id == change.site.site_id, pairing_code.c.expires_at > change.now
    )
    taken = set(change.connection.execute(known).scalars())
    code = new_pairing_code()
    while fingerprint(code) in taken:
        code = new_pairing_code()
    change.connection.execute(
        update(pairing_code)
        .where(pairing_code.c.request_id == request.request_id, pairing_code.c.used_at.is_(None))
        .values(expires_at=change.now)
    )
    change.connection.execute(
        insert(pairing_code).values(
            pairing_id=new_id(),
            site_id=change.site.site_id,
            code_hash=fingerprint(code),
            request_id=request.request_id,
            kind=request.kind,
            name=request.name,
            zone_id=request.zone_id,
            created_at=change.now,
            expires_at=change.now + CODE_VALID,
        )
    )
    return PairingCode(code=code, valid_s=int(CODE_VALID.total_seconds()))


def _zone_exists(change: Change, zone_id: str) -> bool:
    query = select(zone.c.zone_id).where(zone.c.zone_id == zone_id, zone.c.site_id == change.site.site_id)
    return change.connection.execute(query).first() is not None


def pair(change: Change, request: PairDevice) -> Paired | None:
    """The device and its key; None when the code is wrong (not raised: the failure must be counted and kept).

    A repeat of the same request gets a new key for the same device: the first answer was lost, and of its key only
    the fingerprint is known.
    """
    found = change.connection.execute(
        select(pairing_code).where(
            pairing_code.c.site_id == change.site.site_id,
            pairing_code.c.code_hash == fingerprint(request.code),
            pairing_code.c.expires_at > change.now,
            pairing_code.c.failures < WRONG_CODES,
        )
    ).first()
    if found is not None and found.used_at is None:
        paired = _with_series(
            change.connection,
            change.site.site_id,
            Device(device_id=new_id(), kind=found.kind, name=found.name, zone_id=found.zone_id),
        )
        key = add_device(change.connection, change.site.site_id, paired, change.now)
        change.connection.execute(
            update(pairing_code)
            .where(pairing_code.c.pairing_id == found.pairing_id)
            .values(used_at=change.now, used_by_request=request.request_id, device_id=paired.device_id)
        )
        change.journal(DevicePaired(device=paired), device_id=paired.device_id)
        return Paired(device=paired, key=key, site=change.site)
    if found is not None and found.used_by_request == request.request_id:
        return _new_key(change, found.device_id)
    change.connection.execute(
        update(pairing_code)
        .where(
            pairing_code.c.site_id == change.site.site_id,
            pairing_code.c.expires_at > change.now,
            pairing_code.c.used_at.is_(None),
        )
        .values(failures=pairing_code.c.failures + 1)
    )
    return None


def _new_key(change: Change, device_id: str) -> Paired | None:
    row = change.connection.execute(
        select(device).where(device.c.device_id == device_id, device.c.revoked_at.is_(None))
    ).first()
    if row is None:
        return None
    key = renew_key(change.connection, device_id)
    paired = Device(device_id=device_id, kind=row.kind, name=row.name, zone_id=row.zone_id, series=row.series or "")
    return Paired(device=paired, key=key, site=change.site)


def add_device(connection: Connection, site_id: str, new: Device, now: datetime) -> str:
    """Keep a device and return its key, the only time that anybody sees it. Inside a change."""
    key = new_key()
    kept = _with_series(connection, site_id, new)
    connection.execute(
        insert(device).values(
            device_id=new.device_id,
            site_id=site_id,
            kind=new.kind,
            name=new.name,
            zone_id=new.zone_id,
            key_hash=fingerprint(key),
            paired_at=now,
            series=kept.series or None,
        )
    )
    return key


def _with_series(connection: Connection, site_id: str, new: Device) -> Device:
    """A kiosk gets letters of its own, for the numbers that it gives while it cannot reach the server."""
    if new.kind != "kiosk" or new.series:
        return new
    return new.model_copy(update={"series": free_series(letters_in_use(connection, site_id))})


def renew_key(connection: Connection, device_id: str) -> str:
    """A new key for a device; the one before is worth nothing. Inside a change."""
    key = new_key()
    connection.execute(
        update(device).where(device.c.device_id == device_id).values(key_hash=fingerprint(key), revoked_at=None)
    )
    return key


def revoke(connection: Connection, site_id: str, device_id: str, now: datetime) -> None:
    """The device's key is worth nothing from now on. Raises NotFound ``unknown_device``. Inside a change."""
    done = connection.execute(
        update(device).where(device.c.device_id == device_id, device.c.site_id == site_id).values(revoked_at=now)
    )
    if done.rowcount == 0:
        raise NotFound("unknown_device")


# --- what devices report --------------------------------------------------------------------------------------------


def plain_code(code: str) -> str:
    """A stable code as it is; anything else (a sentence, somebody's name) becomes ``other``."""
    return code if _CODE.fullmatch(code) else "other"


def report_print(change: Change, request: ReportPrint, who: Device) -> Done:
    """What became of the paper. Raises NotFound ``unknown_ticket``."""
    ticket = store.load_ticket(change.connection, change.site.site_id, request.ticket_id)
    if ticket is None:
        raise NotFound("unknown_ticket")
    frame = TicketPrinted(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        device_id=who.device_id,
        outcome=request.outcome,
        code=plain_code(request.code),
    )
    return Done(seq=change.journal(frame, visit_id=ticket.visit_id))


def report_health(change: Change, request: ReportHealth, who: Device) -> Done:
    """How a part of the device is. Journaled when it is not as it was; else the answer names the newest entry."""
    # Free text from a driver stays out of the journal: nobody knows what it holds.
    health = request.health.model_copy(update={"code": plain_code(request.health.code), "detail": ""})
    this_part = (device_health.c.device_id == who.device_id) & (device_health.c.part == health.part)
    before = change.connection.execute(select(device_health).where(this_part)).first()
    if before is not None and (before.state, before.code) == (health.state, health.code):
        return Done(seq=journal.last_seq(change.connection, change.site.site_id))
    values = {"state": health.state, "code": health.code, "since": change.at}
    if before is None:
        values |= {"device_id": who.device_id, "part": health.part}
        change.connection.execute(insert(device_health).values(values))
    else:
        change.connection.execute(update(device_health).where(this_part).values(values))
    frame = DeviceHealthChanged(device=who, health=health)
    return Done(seq=change.journal(frame, device_id=who.device_id))


def raise_alert(change: Change, request: RaiseAlert, who: Device) -> Done:
    """Somebody at this device feels very unwell, or needs help."""
    frame = AlertRaised(reason=request.reason, device=who, zone_id=who.zone_id)
    return Done(seq=change.journal(frame, device_id=who.device_id))


def acknowledge(change: Change, request: AcknowledgeCall, who: Device) -> Done:
    """A call was shown or said, or was not. Raises NotFound ``unknown_call``."""
    line = journal.one(change.connection, change.site.site_id, request.call_seq)
    if line is None or line.frame is None or line.frame.type != "ticket_called":
        raise NotFound("unknown_call")
    frame = CallAcknowledged(
        call_seq=request.call_seq,
        number=line.frame.entry.number,
        device_id=who.device_id,
        outcome=request.outcome,
        code=plain_code(request.code),
        zone_id=line.frame.zone_id,
    )
    return Done(seq=change.journal(frame, ticket_id=line.ticket_id))
