"""How lines are ordered: what staff confirm and ask, and what administrators change."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request

from locales import t
from protocol.nouns import Names, Site
from protocol.policy import Policy
from protocol.requests import Acted, ChangePolicy, ConfirmPriority, Done
from queue_server.api.errors import RESPONSES, language_of
from queue_server.api.staff import caller
from queue_server.auth.deps import core_of, require_staff
from queue_server.core import Core
from queue_server.domain.order import bound
from queue_server.usecases import explain, policies
from queue_server.usecases.callers import StaffCaller
from queue_server.usecases.explain import Waited, Why
from queue_server.usecases.once import answer, look

router = APIRouter(tags=["policies"], responses=RESPONSES)
Number = Annotated[str, Query(pattern=r"^[A-Z]{1,4}\d{1,9}$")]
Day = Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$")]


@router.post(ConfirmPriority.path)
async def confirm_priority(
    wish: ConfirmPriority, who: StaffCaller = Depends(require_staff()), core: Core = Depends(core_of)
) -> Acted:
    """Confirm, grant or withdraw a priority."""
    return await answer(core, wish, caller(who), lambda change: policies.confirm_priority(change, wish), Acted)


@router.post(ChangePolicy.path)
async def change_policy(
    wish: ChangePolicy, who: StaffCaller = Depends(require_staff("admin")), core: Core = Depends(core_of)
) -> Done:
    """Order the lines of a service, or of the site, in another way from now on."""
    return await answer(core, wish, caller(who), lambda change: policies.change_policy(change, wish), Done)


@router.get(ChangePolicy.path, dependencies=[Depends(require_staff())])
async def policies_in_force(request: Request, core: Core = Depends(core_of)) -> policies.Policies:
    """The policy of the site and of each service, each with the promise that it keeps."""
    found = await asyncio.to_thread(look, core, policies.policies_in_force)
    language = language_of(request)
    told = (one.model_copy(update={"sentence": promise(one.policy, language)}) for one in found.policies)
    return policies.Policies(policies=tuple(told))


@router.get("/api/why", dependencies=[Depends(require_staff())])
async def why(request: Request, first: Number, second: Number, day: Day = None, core: Core = Depends(core_of)) -> Why:
    """Why number ``first`` was called before number ``second``, in one sentence from the journal."""
    found, site = await asyncio.to_thread(
        look, core, lambda reading: (explain.explain(reading, first, second, day), reading.site)
    )
    return found.model_copy(update={"sentence": sentence(found, site, language_of(request))})


def promise(policy: Policy, language: str) -> str:
    """What the policy promises to everyone, as a sentence."""
    kept = bound(policy)
    return t(f"order.bound.{kept.kind}", language, number=f"{kept.number:g}")


def sentence(found: Why, site: Site, language: str) -> str:
    """The answer in one sentence: what each waited for, its class, and the policy then in force."""
    zone = ZoneInfo(site.time_zone)
    return t(
        f"order.why.{found.cause}",
        language,
        first=_described(found.first, language, zone),
        second=_described(found.second, language, zone),
        at=_clock(found.at, zone),
        second_at=_clock(found.second.called_at, zone),
        policy=t(f"order.rule.{found.rule}", language) if found.rule else t("order.rule.unknown", language),
    )


def _described(one: Waited, language: str, zone: ZoneInfo) -> str:
    declared = one.priority_status == "declared" and one.priority_class != "normal"
    return t(
        "order.why.number",
        language,
        number=one.number,
        service=_name(one.service_names, language),
        priority=t("order.class.declared" if declared else f"order.class.{one.priority_class}", language),
        at=_clock(one.issued_at, zone),
    )


def _name(names: Names, language: str) -> str:
    return names.get(language) or next(iter(names.values()), "")


def _clock(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%H:%M") if at else "-"
