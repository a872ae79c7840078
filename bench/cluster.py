"""A PostgreSQL server for one run of measurements or tests, in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text


def programs() -> Path | None:
    """Where this machine keeps PostgreSQL's programs; the newest version wins."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def why_not() -> str | None:
    """Why no cluster can be started here; None when one can."""
    if programs() is None:
        return "no PostgreSQL server under /usr/lib/postgresql"
    if os.geteuid() == 0 and not any(user.pw_name == "postgres" for user in pwd.getpwall()):
        return "running as root and there is no user postgres"
    return None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def cluster(*, durable: bool = True) -> Iterator[str]:
    """The address of a running server, without a database name. It refuses to run as root: then user postgres runs it.

    `durable` = False leaves out the wait for the disk, for tests that do not measure it.
    """
    binaries = programs()
    assert binaries is not None, "ask why_not() first"
    folder = Path(tempfile.mkdtemp(prefix="denluot-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")

    def run(command: str) -> None:
        as_user = ["su", "postgres", "-s", "/bin/sh", "-c"] if os.geteuid() == 0 else ["/bin/sh", "-c"]
        subprocess.run([*as_user, command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    data, port = folder / "data", free_port()
    run(f"{binaries}/initdb -D {data} -A trust -E UTF8 --locale=C.UTF-8 -U postgres")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    options += "" if durable else " -c fsync=off"
    run(f"{binaries}/pg_ctl -D {data} -w -l {folder}/log -o '{options}' start")
    try:
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}"
    finally:
        run(f"{binaries}/pg_ctl -D {data} -m immediate stop")
        shutil.rmtree(folder, ignore_errors=True)


def new_database(address: str) -> str:
    """The address of a new, empty database in this cluster."""
    name = f"denluot_{uuid4().hex}"
    maintenance = create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")
    with maintenance.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    maintenance.dispose()
    return f"{address}/{name}"
