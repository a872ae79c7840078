"""Which decoder reads how many of the same spoilt pictures, and how long it takes.

``python -m bench.decode [PICTURES OF EACH KIND]``

Compare the rows of one run with each other: the ratios last, the milliseconds are this machine's.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.photographs import SPOILT, photograph, random_card
from hardware.scanner.decode import Ladder, as_grey


def main() -> None:
    each = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    ladder = Ladder()
    readers: dict[str, Callable[[Any], bytes | None]] = dict(ladder.rungs)
    readers["whole ladder"] = lambda grey: found.payload if (found := ladder.decode(grey)) else None
    print(f"{'':14}" + "".join(f"{kind:>11}" for kind in SPOILT) + f"{'all':>8}{'wrong':>7}{'ms':>8}")
    for name, read in readers.items():
        print(row(name, read, each))
    ladder.close()


def row(name: str, read: Callable[[Any], bytes | None], each: int) -> str:
    """Percent read exactly, by kind and in all; how many were read wrongly; mean milliseconds a picture."""
    chance = random.Random(7)
    percents, wrong, spent = [], 0, 0.0
    for spoil in SPOILT.values():
        right = 0
        for seed in range(each):
            card = random_card(chance).encode()
            grey = as_grey(spoil(photograph(card, seed, share=chance.uniform(0.3, 0.7))))
            started = time.perf_counter()
            found = read(grey)
            spent += time.perf_counter() - started
            right += found == card
            wrong += found not in (None, card)
        percents.append(100 * right / each)
    cells = "".join(f"{percent:>10.0f}%" for percent in percents)
    share = sum(percents) / len(percents)
    return f"{name:14}{cells}{share:>7.0f}%{wrong:>7}{1000 * spent / (each * len(SPOILT)):>8.1f}"


if __name__ == "__main__":
    main()
