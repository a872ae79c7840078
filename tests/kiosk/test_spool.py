"""The kiosk's numbers on disk: counted before they are printed, never twice, told in order, no name in clear."""

from __future__ import annotations

import logging
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as some

from kiosk import spool as spool_module
from kiosk.spool import LARGEST_SPOOL, Spool, SpoolFault
from kiosk.state import Hospital
from protocol.nouns import Intake
from protocol.requests import IssueTicket
from tests.kiosk.samples import IDENTITY, PERSONAL, SITE, lettered, rooms, services

ASKED = IssueTicket(request_id="req-1", service_id="noi", intake=Intake(identity=IDENTITY), declared="pregnant")
ZONE = "Asia/Ho_Chi_Minh"
MORNING = datetime(2026, 6, 15, 1, 0, tzinfo=UTC)
"""08:00 at the hospital."""


class Disk:
    """A folder with a spool in it, and a clock that stands."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, MORNING
        self.file, self.key = folder / "spool.sqlite3", folder / "spool-key"
        self.spool = self.open()

    def open(self) -> Spool:
        self.spool = Spool(self.file, self.key, lambda: self.now)
        return self.spool

    def again(self) -> Spool:
        self.spool.close()
        return self.open()

    def give(self, series: str = "KA") -> str:
        return self.spool.give(series, ZONE, ASKED, "r5").number

    def drain(self) -> list[str]:
        numbers = []
        while (kept := self.spool.oldest()) is not None:
            numbers.append(kept.request.number)
            self.spool.told(kept.upload_id)
        return numbers

    def fill(self, count: int) -> None:
        """So many lie there already."""
        sealed = Fernet(self.key.read_bytes()).encrypt(b"{}")
        with sqlite3.connect(self.file) as file:
            file.executemany(
                "INSERT INTO upload (given_at, sealed) VALUES (?, ?)", [(MORNING.isoformat(), sealed)] * count
            )
        file.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    opened = Disk(tmp_path)
    yield opened
    opened.spool.close()


def test_numbers_count_from_one_and_are_told_in_order_with_their_age(disk: Disk) -> None:
    assert [disk.give(), disk.give(), disk.give("KB")] == ["KA001", "KA002", "KB001"]
    disk.now += timedelta(minutes=31)
    kept = disk.again().oldest()
    assert kept is not None
    assert (kept.request.number, kept.request.age_s) == ("KA001", 1860.0)
    assert (kept.request.service_id, kept.request.room_id, kept.request.intake) == ("noi", "r5", ASKED.intake)
    assert kept.request.declared == "pregnant"
    assert kept.request.address is not None
    assert kept.request.request_id != ASKED.request_id
    assert disk.spool.oldest() == kept  # the same request id until it is told
    assert disk.drain() == ["KA001", "KA002", "KB001"]
    assert disk.spool.waiting() == 0
    assert disk.give() == "KA003"


def test_the_count_begins_anew_with_the_day_of_the_hospital(disk: Disk) -> None:
    disk.now = datetime(2026, 6, 15, 16, 59, tzinfo=UTC)
    assert [disk.give(), disk.give()] == ["KA001", "KA002"]
    disk.now += timedelta(minutes=1)
    assert disk.give() == "KA001"


def test_a_clock_set_back_gives_no_number_twice_and_no_age_below_nothing(disk: Disk) -> None:
    assert disk.give() == "KA001"
    disk.now += timedelta(days=1)
    assert disk.give() == "KA001"
    disk.now = MORNING - timedelta(hours=2)
    assert disk.give() == "KA002"
    kept = disk.spool.oldest()
    assert kept is not None
    assert kept.request.age_s == 0.0


def test_nothing_of_a_person_lies_there_in_clear_and_only_this_account_reads_it(disk: Disk) -> None:
    disk.give()
    written = b"".join(path.read_bytes() for path in disk.folder.iterdir())
    assert not any(text.encode() in written for text in PERSONAL)
    assert {stat.S_IMODE(path.stat().st_mode) for path in disk.folder.iterdir()} == {0o600}


def test_what_was_set_aside_is_not_told_again_and_goes_after_a_while(disk: Disk) -> None:
    disk.give()
    disk.give()
    kept = disk.spool.oldest()
    assert kept is not None
    disk.spool.set_aside(kept.upload_id, "too_old")
    assert disk.spool.waiting() == 1
    assert disk.drain() == ["KA002"]
    disk.now += spool_module.ASIDE_KEPT + timedelta(days=1)
    disk.again()
    assert _rows(disk.file) == 0


@pytest.mark.parametrize("left", [b"", b"no key", None])
def test_a_lost_key_is_told_and_numbers_go_on(disk: Disk, left: bytes | None, caplog: pytest.LogCaptureFixture) -> None:
    assert [disk.give(), disk.give()] == ["KA001", "KA002"]
    disk.key.unlink()
    if left is not None:
        disk.key.write_bytes(left)
    disk.again()
    assert "spool_key_lost" in caplog.text
    assert disk.give() == "KA003"
    assert disk.drain() == ["KA003"]
    assert caplog.text.count("code=unreadable") == 2
    assert _rows(disk.file) == 2
    assert stat.S_IMODE(disk.key.stat().st_mode) == 0o600


def test_another_key_and_changed_bytes_are_set_aside_by_name(disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    disk.give()
    disk.key.write_bytes(Fernet.generate_key())
    disk.again()
    disk.give()
    with sqlite3.connect(disk.file) as file:
        file.execute("INSERT INTO upload (given_at, sealed) VALUES ('?', x'00')")
    file.close()
    disk.give()
    assert disk.drain() == ["KA002", "KA003"]
    assert caplog.text.count("code=unreadable") == 2
    assert not any(text in caplog.text for text in PERSONAL)


@pytest.mark.parametrize(
    "spoil", [lambda whole: b"\x00" * len(whole), lambda whole: b"x" * 900, lambda whole: whole[:5000]]
)
def test_a_spoilt_file_is_set_aside_and_no_number_of_it_comes_again(
    disk: Disk, spoil: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    disk.give()
    disk.spool.close()
    disk.file.write_bytes(spoil(disk.file.read_bytes()))
    disk.open()
    assert "spool_set_aside" in caplog.text
    assert [disk.give(), disk.give()] == ["KA1001", "KA1002"]
    assert disk.drain() == ["KA1001", "KA1002"]


def test_a_file_that_is_spoilt_under_way_is_set_aside_too(disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    disk.give()
    disk.file.write_bytes(b"not a database at all " * 1000)
    assert disk.give() == "KA1001"
    assert "spool_set_aside" in caplog.text


def test_a_full_spool_says_so_and_gives_again_when_told(disk: Disk) -> None:
    disk.fill(LARGEST_SPOOL - 1)
    assert disk.give() == "KA001"
    with pytest.raises(SpoolFault, match="full"):
        disk.give()
    with pytest.raises(SpoolFault, match="full"):
        disk.again().give("KA", ZONE, ASKED, None)
    disk.drain()  # what cannot be read is set aside
    assert disk.give() == "KA002"


def test_the_hospital_is_known_again_when_the_kiosk_is_switched_on(disk: Disk) -> None:
    assert disk.spool.remembered() is None
    disk.spool.remember(Hospital(SITE, "Sảnh A", services()[:1]))
    known = Hospital(SITE, "Sảnh A", services(), rooms(), lettered().zones, "KA")
    disk.spool.remember(known)
    assert disk.again().remembered() == known
    with sqlite3.connect(disk.file) as file:
        file.execute("UPDATE hospital SET told = '{\"site\": 7}'")
    file.close()
    assert disk.spool.remembered() is None


def test_one_file_gives_no_more_on_a_day_than_the_next_one_would_jump(disk: Disk) -> None:
    with sqlite3.connect(disk.file) as file:
        file.execute("INSERT INTO series VALUES ('2026-06-15', 'KA', ?)", (LARGEST_SPOOL - 1,))
    file.close()
    assert disk.give() == "KA1000"
    with pytest.raises(SpoolFault, match="full"):
        disk.give()


def test_a_disk_that_cannot_be_written_is_told_by_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(SpoolFault, match="disk"):
        Spool(tmp_path / "home" / "spool.sqlite3", tmp_path / "spool-key", lambda: MORNING)
    assert "spool_unusable" in caplog.text


def test_a_full_disk_gives_no_number_and_counts_none(disk: Disk) -> None:
    assert disk.give() == "KA001"
    assert disk.spool._file is not None
    disk.spool._file.execute("PRAGMA max_page_count = 1")  # SQLite then says what it says of a full disk
    filled = 0
    with pytest.raises(SpoolFault, match="disk"):
        while True:
            disk.give()
            filled += 1
    disk.again()
    assert disk.give() == f"KA{filled + 2:03d}"
    assert disk.drain() == [f"KA{number:03d}" for number in range(1, filled + 3)]


@given(some.lists(some.sampled_from(["give", "tell", "aside", "restart", "midnight"]), max_size=40))
@settings(max_examples=25, deadline=None)
def test_in_whatever_order_numbers_grow_and_are_told_as_they_were_given(steps: list[str]) -> None:
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        disk, waiting, days = Disk(Path(folder)), list[str](), [0]
        for step in steps:
            if step == "give":
                days[-1] += 1
                waiting.append(disk.give())
                assert waiting[-1] == f"KA{days[-1]:03d}"
            elif step == "restart":
                disk.again()
            elif step == "midnight":
                disk.now += timedelta(days=1)
                days.append(0)
            else:
                kept = disk.spool.oldest()
                assert (kept.request.number if kept else None) == (waiting.pop(0) if waiting else None)
                if kept and step == "tell":
                    disk.spool.told(kept.upload_id)
                elif kept:
                    disk.spool.set_aside(kept.upload_id, "too_old")
        assert disk.spool.waiting() == len(waiting)
        assert disk.drain() == waiting
        disk.spool.close()
    logging.disable(logging.NOTSET)


GIVES_FOR_EVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from kiosk.spool import Spool
from tests.kiosk.test_spool import ASKED, MORNING, ZONE
folder = Path(sys.argv[1])
spool = Spool(folder / "spool.sqlite3", folder / "spool-key", lambda: MORNING)
while True:
    print("gave", spool.give("KA", ZONE, ASKED, None).number, flush=True)
    kept = spool.oldest()
    if kept.request.number[-1] in "13579" or spool.waiting() > 3:
        print("telling", kept.request.number, flush=True)
        spool.told(kept.upload_id)
        print("told", kept.request.number, flush=True)
"""


@pytest.mark.parametrize("after", [1, 2, 3, 7, 12])
def test_killed_at_any_moment_nothing_is_doubled_and_nothing_returned_is_lost(tmp_path: Path, after: int) -> None:
    """`kill -9` three times, in the middle of whatever it is doing: the lines that got out are what was promised."""
    lines: list[str] = []
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", GIVES_FOR_EVER, str(tmp_path)],
            cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        lines += [process.stdout.readline() for _ in range(after)]
        process.kill()
        lines += process.stdout.readlines()
        process.wait()
        process.stdout.close()
    said: dict[str, list[str]] = {"gave": [], "telling": [], "told": []}
    for line in lines:
        verb, _, number = line.strip().partition(" ")
        said[verb].append(number)
    assert len(set(said["gave"])) == len(said["gave"])
    assert said["gave"] == sorted(said["gave"])
    assert len(set(said["told"])) == len(said["told"])
    left = Disk(tmp_path).drain()
    assert left == sorted(set(left))
    assert not set(left) & set(said["told"])
    assert set(said["gave"]) <= {*left, *said["telling"]}
    assert Disk(tmp_path).give() > max(*said["gave"], *left, "")


def _rows(path: Path) -> int:
    with sqlite3.connect(path) as file:
        found = file.execute("SELECT count(*) FROM upload").fetchone()[0]
    file.close()
    return int(found)
