"""What the hospital offers, arranged into pages of tiles. Pure.

Open services come first and in the server's order; closed ones stay in sight, at the foot of the pages.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.shapes import Button, Tile
from kiosk.state import Hospital, State
from kiosk.words import Words, wait_words
from locales import plural, t
from protocol.nouns import Service

STRIPS_PER_ROW = 2
"""Two closed services take the height of one row of tiles."""


@dataclass(frozen=True)
class Page:
    open: tuple[Service, ...]
    closed: tuple[Service, ...]
    rows: int
    """Rows of tiles that the page has room for."""


def pages_of(state: State) -> tuple[Page, ...]:
    """Pages for this text size: 2 x 3 tiles and one strip; large text 1 x 4, the largest 1 x 3."""
    scale = state.comfort.scale
    columns, rows, strips = (2, 3, 1) if scale < 1.5 else (1, 4, 0) if scale < 2 else (1, 3, 0)
    open_ones = [service for service in _offered(state) if service.open]
    closed = [service for service in _offered(state) if not service.open]
    pages: list[Page] = []
    size = columns * rows
    while open_ones or closed:
        now, open_ones = open_ones[:size], open_ones[size:]
        free_rows = rows - -(-len(now) // columns)
        room = strips + free_rows * (STRIPS_PER_ROW if columns > 1 else 1)
        pages.append(Page(tuple(now), tuple(closed[:room]), rows))
        closed = closed[room:]
    return tuple(pages)


def _offered(state: State) -> tuple[Service, ...]:
    """What people may choose by themselves."""
    return tuple(service for service in state.hospital.services if service.self_service)


def tile(service: Service, hospital: Hospital, words: Words, chosen: str) -> Tile:
    """One service as a tile; `chosen` is the id of the service whose number is being fetched."""
    name, busy = words.name(service.names), service.service_id == chosen
    if not service.open:
        reason = words.name(service.closed_reason) or words("kiosk.service.closed.text")
        return Tile(Button("", name, "lock"), place=reason, closed=words("kiosk.service.closed"))
    button = Button(f"service:{service.service_id}", name, service.icon, emphasis="primary" if busy else "plain")
    wait = words("kiosk.service.fetching") if busy else wait_of(service, words)
    return Tile(button, place=_place(service, hospital, words), wait=wait, busy=busy)


def without_waits(tiles: tuple[Tile, ...], words: Words) -> tuple[Tile, ...]:
    """While the server is away: what it last told of the waits is not true any more."""
    unknown = words("kiosk.doctor.wait_unknown")
    return tuple(one if one.busy else replace(one, wait=unknown) for one in tiles)


def wait_of(service: Service, words: Words) -> str:
    """The wait of somebody who comes now, or how many wait where no wait can be told."""
    interval = wait_words(service.wait, words.language)
    if interval:
        return t("kiosk.service.wait", words.language, wait=interval)
    if service.waiting <= 0:
        return words("kiosk.service.nobody")
    return plural("kiosk.service.waiting", words.language, service.waiting)


def _place(service: Service, hospital: Hospital, words: Words) -> str:
    rooms = [room for room in hospital.rooms if service.service_id in room.service_ids and room.open]
    if not rooms:
        return ""
    if len(rooms) == 1:
        return words.place(rooms[0])
    floors = {room.floor for room in rooms}
    count = plural("kiosk.rooms", words.language, len(rooms))
    if len(floors) > 1:
        return count
    floor = words.floor(floors.pop())
    return f"{count}, {floor[:1].lower()}{floor[1:]}"
