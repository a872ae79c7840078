"""What the kiosk keeps on disk for the time without the server: the count of its own series, and the numbers that it
gave and has not yet told. And how the hospital is, so that a kiosk that is switched on without the server can go on.

A number is counted and its upload written in one transaction, on disk before anybody hears of the number: a power cut
in between costs a number, and never gives one twice. People are in the uploads, so these are encrypted (Fernet); the
count is not, and outlives a lost key. Where SQLite keeps its journal by truncating it, ``synchronous=FULL`` also syncs
the truncation: what was committed stays so after a power cut (by deleting, it would take ``EXTRA``).
"""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from cryptography.fernet import Fernet, InvalidToken
from pydantic import TypeAdapter

from kiosk.state import Hospital
from protocol.requests import IssueTicket, UploadOfflineTicket

log = logging.getLogger(__name__)

LARGEST_SPOOL = 1000
"""Numbers not yet told; more are not given. Also the most that one file gives on one day, so that the files after a
spoilt one can begin where it cannot have come to."""
ASIDE_KEPT = timedelta(days=30)
"""How long what the server refused, or what nobody can read, is kept for whoever looks into it."""

_TABLES = """
CREATE TABLE IF NOT EXISTS series (day TEXT, letters TEXT, given INTEGER NOT NULL, PRIMARY KEY (day, letters));
CREATE TABLE IF NOT EXISTS upload (
    id INTEGER PRIMARY KEY AUTOINCREMENT, given_at TEXT NOT NULL, sealed BLOB NOT NULL, aside TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS hospital (only INTEGER PRIMARY KEY CHECK (only = 1), told TEXT NOT NULL);
"""
_HOSPITAL = TypeAdapter(Hospital)
T = TypeVar("T")


class SpoolFault(Exception):
    """Nothing can be given or read now. `code`: ``full`` or ``disk``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Kept:
    """A number that was given and not yet told, as it is to be sent now."""

    upload_id: int
    request: UploadOfflineTicket


class Spool:
    """One file, for one kiosk. Every method may be called from any thread, and raises SpoolFault.

    `clock` tells the time with its zone. Of a kiosk whose clock is set back the age of a number is 0, never negative.
    """

    def __init__(self, path: Path, key_path: Path, clock: Callable[[], datetime]) -> None:
        self._path, self._clock = path, clock
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._seal, is_new = _key(key_path)
            self._file: sqlite3.Connection | None = self._opened()
            kept = _count(self._file)
        except (OSError, sqlite3.Error) as error:
            log.error("spool_unusable file=%s key_file=%s error=%s", path, key_path, type(error).__name__)
            raise SpoolFault("disk") from error
        if is_new and kept:
            log.error("spool_key_lost key_file=%s unreadable=%d", key_path, kept)

    def close(self) -> None:
        with self._lock:
            self._let_go()

    def give(self, series: str, time_zone: str, asked: IssueTicket, room_id: str | None) -> UploadOfflineTicket:
        """The next number of `series` on the business day of `time_zone`, for what was `asked` of the server; on disk
        when this returns. `room_id` is the room that the paper will name, or None."""
        now = self._clock()
        day = now.astimezone(ZoneInfo(time_zone)).date().isoformat()

        def write(file: sqlite3.Connection) -> UploadOfflineTicket:
            if _count(file) >= LARGEST_SPOOL:
                raise SpoolFault("full")
            request = UploadOfflineTicket(
                number=f"{series}{self._next(file, day, series):03d}",
                service_id=asked.service_id,
                room_id=room_id,
                intake=asked.intake,
                declared=asked.declared,
                address=secrets.token_hex(16),
            )
            sealed = self._seal.encrypt(request.model_dump_json().encode())
            file.execute("INSERT INTO upload (given_at, sealed) VALUES (?, ?)", (now.isoformat(), sealed))
            return request

        return self._work(write)

    def oldest(self) -> Kept | None:
        """What is to be told next; its age is that of now. What cannot be read is set aside, and the next one told."""

        def read(file: sqlite3.Connection) -> Kept | None:
            while row := file.execute(
                "SELECT id, given_at, sealed FROM upload WHERE aside = '' ORDER BY id LIMIT 1"
            ).fetchone():
                try:
                    request = UploadOfflineTicket.model_validate_json(self._seal.decrypt(row[2]))
                    age = self._clock() - datetime.fromisoformat(row[1])
                except (InvalidToken, ValueError):  # another key, or bytes that changed; not shown: it may hold a name
                    log.error("spool_entry_set_aside id=%d code=unreadable", row[0])
                    _put_aside(file, row[0], "unreadable")
                else:
                    return Kept(row[0], request.model_copy(update={"age_s": max(age.total_seconds(), 0.0)}))
            return None

        return self._work(read)

    def told(self, upload_id: int) -> None:
        """The server has it: forgotten here."""
        self._work(lambda file: file.execute("DELETE FROM upload WHERE id = ?", (upload_id,)))

    def set_aside(self, upload_id: int, code: str) -> None:
        """The server refused it for good: kept for a while, not sent again."""
        self._work(lambda file: _put_aside(file, upload_id, code))

    def waiting(self) -> int:
        """Numbers not yet told."""
        return self._work(_count)

    def remember(self, hospital: Hospital) -> None:
        """How the server tells that the hospital is. No person is in it."""
        told = _HOSPITAL.dump_json(hospital).decode()
        self._work(lambda file: file.execute("INSERT OR REPLACE INTO hospital VALUES (1, ?)", (told,)))

    def remembered(self) -> Hospital | None:
        """As it was told last; None where it never was, or by another release."""
        row = self._work(lambda file: file.execute("SELECT told FROM hospital").fetchone())
        try:
            return _HOSPITAL.validate_json(row[0]) if row else None
        except ValueError:
            return None

    # --- the file ---

    def _next(self, file: sqlite3.Connection, day: str, letters: str) -> int:
        first = LARGEST_SPOOL * len(self._spoilt())
        row = file.execute("SELECT given FROM series WHERE day = ? AND letters = ?", (day, letters)).fetchone()
        number = (row[0] if row else first) + 1
        if number > first + LARGEST_SPOOL:
            raise SpoolFault("full")
        file.execute("INSERT OR REPLACE INTO series VALUES (?, ?, ?)", (day, letters, number))
        return int(number)

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """`work` in one transaction, on disk when this returns. A spoilt file is set aside, `work` done once more."""
        with self._lock:
            try:
                try:
                    return self._in_transaction(work)
                except sqlite3.OperationalError:
                    raise
                except sqlite3.DatabaseError as error:
                    self._let_go()
                    self._set_file_aside(error)
                    return self._in_transaction(work)
            except (OSError, sqlite3.Error) as error:
                log.error("spool_unusable file=%s error=%s", self._path, type(error).__name__)
                raise SpoolFault("disk") from error

    def _in_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._file = self._file or self._opened()
        with _transaction(self._file):
            return work(self._file)

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._open()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            self._set_file_aside(error)
            return self._open()

    def _open(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600))
        self._path.chmod(0o600)
        _sync_folder(self._path.parent)
        file = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            file.execute("PRAGMA journal_mode = TRUNCATE")
            file.execute("PRAGMA synchronous = FULL")
            file.execute("PRAGMA secure_delete = ON")
            if file.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("spoilt")
            file.executescript(_TABLES)
            before = (self._clock() - ASIDE_KEPT).isoformat()
            file.execute("DELETE FROM upload WHERE aside != '' AND given_at < ?", (before,))
        except sqlite3.Error:
            file.close()
            raise
        return file

    def _set_file_aside(self, error: Exception) -> None:
        aside = self._path.with_name(f"{self._path.name}.spoilt-{len(self._spoilt()) + 1}")
        log.error("spool_set_aside file=%s error=%s", aside, type(error).__name__)
        self._path.rename(aside)
        self._path.with_name(f"{self._path.name}-journal").unlink(missing_ok=True)
        _sync_folder(self._path.parent)

    def _spoilt(self) -> list[Path]:
        return list(self._path.parent.glob(f"{self._path.name}.spoilt-*"))


@contextmanager
def _transaction(file: sqlite3.Connection) -> Iterator[None]:
    file.execute("BEGIN IMMEDIATE")
    try:
        yield
        file.execute("COMMIT")
    finally:
        if file.in_transaction:
            file.execute("ROLLBACK")


def _count(file: sqlite3.Connection) -> int:
    return int(file.execute("SELECT count(*) FROM upload WHERE aside = ''").fetchone()[0])


def _put_aside(file: sqlite3.Connection, upload_id: int, code: str) -> None:
    file.execute("UPDATE upload SET aside = ? WHERE id = ?", (code, upload_id))


def _key(path: Path) -> tuple[Fernet, bool]:
    """The key in `path`, and whether it had to be made: there was none, or what was there is none. Raises OSError."""
    try:
        return Fernet(path.read_bytes().strip()), False
    except (FileNotFoundError, ValueError):
        made, beside = Fernet.generate_key(), path.with_name(f"{path.name}.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(made)
        stream.flush()
        os.fsync(stream.fileno())
    beside.rename(path)
    _sync_folder(path.parent)
    return Fernet(made), True


def _sync_folder(folder: Path) -> None:
    """A new name is on disk only when its folder is."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
