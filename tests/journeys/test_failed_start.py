"""A server that does not answer in time is ended: it would else keep its port, and the next start would fail too."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from script.rehearsal.programs import DemoHospital, free_port
from script.rehearsal.report import StepFailed


class NeverHeard(DemoHospital):
    """Asks for an answer where nobody is."""

    @property
    def address(self) -> str:
        return "http://127.0.0.1:9"


async def test_a_server_that_does_not_answer_is_not_left_behind(tmp_path: Path) -> None:
    hospital = NeverHeard(tmp_path, free_port(), "test-password-1", "test-token-1", answers_within_s=4.0)
    await hospital.furnish(tmp_path / "furnish.log")
    with pytest.raises(StepFailed):
        await hospital.serve(tmp_path / "server.log")
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", hospital.port), timeout=2):
        pass
