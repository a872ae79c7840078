"""What happened, what to do now, and whether a place is held: the trouble screen in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from kiosk.refusals import not_switched_text, refused_text, room_is_unsure
from kiosk.shapes import Button, Fact, TroubleBody
from kiosk.state import State, Trouble
from kiosk.words import Words
from locales import t

Way: TypeAlias = Literal["service", "doctor", "card", "again", "staff"]
"""Where the one large button leads: another service or doctor, the card once more, the same once more, or staff."""
StepText: TypeAlias = tuple[str, str]
"""Icon, and key of the sentence."""

_OTHER = ("undo-2", "kiosk.refused.step.other")
_LATER = ("clock", "kiosk.refused.step.later")
_STAFF = ("hand-heart", "kiosk.step.ask_staff")
_DESK = ("door-open", "kiosk.no_card.step.desk")


@dataclass(frozen=True)
class Advice:
    steps: tuple[StepText, ...] = (_OTHER, _STAFF)
    way: Way = "service"
    held: str = "kiosk.held.none"


_COME_LATER = Advice((_LATER, _OTHER, _STAFF))
_APPOINTMENT = "kiosk.held.appointment"
_ADVICE: dict[str, Advice] = {
    **dict.fromkeys(("not_open_now", "last_ticket", "no_time_left", "full_today", "full_this_hour"), _COME_LATER),
    **dict.fromkeys(("full_for_class", "full_for_person"), _COME_LATER),
    "doctor_gone": Advice((("users", "kiosk.refused.step.other_doctor"), _STAFF), "doctor"),
    "appointment_early": Advice((("clock", "kiosk.refused.step.from"), _STAFF), held=_APPOINTMENT),
    "appointment_late": Advice((_DESK, _STAFF), "staff"),
    "appointment_other_day": Advice(
        (("calendar", "kiosk.refused.step.that_day"), ("hand-heart", "kiosk.refused.step.today")), held=_APPOINTMENT
    ),
    "appointment_elsewhere": Advice((("map-pin", "kiosk.refused.step.place"), _STAFF), held=_APPOINTMENT),
    "card": Advice((("scan-qr-code", "kiosk.refused.step.card"), _STAFF), "card"),
    "kiosk": Advice((_DESK, _STAFF), "staff"),
    "fault": Advice((("refresh-cw", "kiosk.refused.step.again"), _DESK, _STAFF), "again"),
}
_TOLD = ("opens", "at", "place")
"""What the server may tell beside a code that stands in a sentence."""
_NO_TIME = ("", "--:--")


def advice_for(code: str) -> Advice:
    """What helps when the server refused a ticket."""
    return _ADVICE.get(refused_text(code), Advice())


def trouble(state: State, words: Words) -> TroubleBody:
    now = state.trouble
    if now is None or now.kind == "no_card":
        return _no_card(now.code if now else "", words, reader_broken=state.reader_code != "ok")
    if now.kind == "refused":
        return _refused(now, words)
    if now.kind == "not_switched":
        return _not_switched(state, now, words)
    return _away(waiting=state.visit is not None and state.visit.pending is not None, words=words)


def way_on(state: State, words: Words) -> Button:
    """The one large button of the screen."""
    now = state.trouble
    if now is not None and now.kind == "not_switched":
        return Button("keep_room", words("kiosk.not_switched.print"), "printer", emphasis="primary")
    way = advice_for(now.code).way if now is not None and now.kind == "refused" else "staff"
    if way == "staff":
        return Button("help", words("kiosk.trouble.call_staff"), "hand-heart", emphasis="primary")
    icon = {"service": "undo-2", "doctor": "users", "card": "scan-qr-code", "again": "refresh-cw"}[way]
    return Button("try_again", words(f"kiosk.trouble.way.{way}"), icon, emphasis="primary")


def _refused(now: Trouble, words: Words) -> TroubleBody:
    text, advice, detail = refused_text(now.code), advice_for(now.code), dict(now.detail)
    told = {name: detail.get(name, "") for name in _TOLD}
    steps = [step for step in advice.steps if step != _LATER or told["opens"] not in _NO_TIME]
    return TroubleBody(
        icon="calendar" if text.startswith("appointment") else "circle-alert",
        heading=words(f"kiosk.refused.{text}.heading"),
        happened=t(f"kiosk.refused.{text}.text", words.language, **told),
        steps=tuple(Fact(icon, t(key, words.language, **told), "") for icon, key in steps),
        held=words(advice.held),
    )


def _not_switched(state: State, now: Trouble, words: Words) -> TroubleBody:
    """Of somebody who has a number: it stays, and its paper is one touch away."""
    ticket = state.visit.offered if state.visit else None
    number = ticket.number if ticket else ""
    text = not_switched_text(now.code)
    steps: tuple[StepText, ...] = (("ticket", "kiosk.not_switched.step.print"),)
    if room_is_unsure(now.code):
        steps += (("monitor", "kiosk.not_switched.step.board"),)
    return TroubleBody(
        tone="calm",
        icon="info",
        heading=words(f"kiosk.not_switched.{text}.heading"),
        happened=words(f"kiosk.not_switched.{text}.text"),
        steps=_steps(words, *steps, _STAFF),
        held=t("kiosk.held.number", words.language, number=number),
        held_icon="circle-check",
    )


def _away(*, waiting: bool, words: Words) -> TroubleBody:
    return TroubleBody(
        icon="wifi-off",
        heading=words("kiosk.away.heading"),
        happened=words("kiosk.away.waiting" if waiting else "kiosk.away.text"),
        steps=_steps(
            words,
            ("door-open", "kiosk.away.step.desk"),
            ("refresh-cw", "kiosk.away.step.wait" if waiting else "kiosk.away.step.back"),
        ),
        held=words("kiosk.held.unsure" if waiting else "kiosk.held.none"),
    )


def _no_card(code: str, words: Words, *, reader_broken: bool) -> TroubleBody:
    again = Button("try_again", words("kiosk.no_card.try_again"), "scan-qr-code", emphasis="second")
    phone = () if reader_broken else (("smartphone", "kiosk.no_card.step.phone"),)
    heading = "kiosk.no_card.after_failures" if code else "kiosk.no_card.heading"
    return TroubleBody(
        tone="calm",
        icon="hand-heart",
        heading=words(heading),
        happened=words("kiosk.no_card.text"),
        steps=_steps(words, _DESK, *phone, ("hand-heart", "kiosk.no_card.step.help")),
        held=words("kiosk.held.none"),
        second=None if reader_broken else again,
    )


def _steps(words: Words, *steps: StepText) -> tuple[Fact, ...]:
    return tuple(Fact(icon, words(key), "") for icon, key in steps)
