"""The journey in words: `look(state)` says what is on the screen, in the person's language. Pure.

Nothing that an onlooker could use is ever shown of a person: family name and initials, birth year, last three digits.
"""

from __future__ import annotations

from hardware.scanner.cards import mask, masked_name
from kiosk import doctors, flow, paper, troubles
from kiosk.offer import pages_of, tile, without_waits
from kiosk.offline import goes_on
from kiosk.refusals import refusal_group
from kiosk.shapes import (
    Body,
    Button,
    Chip,
    Fact,
    Frame,
    IsThisYou,
    PaperPicture,
    Scan,
    Sheet,
    Tone,
    View,
    Welcome,
    WhatFor,
    YourNumber,
)
from kiosk.slip import page_address
from kiosk.state import Paper, State, Visit
from kiosk.words import Words, wait_words
from locales import t
from protocol.nouns import Identity, Ticket


def look(state: State) -> View:
    """What is on the screen now. Never raises, whatever the state."""
    words = Words(state.comfort.language)
    return View(
        screen=state.screen,
        body=_body(state, words),
        frame=Frame(
            hospital=words.name(state.hospital.site.names)
            if state.hospital.site
            else t("common.product", words.language),
            hall=state.hospital.device_name,
            back=_back(state, words),
            clock=state.clock,
            primary=_primary(state, words),
            note=doctors.what_else(state, words) if state.screen == "quicker_room" else Chip(),
            bar=_bar(state, words),
        ),
        sheet=_sheet(state, words),
        language=state.comfort.language,
        scale=state.comfort.scale,
        scheme=state.comfort.scheme,
    )


def _body(state: State, words: Words) -> Body:
    match state.screen:
        case "welcome":
            return _welcome(state, words)
        case "scan":
            return _scan(state, words)
        case "is_this_you":
            return _is_this_you(state, words)
        case "what_for":
            return _what_for(state, words)
        case "which_doctor":
            return doctors.which_doctor(state, words)
        case "quicker_room":
            return doctors.quicker_room(state, words)
        case "your_number":
            return _your_number(state, words)
        case "trouble":
            return troubles.trouble(state, words)


# --- around every screen -------------------------------------------------------------------------------------------


def _back(state: State, words: Words) -> Button | None:
    visit = state.visit
    issuing = visit is not None and visit.pending is not None and state.screen in ("what_for", "which_doctor")
    deciding = visit is not None and visit.offered is not None  # a number is not given back by going back
    if state.screen in ("welcome", "your_number") or flow.at_rest(state) or issuing or deciding:
        return None
    return Button("back", words("kiosk.back"), "arrow-left", emphasis="chosen")


def _bar(state: State, words: Words) -> tuple[Button, ...]:
    other = flow.next_language(state)
    return (
        Button("language", t("kiosk.language.own_name", other), "languages", emphasis="bar"),
        Button("text_size", words("kiosk.bar.text_size"), "a-large-small", emphasis="bar"),
        Button("contrast", words("kiosk.bar.contrast"), "contrast", emphasis="bar"),
        Button("help", words("kiosk.bar.help"), "circle-question-mark", emphasis="bar_help"),
    )


def _primary(state: State, words: Words) -> Button | None:
    visit = state.visit
    match state.screen:
        case "welcome":
            return Button("no_card", words("kiosk.no_card"), "hand", emphasis="primary")
        case "scan":
            return Button("no_card", words("kiosk.no_card"), "hand", emphasis="second")
        case "is_this_you":
            return Button("confirm_identity", words("kiosk.is_this_you.yes"), "check", emphasis="primary")
        case "what_for":
            return _more(state, words, len(pages_of(state)), "kiosk.what_for.more")
        case "which_doctor":
            return _more(state, words, len(doctors.pages_of(state)), "kiosk.which_doctor.more")
        case "quicker_room":
            return None  # two answers of equal weight stand on the screen
        case "your_number":
            left = max(0, round((visit.until if visit else state.now) - state.now))
            note = t("kiosk.your_number.erased_in", words.language, seconds=left)
            return Button("done", words("kiosk.done"), "check", note, emphasis="primary")
        case "trouble":
            return troubles.way_on(state, words)


def _more(state: State, words: Words, count: int, label: str) -> Button | None:
    if state.visit is not None and state.visit.pending is not None:
        return None
    if count < 2:
        return Button("help", words("kiosk.what_for.ask_staff"), "hand-heart", emphasis="second")
    note = t("kiosk.page", words.language, page=state.page % count + 1, pages=count)
    return Button("turn_page", words(label), "chevron-right", note, emphasis="second")


def _sheet(state: State, words: Words) -> Sheet | None:
    if state.asking_since is not None:
        left = max(0, round(flow.STILL_HERE_S - (state.now - state.asking_since)))
        button = Button("still_here", words("kiosk.still_here.yes"), "hand", emphasis="primary")
        heading, text = words("kiosk.still_here.heading"), words("kiosk.still_here.text")
        return Sheet("calm", "hourglass", heading, text, str(left), button)
    notice = state.notice
    if notice is None:
        return None
    key = "kiosk.notice.failed" if notice.state == "failed" else f"kiosk.notice.{notice.reason}.{notice.state}"
    icon = {"sending": "megaphone", "sent": "circle-check", "failed": "triangle-alert"}[notice.state]
    tone: Tone = "warning" if notice.state == "failed" else "danger" if notice.reason == "unwell" else "calm"
    button = Button("close_notice", words("kiosk.notice.close"), "x", emphasis="second")
    return Sheet(tone, icon, words(f"{key}.heading"), words(f"{key}.text"), "", button)


# --- the screens ---------------------------------------------------------------------------------------------------


def _welcome(state: State, words: Words) -> Welcome:
    broken = state.reader_code != "ok"
    languages = tuple(
        Button(
            f"language:{language}",
            t("kiosk.language.own_name", language),
            "check" if language == words.language else "",
            emphasis="chosen" if language == words.language else "plain",
        )
        for language in state.place.languages
    )
    return Welcome(
        heading=words("kiosk.welcome.heading"),
        lead=words("kiosk.welcome.lead"),
        warning=words("kiosk.welcome.reader_broken") if broken else "",
        hint=_hint(state, words),
        offline=words("kiosk.welcome.offline") if goes_on(state) else "",
        chips=(
            Chip("id-card", words("kiosk.card.identity")),
            Chip("credit-card", words("kiosk.card.insurance")),
            Chip("smartphone", words("kiosk.card.phone")),
        ),
        languages=languages,
        unwell=Button("unwell", words("kiosk.unwell"), "siren", words("kiosk.unwell.note"), emphasis="danger"),
        preview=state.can_preview and not broken,
    )


def _scan(state: State, words: Words) -> Scan:
    if not state.refusal:
        return _scan_anew(state, words)
    group = refusal_group(state.refusal)
    return Scan(
        heading=words(f"kiosk.scan.{group}.heading"),
        advice=words(f"kiosk.scan.{group}.advice"),
        show_sides=group not in ("several", "faulty"),
        sides=(words("kiosk.scan.this_side"), words("kiosk.scan.other_side")),
        lead=_hint(state, words) or words("kiosk.scan.still_reading"),
        preview=state.can_preview,
    )


def _scan_anew(state: State, words: Words) -> Scan:
    """Asked for by touch: no card was refused."""
    return Scan(
        tone="calm",
        heading=words("kiosk.scan.anew.heading"),
        advice=words("kiosk.scan.unknown.advice"),
        icon="scan-qr-code",
        show_sides=True,
        sides=(words("kiosk.scan.this_side"), words("kiosk.scan.other_side")),
        lead=_hint(state, words) or words("kiosk.scan.still_reading"),
        preview=state.can_preview,
    )


def _hint(state: State, words: Words) -> str:
    code = flow.hint_now(state)
    return words(f"kiosk.scan.{refusal_group(code)}.advice") if code else ""


def _is_this_you(state: State, words: Words) -> IsThisYou:
    identity = state.visit.identity if state.visit else None
    if identity is None:
        return IsThisYou(heading=words("kiosk.is_this_you.heading"))
    facts = []
    if identity.birth is not None:
        facts.append(Fact("calendar", identity.birth.value[:4], words("kiosk.is_this_you.birth_year")))
    digits = _number_on(identity)
    if digits:
        facts.append(Fact("id-card", mask(digits), words("kiosk.is_this_you.last_digits")))
    return IsThisYou(
        heading=words("kiosk.is_this_you.heading"),
        lead=words("kiosk.is_this_you.lead"),
        document=_document(identity, words),
        name=masked_name(identity.full_name) if identity.full_name else "",
        facts=tuple(facts),
        not_me=Button("not_me", words("kiosk.is_this_you.no"), "user-x", emphasis="second"),
    )


def _document(identity: Identity, words: Words) -> Chip:
    if identity.document.startswith("bhyt"):
        return Chip("credit-card", words("kiosk.card.insurance"))
    if identity.document in ("cccd_old", "can_cuoc_new"):
        return Chip("id-card", words("kiosk.card.identity"))
    return Chip("keyboard", words("kiosk.card.number"))


def _number_on(identity: Identity) -> str:
    return identity.personal_id or identity.card_no or identity.bhxh_code or identity.old_cmnd or identity.digits or ""


def _what_for(state: State, words: Words) -> WhatFor:
    pages = pages_of(state)
    wide = state.comfort.scale >= 1.5
    pending = state.visit.pending if state.visit else None
    offline = goes_on(state)
    lead = f"kiosk.what_for.{'fetching' if pending else 'offline' if offline else 'lead'}"
    if not pages:
        return WhatFor(
            heading=words("kiosk.what_for.heading"), nothing=words("kiosk.what_for.nothing"), columns=1, rows=1
        )
    page = pages[state.page % len(pages)]
    chosen = state.visit.service_id if state.visit and pending else ""
    tiles = tuple(tile(service, state.hospital, words, chosen) for service in page.open)
    return WhatFor(
        heading=words("kiosk.what_for.heading"),
        lead=words(lead),
        columns=1 if wide else 2,
        rows=page.rows,
        tiles=without_waits(tiles, words) if offline else tiles,
        closed=tuple(tile(service, state.hospital, words, chosen) for service in page.closed),
    )


def _your_number(state: State, words: Words) -> YourNumber:
    visit = state.visit
    if visit is None or visit.ticket is None:
        return YourNumber()
    ticket, language = visit.ticket, words.language
    pooled = ticket.entry.pooled  # the room is told by the call
    label = "kiosk.your_number.held" if ticket.already_held else "kiosk.your_number.label"
    title, text = _paper(visit, words)
    room, floor = _place(ticket, words)
    pages = paper.number_pages(state.comfort)
    address = page_address(ticket, state.place.address_base)
    return YourNumber(
        label=t(label, language, service=words.name(ticket.service_names)),
        number=ticket.number,
        room=room,
        floor=floor,
        doctor="" if pooled else ticket.room.doctor,
        directions=_directions(visit, ticket, words),
        arrow=paper.arrow_to(state.place, ticket.room),
        ahead=_ahead(ticket, words),
        wait=Fact("clock", wait_words(ticket.wait, language) or words("kiosk.wait.unknown"), words("kiosk.wait.label")),
        paper=_PAPER[visit.paper],
        paper_title=title,
        paper_text=text,
        code=address or "",
        code_text=words("kiosk.your_number.code"),
        missed=words("kiosk.your_number.pooled.missed")
        if pooled
        else t("kiosk.your_number.missed", language, room=words.room_inside(ticket.room)),
        reprint=_reprint(visit, words),
        page=state.page % pages,
        pages=pages,
        turn=Button("turn_page", words("kiosk.your_number.more"), "chevron-right", emphasis="second")
        if pages > 1
        else None,
    )


def _place(ticket: Ticket, words: Words) -> tuple[str, str]:
    """The room, or the waiting area where the room is told by the call; and its floor."""
    if not ticket.entry.pooled:
        return words.room(ticket.room), words.floor(ticket.room.floor)
    if not ticket.zone_names:
        return words("kiosk.your_number.ask_where"), ""
    return words.name(ticket.zone_names), words.floor(ticket.room.floor)


def _directions(visit: Visit, ticket: Ticket, words: Words) -> str:
    if visit.room_unsure:
        return words("kiosk.your_number.room_unsure")
    if ticket.offline:
        return words("kiosk.your_number.offline.pooled" if ticket.entry.pooled else "kiosk.your_number.offline")
    return words("kiosk.your_number.pooled") if ticket.entry.pooled else words.name(ticket.room.directions)


_PAPER: dict[Paper, PaperPicture] = {
    "unasked": "none",
    "printing": "printing",
    "printed": "take",
    "failed": "failed",
}


def _ahead(ticket: Ticket, words: Words) -> Fact:
    if ticket.offline:
        return Fact("users", words("kiosk.wait.unknown"), words("kiosk.ahead.label"))
    if ticket.people_ahead <= 0:
        return Fact("users", words("kiosk.ahead.none"), words("kiosk.ahead.none.label"))
    return Fact("users", words.count("kiosk.ahead", ticket.people_ahead), words("kiosk.ahead.label"))


def _paper(visit: Visit, words: Words) -> tuple[str, str]:
    """What to do about the paper: large words, small words."""
    if visit.paper == "unasked":
        return words("kiosk.paper.held.title"), words("kiosk.paper.held.text")
    if visit.paper == "failed":
        known = visit.paper_code if visit.paper_code in ("paper_out", "cover_open", "unsure") else "failed"
        return words(f"kiosk.paper.{known}.title"), words("kiosk.paper.keep_number")
    return words(f"kiosk.paper.{visit.paper}.title"), words(f"kiosk.paper.{visit.paper}.text")


def _reprint(visit: Visit, words: Words) -> Button | None:
    if visit.ticket is None or not visit.ticket.already_held or visit.paper not in ("unasked", "failed"):
        return None
    return Button("reprint", words("kiosk.paper.reprint"), "printer", emphasis="second")
