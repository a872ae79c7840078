"""Somebody who asked for a room is offered a quicker one."""

from __future__ import annotations

from protocol.nouns import Entry, RoomOffer, WaitEstimate
from queue_server.domain.offering import worth_offering
from queue_server.store import repository as store
from queue_server.usecases.assigning import rule_of_assignment
from queue_server.usecases.change import Reading
from queue_server.usecases.foreseen import wait_at
from queue_server.usecases.ordering import place_in_line, rooms_of_pool


def offer(reading: Reading, entry: Entry, wait: WaitEstimate, day: str) -> RoomOffer | None:
    """The quickest other open room of the service, if the rule of the service finds it worth telling.

    `wait` is that at the room which was asked for.
    """
    rule = rule_of_assignment(reading, entry.service_id)
    if rule.offer_minutes is None:
        return None
    minutes = store.service_minutes(reading.connection, reading.site.site_id)[entry.service_id]
    others: list[RoomOffer] = []
    for room in rooms_of_pool(reading, entry.service_id):
        if room.room_id != entry.room_id:
            place = place_in_line(reading, entry, room, day)
            there = wait_at(reading, room, place, minutes)
            others.append(RoomOffer(room=room, people_ahead=place.ahead, wait=there))
    return worth_offering(wait, others, rule.offer_minutes)
