"""A second demo says at once that one is running, and leaves the first one alone."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from script.rehearsal.live import only_one, run
from script.rehearsal.programs import DemoHospital, free_port
from script.rehearsal.report import StepFailed


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_a_second_demo_is_told_where_the_first_one_is_and_touches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It told that it was running, emptied the logs of the first, and died after half a minute."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "server.log").write_text("of the first\n")
    port = free_port()
    with only_one(tmp_path, port):
        before = tree(tmp_path)
        assert await run(tmp_path, free_port()) == 1
        assert tree(tmp_path) == before
    told = capsys.readouterr().out
    assert f"A demo is running already: http://127.0.0.1:{port}/staff" in told
    assert "Starting" not in told
    with only_one(tmp_path, port):  # the first has ended
        pass


async def test_a_port_that_somebody_else_has_is_told_before_anything_is_begun(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert await run(tmp_path, port) == 1
        with pytest.raises(StepFailed, match=f"Port {port} cannot be used"), only_one(tmp_path, port):
            pass
    assert f"Port {port} cannot be used" in capsys.readouterr().out
    assert list(tree(tmp_path)) == [str(tmp_path / "running")]


async def test_the_log_that_tells_the_demos_password_is_its_owners_only(tmp_path: Path) -> None:
    hospital, log = DemoHospital(tmp_path, free_port(), "test-password-1", "test-token-1"), tmp_path / "demo-data.log"
    log.write_text("of an earlier run")
    log.chmod(0o644)
    await hospital.furnish(log)
    assert "test-password-1" in log.read_text(encoding="utf-8")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
