"""The commands, each as its own process or called where a process would add nothing."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, func, select
from typer.testing import CliRunner

from protocol.configuration import SettingsFault
from protocol.policy import Capped
from queue_server.__main__ import cli
from queue_server.auth.keys import fingerprint
from queue_server.command_line import examine, make_demo_data, open_database
from queue_server.domain.numbering import SERIES
from queue_server.errors import Unavailable
from queue_server.settings import load
from queue_server.store import journal, tables
from queue_server.store.engine import open_engine
from queue_server.store.repository import load_site
from queue_server.usecases import arrivals, demo_hospital
from queue_server.usecases.change import Change as Context
from tests.queue_server.support import MORNING, settings, wish
from theme import FOLDER as THEME

ROOT = Path(__file__).parents[2]


def run(*words: str, folder: Path, text: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    environment = (
        os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "DENLUOT_SERVER_DATABASE_URL": f"sqlite:///{folder / 'queue.sqlite3'}",
            "PYTHONWARNINGS": "error",
        }
        | more
    )
    return subprocess.run(
        [sys.executable, "-m", "queue_server", *words],
        input=text, capture_output=True, text=True, cwd=folder, env=environment, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "address",
    ["postgresql://denluot:hidden@host:port/x", "postgresql://denluot:hidden@[host/x", "sqlite:////proc/no/x"],
)
def test_a_database_that_cannot_be_opened_is_told_in_words_and_without_its_password(
    tmp_path: Path, address: str
) -> None:
    """It was a traceback of library code, in some versions of typer with the value of every variable."""
    told = run("migrate", folder=tmp_path, DENLUOT_SERVER_DATABASE_URL=address)
    assert (told.returncode, told.stderr.strip()) == (1, "Refused: store_away")
    assert cli.pretty_exceptions_enable is False


def test_a_lost_postgresql_machine_is_noticed_in_seconds() -> None:
    lost = open_engine("postgresql://denluot@db/queue?tcp_user_timeout=3000&sslmode=require")
    assert lost.url.drivername == "postgresql+psycopg"
    assert lost.url.query["connect_timeout"] == "5"
    assert (lost.url.query["tcp_user_timeout"], lost.url.query["sslmode"]) == ("3000", "require")


def test_the_demo_hospital_is_made_once(tmp_path: Path) -> None:
    house, keys = settings(tmp_path), tmp_path / "keys.json"
    first = make_demo_data(house, keys, "a demo password")
    told = json.loads(keys.read_text(encoding="utf-8"))
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    make_demo_data(house, keys, None)
    assert json.loads(keys.read_text(encoding="utf-8")) == told
    assert "Bệnh viện Đa khoa An Bình: 12 services, 30 rooms, 4 zones, 6 devices" in first[0]
    assert any("dieuduong / a demo password" in line for line in first)
    with open_database(house) as database, database.engine.connect() as connection:
        for table, count in (
            (tables.service, 12), (tables.room, 30), (tables.room_service, 30), (tables.zone, 4),
            (tables.staff, 2), (tables.device, 6),
        ):  # fmt: skip
            assert connection.execute(select(func.count()).select_from(table)).scalar() == count, table.name
        hashes = set(connection.execute(select(tables.device.c.key_hash)).scalars())
    assert hashes == {fingerprint(key) for key in told.values()}
    assert stat.S_IMODE((tmp_path / "queue.sqlite3").stat().st_mode) == 0o600


def test_lost_keys_are_renewed(tmp_path: Path) -> None:
    house, keys = settings(tmp_path), tmp_path / "keys.json"
    make_demo_data(house, keys, "x")
    lost = json.loads(keys.read_text(encoding="utf-8"))
    keys.unlink()
    make_demo_data(house, keys, "x")
    assert set(lost.values()).isdisjoint(json.loads(keys.read_text(encoding="utf-8")).values())


def test_the_demo_hospital_is_sound() -> None:
    services = {str(row["service_id"]): row for row in demo_hospital.service_rows()}
    assert len({row["series"] for row in services.values()}) == 12
    assert all(SERIES.fullmatch(str(row["series"])) for row in services.values())
    assert all((THEME / "icons" / f"{row['icon']}.svg").exists() for row in services.values())
    rooms = demo_hospital.rooms()
    assert [room.number for room in sorted(rooms, key=lambda room: int(room.number))] == [str(n) for n in range(1, 31)]
    assert {service_id for room in rooms for service_id in room.service_ids} == set(services)
    assert {room.zone_id for room in rooms} == {zone.zone_id for zone in demo_hospital.ZONES}
    for names in [demo_hospital.SITE_NAMES, *(room.directions for room in rooms), *(room.names for room in rooms)]:
        assert set(names) == {"vi", "en"}


def findings(folder: Path) -> dict[str, bool]:
    return {finding.text: finding.well for finding in examine(settings(folder))}


def test_the_doctor_says_what_is_well_and_what_is_not(tmp_path: Path) -> None:
    assert findings(tmp_path)["database (sqlite): migrations are missing; run `denluot-server migrate`"] is False
    make_demo_data(settings(tmp_path), tmp_path / "keys.json", "x")
    assert all(findings(tmp_path).values())
    with open_database(settings(tmp_path)) as database:
        from tests.queue_server.store.test_journal import write

        for _ in range(3):
            database.change(lambda connection: write(connection, at=MORNING))
        database.change(lambda connection: connection.execute(delete(tables.journal).where(tables.journal.c.seq == 2)))
        database.change(
            lambda connection: connection.execute(
                tables.room.update().where(tables.room.c.number == "18").values(open=False)
            )
        )
    sick = findings(tmp_path)
    assert sick["journal: entry 2 of 3 is missing"] is False
    assert sick["service skin: open, but no open room gives it"] is False


def test_the_doctor_tells_what_the_record_system_does_not_have(tmp_path: Path) -> None:
    make_demo_data(settings(tmp_path), tmp_path / "keys.json", "x")
    assert findings(tmp_path)["record system: 0 delivered, 0 waiting"] is True
    with open_database(settings(tmp_path)) as database:
        database.change(lambda connection: leave_messages(connection, dead=1, waiting=2))
    told = findings(tmp_path)
    assert told["record system: visit visit-0 is parked: not_valid_fhir birthDate"] is False
    [(text, well)] = [one for one in told.items() if "2 waiting" in one[0]]
    assert (text.startswith("record system: 0 delivered, 2 waiting, the oldest for "), well) == (True, False)


def leave_messages(connection: Connection, dead: int, waiting: int) -> None:
    """For the record system, made long ago."""
    common = {"site_id": "main", "created_at": MORNING}
    person = {"patient_id": "p", "entered_by": "scan", "changed_at": MORNING}
    connection.execute(tables.patient.insert().values(**person, **common))
    for number in range(dead + waiting):
        day = {"business_day": "2026-11-20", "language": "vi", "entered_by": "scan", "document": "cccd_old"}
        visit_id = f"visit-{number}"
        connection.execute(tables.visit.insert().values(visit_id=visit_id, patient_id="p", **day, **common))
        state, error = ("dead", "not_valid_fhir birthDate") if number < dead else ("waiting", None)
        message = {"message_id": f"m{number}", "destination": "emr", "stream": visit_id, "position": number}
        more = {"kind": "registered_visit", "state": state, "due_at": MORNING, "last_error": error}
        connection.execute(tables.emr_message.insert().values(**message, **more, **common))


def test_the_doctor_finds_an_entry_that_is_not_as_the_journal_tells(tmp_path: Path) -> None:
    make_demo_data(settings(tmp_path), tmp_path / "keys.json", "x")

    def issue(connection: Connection) -> str:
        site = load_site(connection, "main")
        assert site is not None
        change = Context(connection, site, Capped(), MORNING, MORNING, "device:kiosk")
        return arrivals.issue(change, wish(1, "skin"), None).entry.entry_id

    with open_database(settings(tmp_path)) as database:
        entry_id = database.change(issue)
        assert findings(tmp_path)["entries: 1 of the newest day are as the journal tells"] is True
        row = tables.entry.c.entry_id == entry_id
        database.change(lambda connection: connection.execute(tables.entry.update().where(row).values(calls=7)))
    assert findings(tmp_path)["entries of 2026-11-20: not as the journal tells: H001"] is False


def test_the_doctor_warns_of_an_open_address_and_of_no_database(tmp_path: Path) -> None:
    told = list(examine(settings(tmp_path, host="0.0.0.0", database_url="postgresql://x@127.0.0.1:1/none")))
    assert [finding.well for finding in told] == [True, False, False]
    with pytest.raises(Unavailable), open_database(settings(tmp_path, database_url="postgresql://x@127.0.0.1:1/none")):
        pass


def test_read_card_answers_every_line(tmp_path: Path) -> None:
    lines = ['{"raw": "", "entry": "scan"}', "\x00 no JSON", '{"raw": 5}', ""]
    done = run("read-card", folder=tmp_path, text="\n".join(lines) + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["ok"] for answer in answers] == [False] * 4
    assert list(tmp_path.iterdir()) == []


def test_read_card_loads_no_heavy_library() -> None:
    program = (
        "import sys, io; from queue_server.__main__ import cli; import typer.testing as t;"
        "t.CliRunner().invoke(cli, ['read-card'], input='x');"
        "print([m for m in ('fastapi', 'sqlalchemy', 'kivy', 'cv2', 'fhir', 'uvicorn', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_pair_revoke_and_migrate(tmp_path: Path) -> None:
    assert "newest form" in run("migrate", folder=tmp_path).stdout
    paired = run("pair", "kiosk", "Kiosk 2", folder=tmp_path)
    assert (paired.returncode, len(paired.stdout.strip())) == (0, 6)
    wrong = run("pair", "toaster", "Kiosk 2", folder=tmp_path)
    assert (wrong.returncode, "invalid_request" in wrong.stderr, "Traceback" in wrong.stderr) == (1, True, False)
    unknown = run("revoke", "nobody", folder=tmp_path)
    assert (unknown.returncode, unknown.stderr.strip()) == (1, "Refused: unknown_device")


def test_settings_that_cannot_be_used_are_told_together(tmp_path: Path) -> None:
    file = tmp_path / "server.toml"
    file.write_text('prt = 1\ndatabase_url = "mysql://user:Secret-4711@host"\n[emr]\nenbled = true\n', encoding="utf-8")
    with pytest.raises(SettingsFault) as fault:
        load(file)
    told = str(fault.value)
    assert "prt: no such setting (did you mean port?)" in told
    assert "emr.enbled: no such setting (did you mean enabled?)" in told
    assert "database_url: " in told
    assert "Secret-4711" not in told
    ended = CliRunner().invoke(cli, ["doctor", "--config", str(file)])
    assert (ended.exit_code, "did you mean port?" in ended.output) == (2, True)


def test_secrets_are_masked(tmp_path: Path) -> None:
    house = settings(tmp_path, database_url="postgresql://user:Secret-4711@host/name")
    assert "Secret-4711" not in f"{house!r} {house}"
    assert house.base_address == "http://127.0.0.1:8000"
    assert settings(tmp_path, public_address="https://hang-doi.vn").base_address == "https://hang-doi.vn"


def test_a_whole_journal_has_no_gap(tmp_path: Path) -> None:
    make_demo_data(settings(tmp_path), tmp_path / "keys.json", "x")
    engine = open_engine(settings(tmp_path).database_url.get_secret_value())
    with engine.connect() as connection:
        assert journal.first_gap(connection, "main") is None
    engine.dispose()
