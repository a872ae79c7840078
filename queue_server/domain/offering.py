"""Is another room worth offering to somebody who asked for one? Pure."""

from __future__ import annotations

from collections.abc import Sequence

from protocol.nouns import RoomOffer, WaitEstimate


def worth_offering(wanted: WaitEstimate, others: Sequence[RoomOffer], more_than: int) -> RoomOffer | None:
    """The quickest of the others, if it waits shorter by more than so many minutes. Unknown waits are no ground."""
    own = _minutes(wanted)
    known = [
        (minutes, place, offer) for place, offer in enumerate(others) if (minutes := _minutes(offer.wait)) is not None
    ]
    if own is None or not known:
        return None
    minutes, _, best = min(known, key=lambda one: one[:2])
    return best if own - minutes > more_than else None


def _minutes(wait: WaitEstimate) -> int | None:
    """The middle where it was foreseen, else the long side."""
    return wait.p50_minutes if wait.p50_minutes is not None else wait.high_minutes
