"""The hospital's own people, as an administrator adds and removes them at the command line."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select
from typer.testing import CliRunner, Result

from queue_server.__main__ import cli
from queue_server.auth.passwords import Passwords
from queue_server.store import tables
from queue_server.store.engine import open_engine
from queue_server.usecases.people import open_session
from tests.queue_server.support import MORNING

PASSWORD, ANOTHER = "con mèo trèo cây cau", "quả mướp bờ ao xanh"


class House:
    """A database that did not exist before, and the commands upon it."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "server.toml"
        self.address = f"sqlite:///{folder / 'queue.sqlite3'}"
        self.config.write_text(f'database_url = "{self.address}"\n', encoding="utf-8")

    def staff(self, *words: str, typed: str = "") -> Result:
        told = CliRunner().invoke(cli, ["staff", *words, "--config", str(self.config)], input=typed)
        assert PASSWORD not in told.output
        assert ANOTHER not in told.output
        return told

    def add(self, username: str, role: str = "staff", password: str = PASSWORD, name: str = "Lê Thị Hoa") -> Result:
        words = ("add", username, "--name", name, "--role", role, "--password-stdin")
        return self.staff(*words, typed=password + "\n")

    @contextmanager
    def database(self) -> Iterator[Connection]:
        engine = open_engine(self.address)
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def sign_in(self, username: str) -> None:
        """A session, and a password that was mistyped before."""
        with self.database() as connection:
            query = select(tables.staff.c.staff_id).where(tables.staff.c.username == username)
            open_session(connection, connection.execute(query).scalar_one(), MORNING, timedelta(hours=1))
            failure = {"username": username, "failures": 4, "last_at": MORNING}
            connection.execute(insert(tables.sign_in_failure).values(site_id="main", **failure))

    def count(self, table: str) -> int:
        with self.database() as connection:
            counted = select(func.count()).select_from(tables.metadata.tables[table])
            return connection.execute(counted).scalar_one()

    async def opens(self, username: str, password: str) -> bool:
        query = select(tables.staff.c.password_hash).where(
            tables.staff.c.username == username, tables.staff.c.disabled_at.is_(None)
        )
        with self.database() as connection:
            stored = connection.execute(query).scalar()
        return await Passwords(weak=True).matches(password, stored)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_a_first_administrator_is_added_to_a_new_database(house: House) -> None:
    added = house.add("Quản-Trị", "admin", name="Trần Văn Minh")
    assert (added.exit_code, added.output) == (0, "Quản-Trị may sign in.\n")
    house.add("hoa")
    assert house.staff("list").output.splitlines() == [
        "hoa                  staff  Lê Thị Hoa",
        "quản-trị             admin  Trần Văn Minh",
    ]
    assert await house.opens("quản-trị", PASSWORD)


def test_the_password_is_asked_for_twice_and_not_shown(house: House, caplog: pytest.LogCaptureFixture) -> None:
    words = ("add", "hoa", "--name", "Hoa", "--role", "staff")
    with caplog.at_level(logging.DEBUG):
        assert house.staff(*words, typed=f"{PASSWORD}\nsomething else\n").exit_code == 1
        assert house.staff(*words, typed=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"username": "hoa", "password": "short"}, "password: 10 to 256 characters"),
        ({"username": "hoa", "password": "x" * 257}, "password: 10 to 256 characters"),
        ({"username": "hoa", "password": ""}, "password: 10 to 256 characters"),
        ({"username": "le hoa"}, "username: 1 to 64 characters without spaces"),
        ({"username": "h" * 65}, "username: 1 to 64 characters without spaces"),
        ({"username": "hoa", "name": " "}, "--name: 1 to 200 characters"),
        ({"username": "hoa", "role": "owner"}, "--role: staff or admin"),
    ],
)
def test_what_cannot_be_is_told(house: House, words: dict[str, str], told: str) -> None:
    refused = house.add(**words)
    assert (refused.exit_code, refused.output.strip()) == (1, f"Refused: staff_unusable {told}")


async def test_a_name_in_use_is_not_taken_over(house: House) -> None:
    house.add("hoa")
    refused = house.add("HOA", "admin", ANOTHER)
    assert (refused.exit_code, refused.output.strip()) == (1, "Refused: username_taken hoa")
    assert await house.opens("hoa", PASSWORD)


async def test_a_new_password_ends_sessions_and_forgives_the_mistyped_ones(house: House) -> None:
    house.add("hoa")
    house.sign_in("hoa")
    changed = house.staff("password", "hoa", "--password-stdin", typed=ANOTHER + "\n")
    assert (changed.exit_code, house.count("session"), house.count("sign_in_failure")) == (0, 0, 0)
    assert await house.opens("hoa", ANOTHER)
    assert not await house.opens("hoa", PASSWORD)


async def test_who_is_disabled_is_signed_out_and_may_be_added_again(house: House) -> None:
    house.add("hoa")
    house.add("minh")
    house.sign_in("hoa")
    house.sign_in("minh")
    assert house.staff("disable", "hoa").exit_code == 0
    assert house.count("session") == 1
    assert not await house.opens("hoa", PASSWORD)
    assert house.staff("list").output.splitlines()[0].endswith("Lê Thị Hoa  (disabled)")
    for command in (("disable", "hoa"), ("password", "hoa", "--password-stdin")):
        refused = house.staff(*command, typed=ANOTHER + "\n")
        assert (refused.exit_code, refused.output.strip()) == (1, "Refused: unknown_staff hoa")
    assert house.add("hoa", "admin", ANOTHER).exit_code == 0
    assert await house.opens("hoa", ANOTHER)
    assert house.count("staff") == 2
