"""Whether people were called when they had been told: measured from the journal of a day."""

from __future__ import annotations

from collections.abc import Iterator

from queue_server.domain.calendar import day_after, day_before, day_start
from queue_server.domain.recorded_day import Told
from queue_server.domain.waits.accuracy import KINDS, Accuracy, accuracy
from queue_server.store import journal
from queue_server.usecases.change import Reading


def accuracy_of(reading: Reading, day: str | None = None) -> Accuracy:
    """Of a business day (ISO; today when None), as far as it has come."""
    day = day or reading.today
    return accuracy(day, _told(reading, day))


def accuracy_of_yesterday(reading: Reading) -> Accuracy:
    return accuracy_of(reading, day_before(reading.today))


def _told(reading: Reading, day: str) -> Iterator[Told]:
    site_id, zone = reading.site.site_id, reading.site.time_zone
    tomorrow = day_after(day)
    after = journal.last_before(reading.connection, site_id, day_start(day, zone))
    last = journal.last_before(reading.connection, site_id, day_start(tomorrow, zone))
    while lines := journal.read(reading.connection, site_id, after, kinds=KINDS):
        for line in lines:
            if line.seq > last:
                return
            if line.frame is not None:
                yield Told(line.seq, line.at, line.frame)
        after = lines[-1].seq
