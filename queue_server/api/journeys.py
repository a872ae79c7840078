"""Administrators set which way visits go, and look at it before they do."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends
from starlette.requests import Request

from locales import t
from protocol.journey import ChangeJourney, JourneyPreview, PreviewJourney
from protocol.requests import Done
from queue_server.api.errors import RESPONSES, language_of
from queue_server.api.staff import caller
from queue_server.auth.deps import core_of, require_staff
from queue_server.core import Core
from queue_server.usecases import journeys
from queue_server.usecases.callers import StaffCaller
from queue_server.usecases.once import answer, look

router = APIRouter(tags=["journeys"], responses=RESPONSES)


@router.get(ChangeJourney.path, dependencies=[Depends(require_staff("admin"))])
async def journeys_set(core: Core = Depends(core_of)) -> journeys.Journeys:
    """The journeys that were set, by the service at which they begin."""
    return await asyncio.to_thread(look, core, journeys.journeys_set)


@router.post(ChangeJourney.path)
async def change_journey(
    wish: ChangeJourney, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(core_of)
) -> Done:
    """Set which way the visits of a service go."""
    return await answer(core, wish, caller(who), lambda change: journeys.change_journey(change, wish), Done)


@router.post(PreviewJourney.path, dependencies=[Depends(require_staff("admin"))])
async def preview_journey(wish: PreviewJourney, request: Request, core: Core = Depends(core_of)) -> JourneyPreview:
    """What is wrong with a journey, in sentences; else the way of a visit in which staff choose nothing."""
    language = language_of(request)
    wrong, preview = await asyncio.to_thread(look, core, lambda reading: journeys.preview(reading, wish, language))
    sentences = (t(f"server.journey.{one.kind}", language, step=one.step, other=one.other) for one in wrong)
    told = (
        mistake.model_copy(update={"sentence": sentence})
        for mistake, sentence in zip(preview.mistakes, sentences, strict=True)
    )
    return preview.model_copy(update={"mistakes": tuple(told)})
