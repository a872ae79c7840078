"""The page about policies and refusals is whole, and its examples are right."""

from __future__ import annotations

import re
from typing import get_args

import pytest

import protocol.requests
from locales import t
from protocol.appointments import AddAppointment, CancelAppointment, ChangeAppointmentRule, ImportAppointments
from protocol.journey import ChangeJourney
from protocol.nouns import PriorityClass
from protocol.policy import Rule
from protocol.requests import (
    ChangeNumbers,
    ChangeOpeningHours,
    ChangeOvernight,
    ChangePolicy,
    ChangeQuota,
    ChangeService,
    UploadOfflineTicket,
)
from protocol.site import ChangeSite, SaveRoom, SaveService, SaveZone
from queue_server.api.errors import STATUS
from queue_server.domain.journey import Mistaken
from queue_server.domain.opening import ClosedCode
from queue_server.domain.why import Cause
from tests.house.tree import ROOT

PAGE = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json (\w+)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("name", "text"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_an_example_is_a_right_message(name: str, text: str) -> None:
    getattr(protocol.requests, name).model_validate_json(text)


def test_every_setting_and_policy_has_an_example() -> None:
    named = {name for name, _ in EXAMPLES}
    of_services = (ChangePolicy, ChangeService, ChangeOpeningHours, ChangeQuota, ChangeNumbers, ChangeJourney)
    of_the_site = (ChangeSite, SaveZone, SaveService, SaveRoom)
    of_appointments = (AddAppointment, CancelAppointment, ImportAppointments, ChangeAppointmentRule)
    assert {
        one.__name__ for one in (*of_services, ChangeOvernight, *of_the_site, *of_appointments, UploadOfflineTicket)
    } <= named
    shown = {
        wish.policy.rule
        for name, text in EXAMPLES
        if name == "ChangePolicy" and (wish := ChangePolicy.model_validate_json(text)).policy
    }
    assert shown == set(get_args(Rule))


def test_every_code_stands_on_the_page() -> None:
    codes = [*get_args(Rule), *get_args(PriorityClass), *get_args(Cause), *get_args(ClosedCode), *get_args(Mistaken)]
    assert [code for code in codes if f"`{code}`" not in PAGE] == []


@pytest.mark.parametrize("code", STATUS)
def test_every_refusal_stands_on_the_page_with_its_status_and_sentence(code: str) -> None:
    assert f"| `{code}` | {STATUS[code]} | {t(f'server.error.{code}', 'en')} |" in PAGE


def test_every_closed_code_is_a_refusal() -> None:
    assert set(get_args(ClosedCode)) <= set(STATUS)


def test_every_kind_of_mistake_of_ours_stands_on_the_page() -> None:
    sources = [
        (ROOT / "protocol" / name).read_text(encoding="utf-8")
        for name in ("policy.py", "opening.py", "site.py", "appointments.py")
    ]
    kinds = re.findall(r'PydanticCustomError\("(\w+)"', "".join(sources))
    assert len(kinds) >= 6
    assert [kind for kind in kinds if f"`{kind}`" not in PAGE] == []
