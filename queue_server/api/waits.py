"""How true the waits are that people are told."""

from __future__ import annotations

import asyncio
from datetime import date

from fastapi import APIRouter, Depends

from queue_server.api.errors import RESPONSES
from queue_server.auth.deps import core_of, require_staff
from queue_server.core import Core
from queue_server.domain.waits.accuracy import Accuracy
from queue_server.usecases import promises
from queue_server.usecases.once import look

router = APIRouter(tags=["waits"], responses=RESPONSES)


@router.get("/api/waits/accuracy", dependencies=[Depends(require_staff())])
async def accuracy(day: date | None = None, core: Core = Depends(core_of)) -> Accuracy:
    """What was promised with the tickets of a day (today when none is named) against what came true."""
    wanted = day.isoformat() if day else None
    return await asyncio.to_thread(look, core, lambda reading: promises.accuracy_of(reading, wanted))
