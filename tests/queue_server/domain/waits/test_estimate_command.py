"""`denluot-server estimate`: JSON lines in, an answer to each `ask` at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from queue_server.estimate_command import answers
from tests.queue_server.domain.waits.hospitals import Hospital

ROOT = Path(__file__).parents[4]


def lines(count: int = 400) -> list[str]:
    return [json.dumps(event) for event in Hospital(3, queues=2).one_day(0)[:count]]


def test_each_ask_is_answered_before_the_next_line_is_read() -> None:
    arrived = next(line for line in lines() if '"arrive"' in line)
    event = json.loads(arrived)
    ask = json.dumps({"ev": "ask", "t": event["t"], "ticket": event["ticket"]})
    taken = []

    def source() -> object:
        for line in (lines()[0], arrived, ask, ask):
            taken.append(line)
            yield line

    told = answers(source())  # type: ignore[arg-type]
    answer = json.loads(next(told))
    assert len(taken) == 3
    assert answer["ticket"] == event["ticket"]
    assert 0 <= answer["lo_s"] <= answer["eta_s"] <= answer["hi_s"]


def test_a_bad_line_is_told_and_learning_goes_on() -> None:
    good = lines(5)
    told = list(answers(["{", "[]", "7", "", '{"ev": "arrive"}', '{"ev": "ask"}', *good]))
    assert [json.loads(line)["error"].split(":")[0] for line in told] == ["line 1", "line 2", "line 3", "line 6"]


def test_nobody_waiting_has_a_reason() -> None:
    told = [json.loads(line) for line in answers([b'{"ev": "ask", "t": 1, "ticket": "X"}'])]
    assert told == [{"ticket": "X", "eta_s": 0.0, "lo_s": 0.0, "hi_s": 0.0, "reason": "not_waiting"}]


def test_the_command_answers_a_pipe_that_stays_open() -> None:
    command = [sys.executable, "-m", "queue_server", "estimate"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        arrived = json.loads(next(line for line in lines() if '"arrive"' in line))
        ask = json.dumps({"ev": "ask", "t": arrived["t"], "ticket": arrived["ticket"]})
        process.stdin.write("\n".join((lines()[0], json.dumps(arrived), ask)) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(20) == 0
    assert answer["hi_s"] >= answer["eta_s"] > 0


def test_the_command_starts_light() -> None:
    code = "import sys, queue_server.__main__, queue_server.estimate_command; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert not {"numpy", "fastapi", "sqlalchemy", "pydantic"} & set(run.stdout.split())
