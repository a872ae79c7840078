"""Simulated days on which many people come for an appointment, through the real use cases; and what they were told."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from random import Random

from protocol.appointments import AddAppointment, Booking
from protocol.frames import TicketCalled, TicketIssued
from queue_server.command_line import open_database
from queue_server.core import first_site
from queue_server.domain.recorded_day import Told
from queue_server.domain.simulation import Arrival, make_day
from queue_server.settings import load
from queue_server.simulate_command import DayRun, Hospital
from queue_server.usecases import appointments

Outcome = tuple[float, float, float, float]
"""Minutes: told p10, p50 and p90, and waited."""


def booked_day(patients: int, seed: int, days: int, share: float) -> list[Told]:
    """The journal of the last of so many days; `share` of the people come up to 50 min before, or 15 after, a time."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load(None, {"database_url": f"sqlite:///{folder}/day.sqlite3"})
        with open_database(settings) as database:
            hospital = Hospital(database, first_site(settings))
            hospital.open(None, days)
            for before in range(days - 1, -1, -1):
                hospital.begin(before, foresees=before == 0 < days - 1)
                chance = Random(seed + before * 1_000_003)
                day = make_day(chance, patients, hospital.midnight, *hospital.places())
                _book(hospital, day.arrivals, chance, share)
                DayRun(hospital, day, str).run()
            return hospital.journal()


def _book(hospital: Hospital, people: Sequence[Arrival], chance: Random, share: float) -> None:
    for person in people:
        if chance.random() >= share:
            continue
        booking = Booking(
            source_id=f"{hospital.day}-{person.person}",
            personal_id=f"{person.person:012d}",
            service_id=person.service_id,
            starts_at=person.at + timedelta(minutes=-15 + 65 * chance.random()),
            window_minutes=30,
        )
        hospital.at(hospital.midnight, partial(appointments.add, request=AddAppointment(booking=booking)))


def outcomes(told: Sequence[Told]) -> dict[bool, list[Outcome]]:
    """Of those who were told a learned wait and did wait: with an appointment (True), and walk-ins."""
    issued = {one.frame.entry.entry_id: one for one in told if isinstance(one.frame, TicketIssued)}
    found: dict[bool, list[Outcome]] = {True: [], False: []}
    for line in told:
        if not isinstance(line.frame, TicketCalled) or line.frame.entry.calls != 1:
            continue
        came = issued[line.frame.entry.entry_id]
        assert isinstance(came.frame, TicketIssued)
        promised, waited = came.frame.promised, (line.at - came.at) / timedelta(minutes=1)
        if promised is None or promised.p50_minutes is None or waited < 1:
            continue
        assert promised.p10_minutes is not None
        assert promised.p90_minutes is not None
        point = (promised.p10_minutes, promised.p50_minutes, promised.p90_minutes, waited)
        found[came.frame.entry.appointment is not None].append(point)
    return found


def bias(of: Sequence[Outcome]) -> float:
    """Mean minutes told too little (negative) or too much."""
    return sum(middle - waited for _, middle, _, waited in of) / len(of)


def held(of: Sequence[Outcome]) -> float:
    """The share called within what was told, which claims 80 of 100."""
    return sum(low - 1 <= waited <= high for low, _, high, waited in of) / len(of)
