"""What paired devices call, and pairing itself."""

from __future__ import annotations

import time

from fastapi import APIRouter, Depends
from starlette.requests import Request

from protocol.frames import VERSION
from protocol.nouns import Device, Ticket
from protocol.requests import (
    AcknowledgeCall,
    Done,
    IssueTicket,
    PairDevice,
    Paired,
    RaiseAlert,
    ReportHealth,
    ReportPrint,
    SwitchRoom,
    UploadOfflineTicket,
)
from queue_server.api.errors import RESPONSES
from queue_server.auth.deps import open_to_all, require_device, the_core
from queue_server.core import Core
from queue_server.errors import Conflict, NotAllowed
from queue_server.usecases import arrivals, devices, offline, switching
from queue_server.usecases.once import answer, secret_answer

router = APIRouter(tags=["devices"], responses=RESPONSES)


def caller(device: Device) -> str:
    return f"device:{device.device_id}"


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


@router.post(PairDevice.path, dependencies=[Depends(open_to_all("a device has no key before it is paired"))])
async def pair_device(wish: PairDevice, request: Request, core: Core = Depends(the_core)) -> Paired:
    """Exchange a six-digit code for the device's key, which is shown this once."""
    if not core.pairing_limit.allows(address_of(request), time.monotonic()):
        raise NotAllowed("too_many_tries")
    if wish.protocol_version > VERSION:
        raise Conflict("protocol_too_new", server=str(VERSION))
    paired = await secret_answer(core, wish, "device:new", lambda change: devices.pair(change, wish))
    if paired is None:
        raise NotAllowed("wrong_code")
    return paired


@router.post(IssueTicket.path)
async def issue_ticket(
    wish: IssueTicket, device: Device = Depends(require_device("kiosk")), core: Core = Depends(the_core)
) -> Ticket:
    """A number for this person and service; the one they hold already, if they do."""
    return await answer(
        core,
        wish,
        caller(device),
        lambda change: arrivals.issue(change, wish, device.device_id, core.settings.calling),
        Ticket,
    )


@router.post(SwitchRoom.path)
async def switch_room(
    wish: SwitchRoom, device: Device = Depends(require_device("kiosk")), core: Core = Depends(the_core)
) -> Ticket:
    """Take the quicker room that was offered at this kiosk with the ticket; once."""
    return await answer(
        core, wish, caller(device), lambda change: switching.switch(change, wish, device.device_id), Ticket
    )


@router.post(UploadOfflineTicket.path)
async def upload_offline_ticket(
    wish: UploadOfflineTicket, device: Device = Depends(require_device("kiosk")), core: Core = Depends(the_core)
) -> Ticket:
    """A number that this kiosk gave by itself while the server was away: taken as it is, never renumbered."""
    return await answer(core, wish, caller(device), lambda change: offline.upload(change, wish, device), Ticket)


@router.post(ReportPrint.path)
async def report_print(
    wish: ReportPrint, device: Device = Depends(require_device("kiosk")), core: Core = Depends(the_core)
) -> Done:
    """What became of the paper."""
    return await answer(core, wish, caller(device), lambda change: devices.report_print(change, wish, device), Done)


@router.post(ReportHealth.path)
async def report_health(
    wish: ReportHealth, device: Device = Depends(require_device()), core: Core = Depends(the_core)
) -> Done:
    """How a part of the device is."""
    return await answer(core, wish, caller(device), lambda change: devices.report_health(change, wish, device), Done)


@router.post(RaiseAlert.path)
async def raise_alert(
    wish: RaiseAlert, device: Device = Depends(require_device("kiosk")), core: Core = Depends(the_core)
) -> Done:
    """Somebody at the device feels very unwell, or needs help."""
    return await answer(core, wish, caller(device), lambda change: devices.raise_alert(change, wish, device), Done)


@router.post(AcknowledgeCall.path)
async def acknowledge_call(
    wish: AcknowledgeCall,
    device: Device = Depends(require_device("display", "speaker")),
    core: Core = Depends(the_core),
) -> Done:
    """A call was shown or said, or was not."""
    return await answer(core, wish, caller(device), lambda change: devices.acknowledge(change, wish, device), Done)
