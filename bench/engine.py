"""The queue engine beside the limits of this machine: tickets a second, calls to screens, history, waits, memory.

``python -m bench.engine [--json FILE] [--only tickets,screens,history,estimates] [--database sqlite,postgres]
[--tickets N] [--history 10,1000,100000,1000000] [--screens 50,500,2000]``

Only ratios within one run mean anything; each is printed with its target.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import repeat
from pathlib import Path

from bench import cluster, estimates, history, limits
from bench.client import Ears, Line, get, load, quantile
from bench.places import Hospital, Place, process

CLIENTS = (1, 8, 32)
ROUNDS = {50: 60, 500: 25, 2000: 12}


@dataclass(frozen=True)
class Figure:
    """One line of the table. `ratio` is `value` against `limit`; `target` what it has to be, in words."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    target: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.limit if self.limit else None


Figures = list[Figure]


async def tickets(url: str, kind: str, count: int, folder: Path) -> Figures:
    """Durable tickets a second with 1, 8 and 32 clients, beside an empty answer to the same client."""
    found: Figures = []
    hospital = Hospital.make(url, folder)
    with process(folder / "empty.log", "bench.limits", "empty", "{port}") as bare, hospital.serve() as server:
        await asyncio.gather(bare.open(), server.open())
        await load(server.port, hospital.takes(200), 8)
        found.append(Figure(f"{kind}: memory, idle", server.megabytes, "MB"))
        for clients in CLIENTS:
            empty = await load(bare.port, repeat(get("/"), count), clients)
            answers = await load(server.port, hospital.takes(count, ("general", "heart", "eyes")), clients)
            assert answers.refused == 0, "a ticket was refused"
            commits = _commits(url, kind, clients, folder)
            name = f"{kind}: tickets, {clients} clients"
            target = ">= 0.25" if clients == 32 else ""
            found += [
                Figure(name, answers.per_second, "/s of empty answers", empty.per_second, target),
                Figure(name, answers.per_second, "/s of raw durable commits", len(commits) / 2),
                Figure(f"{name}, p99 of p50", answers.quantile(0.99) * 1e3, "ms", answers.quantile(0.5) * 1e3, "< 5"),
            ]
        found.append(Figure(f"{kind}: memory, {3 * count} tickets waiting", server.megabytes, "MB"))
    return found


def _commits(url: str, kind: str, clients: int, folder: Path) -> list[float]:
    """The times of raw durable commits during two seconds."""
    if kind == "postgres":
        return limits.postgres_commits(url, clients, 2.0)
    with tempfile.TemporaryDirectory(dir=folder) as inner:
        return limits.sqlite_commits(Path(inner), 2.0)


@dataclass
class Heard:
    """What it took until the last of many screens had heard: seconds each time, processor seconds each on average."""

    each: list[float] = field(default_factory=list)
    cpu: float = 0.0

    @property
    def p50(self) -> float:
        return quantile(self.each, 0.5)


async def screens(url: str, kind: str, folder: Path, counts: list[int]) -> Figures:
    """From a call until the frame is at the last of many screens, beside bare parts of the same."""
    found: Figures = []
    hospital = Hospital.make(url, folder)
    with (
        process(folder / "empty.log", "bench.limits", "empty", "{port}") as bare,
        process(folder / "broadcast.log", "bench.limits", "broadcast", "{port}") as words,
        hospital.serve() as server,
    ):
        await asyncio.gather(bare.open(), words.open(), server.open())
        await load(server.port, hospital.takes(600), 8)
        cookie = await hospital.sign_in(server.port)
        for count in counts:
            name = f"{kind}: call to last of {count} screens"
            broadcast, calls = Heard(), Heard()
            async with _open_screens(hospital, server, words, count) as (ours, theirs, seconds):
                await _take_turns(hospital, server, words, cookie, (theirs, broadcast), (ours, calls))
                memory = Figure(f"{kind}: memory, {count} screens", server.megabytes, "MB", words.megabytes)
            empty = await load(bare.port, repeat(get("/"), 200), 1)
            total = empty.quantile(0.5) + quantile(_commits(url, kind, 1, folder), 0.5) + broadcast.p50
            target = ("<= 3" if count == 50 else "", "<= 1.5" if count == 2000 else "")
            found += [
                Figure(f"{name}, p50 of bare parts", calls.p50 * 1e3, "ms", total * 1e3, target[0]),
                Figure(f"{name}, p50 of bare broadcast", calls.p50 * 1e3, "ms", broadcast.p50 * 1e3, target[1]),
                Figure(f"{name}, p99", quantile(calls.each, 0.99) * 1e3, "ms"),
                Figure(f"{name}, processor", calls.cpu * 1e3, "ms", broadcast.cpu * 1e3),
                Figure(f"{kind}: {count} screens come at once", seconds * 1e3 / count, "ms each"),
                memory,
            ]
    return found


@asynccontextmanager
async def _open_screens(
    hospital: Hospital, server: Place, words: Place, count: int
) -> AsyncIterator[tuple[Ears, Ears, float]]:
    """Screens at our server and at the bare one, and how many seconds it took until all of ours had a snapshot."""
    ours, theirs = Ears(server.port, key=hospital.keys["demo-display-a"]), Ears(words.port, path="/")
    try:
        await theirs.open(count)
        begun = time.perf_counter()
        await ours.open(count)
        yield ours, theirs, time.perf_counter() - begun
    finally:
        theirs.close()
        ours.close()


async def _take_turns(
    hospital: Hospital, server: Place, words: Place, cookie: str, bare: tuple[Ears, Heard], ours: tuple[Ears, Heard]
) -> None:
    """A bare broadcast, one of our calls, and so on."""
    line = Line(server.port)
    rounds = ROUNDS.get(len(ours[0]), 12)
    for _ in range(rounds):
        cpu, begun = words.cpu_seconds, time.perf_counter()
        bare[0].say_first("go")
        bare[1].each.append(await bare[0].last_after(begun))
        bare[1].cpu += (words.cpu_seconds - cpu) / rounds
        cpu, begun = server.cpu_seconds, time.perf_counter()
        answer = asyncio.create_task(line.ask(hospital.call(cookie)))
        ours[1].each.append(await ours[0].last_after(begun))
        assert (await answer)[0] == 200
        await asyncio.sleep(0.05)
        ours[1].cpu += (server.cpu_seconds - cpu) / rounds
    line.close()


@contextmanager
def database(folder: Path, address: str | None) -> Iterator[str]:
    yield cluster.new_database(address) if address else f"sqlite:///{folder / 'bench.sqlite3'}"


def run(kind: str, only: list[str], count: int, sizes: list[int], counts: list[int]) -> Figures:
    found: Figures = []
    running = cluster.cluster() if kind == "postgres" else None
    address = running.__enter__() if running else None
    try:
        for part in only:
            with tempfile.TemporaryDirectory() as name, database(Path(name), address) as url:
                folder = Path(name)
                if part == "tickets":
                    found += asyncio.run(tickets(url, kind, count, folder))
                elif part == "screens":
                    found += asyncio.run(screens(url, kind, folder, counts))
                elif part == "history" and kind == "sqlite":
                    found += [Figure(*row) for row in history.measure(folder, sizes)]
                elif part == "estimates" and kind == "sqlite":
                    found += [Figure(*row) for row in estimates.measure(folder)]
    finally:
        if running:
            running.__exit__(None, None, None)
    return found


def table(figures: Figures) -> str:
    lines = [f"{'':<58}{'measured':>10} {'limit':>10} {'ratio':>7}  target"]
    for one in figures:
        limit = f"{one.limit:>10.4g}" if one.limit is not None else " " * 10
        ratio = f"{one.ratio:>7.2f}" if one.ratio is not None else " " * 7
        lines.append(f"{one.name:<58}{one.value:>10.4g} {limit} {ratio}  {one.target:<8}{one.unit}")
    return "\n".join(lines)


def main() -> None:
    wanted = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted.add_argument("--only", default="tickets,screens,history,estimates")
    wanted.add_argument("--database", default="sqlite,postgres")
    wanted.add_argument("--tickets", type=int, default=1500, help="for each number of clients")
    wanted.add_argument("--history", default="10,1000,100000", help="tickets of earlier days")
    wanted.add_argument("--screens", default="50,500,2000")
    wanted.add_argument("--json", type=Path, default=None, help="write the figures there as well")
    given = wanted.parse_args()
    figures: Figures = []
    for kind in given.database.split(","):
        if kind == "postgres" and (reason := cluster.why_not()):
            print(f"postgres left out: {reason}")
            continue
        sizes, counts = ([int(number) for number in text.split(",")] for text in (given.history, given.screens))
        figures += run(kind, given.only.split(","), given.tickets, sizes, counts)
    print(table(figures))
    text = json.dumps([asdict(one) | {"ratio": one.ratio} for one in figures], indent=2)
    if given.json:
        given.json.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
