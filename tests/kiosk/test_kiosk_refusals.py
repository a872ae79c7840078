"""Whatever the server refuses, the person is told what happened, what to do now, and whether a place is held."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any, get_args

import pytest

from kiosk import events as e
from kiosk.refusals import NOT_SWITCHED_TEXTS, REFUSED_TEXTS, not_switched_text, refused_text
from kiosk.shapes import TroubleBody
from kiosk.state import Comfort, State
from kiosk.troubles import advice_for
from kiosk.view import look
from locales import t
from queue_server.api import devices
from queue_server.api.errors import STATUS, status_of
from queue_server.domain.keeping import Refusal
from queue_server.domain.opening import ClosedCode
from queue_server.errors import QueueError
from tests.kiosk.samples import CARD, offered, with_doctors
from tests.kiosk.test_kiosk_doctors import deciding, prints, wait, which_doctor
from tests.kiosk.test_kiosk_flow import asking, run, touch

BEFORE_ANY_ENDPOINT = {
    "invalid_request",
    "invalid_value",
    "body_too_large",
    "request_too_slow",
    "not_json",
    "not_found",
    "method_not_allowed",
    "internal",
}
"""What the server may answer to any request, whatever it asks."""
TOLD_BY_VALUE = {"now.code or 'service_closed'": get_args(ClosedCode), "keeping.refusal or ''": get_args(Refusal)}
"""Codes that stand in a value rather than beside the error."""


def codes_from(endpoint: Callable[..., Any]) -> set[str]:
    """Every code with which this endpoint, or any function that it leads to, may refuse."""
    found: set[str] = set()
    seen: set[object] = set()
    to_read: list[Any] = [endpoint]
    while to_read:
        function = inspect.unwrap(to_read.pop())
        if function in seen or not function.__code__.co_filename.endswith(".py"):  # seen, or made by a dataclass
            continue
        seen.add(function)
        for node, meant in _named_in(function):
            if isinstance(meant, FunctionType) and meant.__module__.startswith("queue_server."):
                to_read.append(meant)
            elif isinstance(meant, type) and issubclass(meant, QueueError):
                found |= _code_of(node)
            elif isinstance(meant, type) and meant.__module__.startswith("queue_server."):
                to_read += [part for part in vars(meant).values() if isinstance(part, FunctionType)]
    return found


def _code_of(node: ast.AST) -> set[str]:
    if not isinstance(node, ast.Call):
        return set()
    code = node.args[0]
    return {str(code.value)} if isinstance(code, ast.Constant) else set(TOLD_BY_VALUE[ast.unparse(code)])


def _named_in(function: FunctionType) -> Iterator[tuple[ast.AST, object]]:
    """Functions and classes of other modules and of its own that the function names; calls of them as such."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        name = node.func if isinstance(node, ast.Call) else node
        if isinstance(name, ast.Name):
            yield node, function.__globals__.get(name.id)
        elif isinstance(name, ast.Attribute) and isinstance(name.value, ast.Name):
            home = function.__globals__.get(name.value.id)
            yield node, getattr(home, name.attr, None) if isinstance(home, ModuleType) else None


def refused_by(endpoint: Callable[..., Any]) -> set[str]:
    """Without those that the client takes for a server that is away."""
    return {code for code in codes_from(endpoint) | BEFORE_ANY_ENDPOINT if status_of(code) not in (502, 503, 504)}


def test_the_search_finds_what_lies_deep() -> None:
    """Else finding no code without a text would prove nothing."""
    issued, switched = codes_from(devices.issue_ticket), codes_from(devices.switch_room)
    assert issued >= {"unknown_service", "not_self_service", "bad_identity", "wanted_room_closed", "no_open_room"}
    assert issued >= {"full_for_person", "appointment_elsewhere", "device_revoked", "wrong_role", "request_id_taken"}
    assert switched >= {"no_offer", "stale_version", "unknown_entry", "unknown_room", "no_key"}
    assert issued | switched | BEFORE_ANY_ENDPOINT <= set(STATUS)


def test_no_refusal_of_a_ticket_is_told_in_general_words() -> None:
    assert {code for code in refused_by(devices.issue_ticket) if refused_text(code) == "other"} == set()
    assert refused_text("from_tomorrow") == "other"


def test_no_refusal_of_another_room_is_told_in_general_words() -> None:
    assert {code for code in refused_by(devices.switch_room) if not_switched_text(code) == "other"} == set()
    assert not_switched_text("from_tomorrow") == "other"


# --- in words ------------------------------------------------------------------------------------------------------

DETAIL = {"opens": "13:30", "at": "10:00", "place": "Cơ sở 2", "service_id": "noi", "language": "xx"}
BY_TEXT = {refused_text(code): code for code in sorted(refused_by(devices.issue_ticket) | {"from_tomorrow"})}


def refused(code: str, detail: dict[str, str] | None = None, language: str = "vi") -> State:
    comfort = Comfort(language)
    state, _ = run(asking(), e.TicketRefused("req-1", code, DETAIL if detail is None else detail))
    return State(**{**vars(state), "comfort": comfort})


def body_of(state: State) -> TroubleBody:
    body = look(state).body
    assert isinstance(body, TroubleBody)
    return body


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("code", BY_TEXT.values())
def test_a_refused_ticket_says_what_happened_what_to_do_and_that_no_place_is_held(code: str, language: str) -> None:
    body = body_of(refused(code, language=language))
    assert body.heading
    assert body.happened
    assert len(body.steps) >= 2
    held = (
        "kiosk.held.appointment"
        if code in ("appointment_early", "appointment_other_day", "appointment_elsewhere")
        else "kiosk.held.none"
    )
    assert body.held == t(held, language)
    primary = look(refused(code)).frame.primary
    assert primary is not None
    assert primary.intent == ("help" if advice_for(code).way == "staff" else "try_again")


def test_every_text_belongs_to_a_code_that_exists() -> None:
    assert set(BY_TEXT) == set(REFUSED_TEXTS)
    codes = refused_by(devices.switch_room) | {"from_tomorrow"}
    assert {not_switched_text(code) for code in codes} == set(NOT_SWITCHED_TEXTS)


def test_when_to_come_again_and_where_to_go_stand_in_the_words() -> None:
    assert body_of(refused("full_today")).steps[0].value == "Xin quay lại lúc 13:30"
    assert body_of(refused("appointment_early")).happened == "Lịch hẹn của ông/bà lúc 10:00."
    assert body_of(refused("appointment_elsewhere")).steps[0].value == "Xin đến Cơ sở 2"


@pytest.mark.parametrize("detail", [{}, {"opens": "--:--"}])
def test_where_nobody_knows_when_it_opens_nothing_is_promised(detail: dict[str, str]) -> None:
    steps = [step.value for step in body_of(refused("full_today", detail)).steps]
    assert steps == ["Chọn một dịch vụ khác", "Hoặc bấm Trợ giúp để gọi nhân viên"]


def test_what_the_server_told_is_forgotten_with_the_person() -> None:
    state, _ = run(refused("appointment_elsewhere"), touch("back"), touch("back"), touch("back"))
    assert state.screen == "welcome"
    assert "Cơ sở 2" not in repr(state)


def test_a_card_that_is_no_good_is_forgotten_and_asked_for_again() -> None:
    state, effects = run(refused("bad_identity"), touch("try_again"))
    assert (state.screen, state.visit) == ("welcome", None)
    assert effects == (e.Forget(), e.StartScan())
    assert not any(part in repr(state) for part in CARD.split("|")[:3])


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("code", sorted(refused_by(devices.switch_room)))
def test_a_refused_room_leaves_the_number_and_says_so(code: str, language: str) -> None:
    state, _ = run(deciding(), touch("switch_room", "req-2"), e.TicketRefused("req-2", code))
    body = body_of(State(**{**vars(state), "comfort": Comfort(language)}))
    assert body.heading != t("kiosk.not_switched.other.heading", language)
    assert len(body.steps) >= 2
    assert body.held == t("kiosk.held.number", language, number="A012")
    assert len(prints(run(wait(state), touch("keep_room"))[1])) == 1


def test_a_held_ticket_is_shown_although_a_doctor_was_asked_for() -> None:
    held = offered().model_copy(update={"already_held": True, "offer": None})
    state, effects = run(which_doctor(), touch("doctor:r1", "req-1"), e.TicketArrived("req-1", held))
    assert state.screen == "your_number"
    assert prints(effects) == []
    assert run(state, with_doctors())[0].screen == "your_number"
