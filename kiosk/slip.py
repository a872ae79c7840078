"""What is on the paper: from a ticket to a `Slip`. Pure.

Nothing of the person is on it: no name, no birth date, no document number, and the QR code holds an opaque address
(the code of an ID card on the ticket was tried elsewhere and removed).
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime

from hardware.printer.slip import (
    LINE_LENGTH,
    NO_BREAK,
    SHORT_LENGTH,
    AnyBlock,
    Band,
    Code,
    Labelled,
    Line,
    Number,
    Pair,
    Rule,
    Slip,
    shorten,
)
from locales import MissingText, plural, t
from protocol.nouns import Names, Room, Site, Ticket, WaitEstimate

ARROW = "arrow-up-right"


def slip(
    ticket: Ticket,
    site: Site,
    language: str,
    *,
    device_name: str,
    address_base: str,
    now: datetime,
    copy: bool = False,
    large: bool = False,
    arrow: str = ARROW,
    room_unsure: bool = False,
) -> Slip:
    """The slip for `ticket` in `language`.

    `address_base` is where the ticket pages are served (``http://queue.hospital.vn``); empty, or a ticket without an
    address, leaves the QR code out. `now` is the time of a copy; the time printed is that of the issue. Both are shown
    in the site's time zone. `arrow` is the icon that points from this kiosk to the room. `room_unsure`: another room
    was asked for, and nobody can tell whether it was given.
    """
    zone = ZoneInfo(site.time_zone)
    blocks = _heading(ticket, site, language)
    if copy:
        time = _moment("ticket.time.pattern", language, now.astimezone(zone))
        blocks.append(Band(text=t("ticket.copy", language, time=time), filled=False))
    else:
        blocks.append(Rule())
    blocks += [
        Line(text=t("ticket.number.heading", language), size="label", weight="bold"),
        Number(text=ticket.number),
        Band(text=shorten(_where(ticket, language), SHORT_LENGTH), icon=arrow),
        *_way(ticket, language),
        *([Band(text=t("ticket.room_unsure", language), icon="monitor", filled=False)] if room_unsure else []),
        *_priority(ticket, language),
        Rule(),
        *_waiting(ticket, language),
        Rule(),
        *_afterwards(ticket, language, address_base),
        Rule(),
    ]
    moment = _moment("ticket.moment.pattern", language, ticket.issued_at.astimezone(zone))
    printed = t("ticket.printed", language, moment=moment.replace(" ", NO_BREAK), device=device_name)
    blocks += [
        Line(text=shorten(printed, LINE_LENGTH), size="small"),
        Line(text=t("ticket.footer", language), size="small"),
    ]
    return Slip(blocks=tuple(blocks), large=large)


def _heading(ticket: Ticket, site: Site, language: str) -> list[AnyBlock]:
    hospital, service = _name(site.names, language).upper(), _name(ticket.service_names, language)
    lines: list[AnyBlock] = []
    if hospital:
        lines.append(Line(text=shorten(hospital, LINE_LENGTH), size="label", weight="bold"))
    if service:
        lines.append(Line(text=service))
    return lines


def place(room: Room, language: str) -> str:
    """Room and floor, as in "Phòng 5, tầng 2", with spaces that keep "Phòng" beside "5"."""
    return t("ticket.place", language, room=room.number.replace(" ", NO_BREAK), floor=_floor(room, language))


def _floor(room: Room, language: str) -> str:
    if room.floor > 0:
        return t("ticket.floor", language, floor=room.floor)
    return (
        t("ticket.floor.ground", language)
        if room.floor == 0
        else t("ticket.floor.basement", language, floor=-room.floor)
    )


def _where(ticket: Ticket, language: str) -> str:
    """The room; or the waiting area, where the room is told by the call; or who knows it."""
    if not ticket.entry.pooled:
        return place(ticket.room, language)
    if not ticket.zone_names:
        return t("ticket.offline.place", language)
    floor = _floor(ticket.room, language)
    return t("ticket.pooled.place", language, zone=_name(ticket.zone_names, language), floor=floor)


def _way(ticket: Ticket, language: str) -> list[AnyBlock]:
    """What the door says beside its number, and how to get there, where the hospital told either. A door that says
    the service is not told: the service stands above."""
    room, service = ticket.room, _name(ticket.service_names, language)
    if ticket.entry.pooled:
        return [Line(text=t("ticket.pooled.room", language), weight="bold")]
    lines: list[AnyBlock] = []
    name = _name(room.names, language)
    plain = t("ticket.room", language, room=room.number).replace(NO_BREAK, " ")
    if name and name.casefold() not in (plain.casefold(), room.number.casefold(), service.casefold()):
        lines.append(Line(text=name, weight="bold"))
    if room.doctor:
        lines.append(Line(text=shorten(t("ticket.doctor", language, name=room.doctor), LINE_LENGTH)))
    directions = _name(room.directions, language)
    if directions:
        lines.append(Line(text=directions))
    return lines


def _priority(ticket: Ticket, language: str) -> list[AnyBlock]:
    """A kiosk without the server does not know whose right is proven."""
    if ticket.offline:
        return [Line(text=t("ticket.offline.priority", language), size="small")]
    priority = ticket.entry.priority
    lines: list[AnyBlock] = [Line(text=t(f"ticket.priority.{priority.priority_class}", language), weight="bold")]
    if priority.status == "declared" and priority.priority_class != "normal":
        lines.append(Line(text=t("ticket.priority.declared", language), size="small"))
    return lines


def _waiting(ticket: Ticket, language: str) -> list[AnyBlock]:
    """People ahead and the wait. A kiosk without the server does not know the queue, and says so."""
    blocks: list[AnyBlock] = []
    if ticket.offline:
        blocks.append(Band(text=t("ticket.offline", language), icon="wifi-off", filled=False))
    unknown = t("ticket.unknown", language)
    wait = None if ticket.offline else _interval(ticket.wait, language)
    ahead = unknown if ticket.offline else _ahead(ticket.people_ahead, language)
    blocks.append(
        Pair(
            left=Labelled(label=t("ticket.ahead.label", language), value=ahead),
            right=Labelled(label=t("ticket.wait.label", language), value=wait or unknown),
        )
    )
    if wait is None and not ticket.offline:
        blocks.append(Line(text=_reason(ticket.wait.reason, language), size="small", align="left"))
    return blocks


def _ahead(count: int, language: str) -> str:
    return plural("ticket.ahead", language, count) if count > 0 else t("ticket.ahead.none", language)


def _interval(wait: WaitEstimate, language: str) -> str | None:
    low, high = wait.low_minutes, wait.high_minutes
    if high is None:
        return t("ticket.wait.at_least", language, low=low) if low else None
    if not low:
        return t("ticket.wait.at_most", language, high=high)
    if low >= high:
        return t("ticket.wait.about", language, high=high)
    return t("ticket.wait.between", language, low=low, high=high)


def _reason(reason: str | None, language: str) -> str:
    try:
        return t(f"ticket.wait.reason.{reason}", language)
    except MissingText:
        return t("ticket.wait.reason.other", language)


def _afterwards(ticket: Ticket, language: str, address_base: str) -> list[AnyBlock]:
    room = t("ticket.room", language, room=ticket.room.number)
    words = t("ticket.pooled.missed", language) if ticket.entry.pooled else t("ticket.missed", language, room=room)
    missed = Line(text=shorten(words, LINE_LENGTH), weight="bold")
    address = page_address(ticket, address_base)
    if address is None:
        return [missed]
    return [Code(payload=address, beside=(Line(text=t("ticket.code", language)), missed))]


def page_address(ticket: Ticket, address_base: str) -> str | None:
    """Whole address of the ticket page, as in the QR code, or None where there is none."""
    if not address_base or not ticket.address:
        return None
    return f"{address_base.rstrip('/')}/{ticket.address.lstrip('/')}"


def _name(names: Names, language: str) -> str:
    """In `language`, else in Vietnamese, else in any there is."""
    text = names.get(language) or names.get("vi") or next(iter(names.values()), "")
    return shorten(text, LINE_LENGTH)


def _moment(pattern_key: str, language: str, moment: datetime) -> str:
    try:
        locale = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse("vi")
    return format_datetime(moment, t(pattern_key, language), locale=locale)
