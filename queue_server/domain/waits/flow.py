"""How fast people arrive at a queue, by class and half hour, learned from the days seen. Pure."""

from __future__ import annotations

from collections import defaultdict

SLOT = 1800.0
SLOTS = 48
DAY_FADES = 0.95
QUEUE_DAYS = 3.0  # days of the service's own shape that a queue's rate starts from
TODAY_WEIGHT = 40.0
CLASSES = ("priority", "priority_review", "normal", "normal_review", "early")
"""Early: before the time of an appointment, so that they stand behind those who come until then."""


class Flow:
    """Arrivals of one service: for each queue and class, people per half hour."""

    def __init__(self) -> None:
        self.days = 0.0
        self.counts: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0] * SLOTS)
        self.today: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0] * SLOTS)
        self.shape: dict[str, list[float]] = {}
        self.share: dict[tuple[str, str], float] = {}

    def arrived(self, queue: str, kind: str, now: float) -> None:
        self.today[queue, kind][int(now // SLOT) % SLOTS] += 1

    def new_day(self) -> None:
        if not self.today:
            return
        self.days = self.days * DAY_FADES + 1
        for key in set(self.counts) | set(self.today):
            seen, fresh = self.counts[key], self.today.get(key)
            self.counts[key] = [old * DAY_FADES + (fresh[slot] if fresh else 0.0) for slot, old in enumerate(seen)]
        self.today.clear()
        self._widen()

    def _widen(self) -> None:
        for name in CLASSES:
            rows = {queue: row for (queue, kind), row in self.counts.items() if kind == name}
            total = [sum(row[slot] for row in rows.values()) for slot in range(SLOTS)]
            everyone = sum(total) or 1.0
            self.shape[name] = [slot / everyone / max(self.days, 1e-9) for slot in total]
            for queue, row in rows.items():
                self.share[queue, name] = sum(row)

    def per_second(self, queue: str, name: str) -> list[float]:
        """Arrivals a second in each half hour of the day, as usual."""
        if not self.days:
            return [0.0] * SLOTS
        shape, share = self.shape.get(name), self.share.get((queue, name), 0.0)
        if shape is None:
            return [0.0] * SLOTS
        row = self.counts.get((queue, name)) or [0.0] * SLOTS
        weight = self.days + QUEUE_DAYS
        return [(row[slot] + QUEUE_DAYS * shape[slot] * share) / weight / SLOT for slot in range(SLOTS)]

    def busier(self, now: float) -> float:
        """Today's arrivals so far as a part of the usual, pulled to 1."""
        upto = int(now // SLOT) % SLOTS
        seen = sum(sum(row[:upto]) for row in self.today.values())
        usual = sum(sum(row[:upto]) for row in self.counts.values()) / max(self.days, 1.0)
        return (seen + TODAY_WEIGHT) / (usual + TODAY_WEIGHT) if self.days else 1.0


def named(priority: bool, review: bool, early: bool = False) -> str:
    if early and not priority:
        return "early"
    return ("priority" if priority else "normal") + ("_review" if review else "")
