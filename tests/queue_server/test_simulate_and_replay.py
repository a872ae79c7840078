"""A small simulated day through the real use cases, left as a journal, and played again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from protocol.frames import PolicyChanged, TicketIssued
from protocol.policy import Capped, FirstCome, OneInN, Policy
from queue_server.__main__ import cli
from queue_server.domain.recorded_day import Told, read_day, rooms_of_pools
from queue_server.domain.rerun import call_order, rerun
from queue_server.domain.waits.accuracy import accuracy
from queue_server.errors import CannotUse
from queue_server.journal_lines import LONGEST_LINE, read_journal, told_in, write_journal
from queue_server.replay_command import read_policy, replay
from queue_server.simulate_command import DAY, simulate, simulated_journal

PEOPLE = 60


@pytest.fixture(scope="module")
def told() -> list[Told]:
    progress: list[str] = []
    day = simulated_journal(PEOPLE, 7, None, progress.append)
    assert progress[-1].startswith("16:00  60 of 60 came")
    return day


def test_everyone_is_issued_and_called(told: list[Told]) -> None:
    assert [line.seq for line in told] == list(range(1, len(told) + 1))
    day = read_day(told)
    assert sum(isinstance(line.frame, TicketIssued) for line in told) == PEOPLE
    assert {wait.entry.entry_id for wait in day.waits} == {
        line.frame.entry.entry_id for line in told if isinstance(line.frame, TicketIssued)
    }
    assert day.never_called == 0


def test_the_same_seed_gives_the_same_journal_and_another_one_does_not(told: list[Told]) -> None:
    assert simulated_journal(PEOPLE, 7, None, str) == told
    assert simulated_journal(PEOPLE, 8, None, str) != told


def test_the_same_policy_repeats_the_recorded_order(told: list[Told]) -> None:
    day = read_day(told)
    assert call_order(rerun(day, Capped())) == call_order(day.waits)


def test_a_policy_can_be_tried() -> None:
    told = simulated_journal(PEOPLE, 3, OneInN(n=2), str)
    assert any(isinstance(line.frame, PolicyChanged) for line in told)
    day = read_day(told)
    assert call_order(rerun(day, OneInN(n=2))) == call_order(day.waits)


@pytest.mark.parametrize("policy", [Capped(), FirstCome()])
def test_a_pooled_day_is_repeated_too(policy: Policy) -> None:
    """Room, number and moment of every call; and the pool is one line: who came first is called first, wherever."""
    day = read_day(simulated_journal(240, 7, policy, str, pooled=["general", "heart"]))
    rooms = rooms_of_pools(day.waits)
    assert {service_id: len(those) > 1 for service_id, those in rooms.items()} == {"general": True, "heart": True}
    assert call_order(rerun(day, policy)) == call_order(day.waits)
    assert [wait.waited for wait in rerun(day, policy)] == [wait.waited for wait in day.waits]
    first_come = [wait for wait in rerun(day, FirstCome()) if wait.entry.pooled and wait.entry.service_id == "general"]
    assert first_come == sorted(first_come, key=lambda wait: wait.joined)


def test_the_commands_leave_and_read_a_journal(tmp_path: Path) -> None:
    run = CliRunner().invoke(cli, ["simulate", "--patients", "20", "--seed", "5", "--out", str(tmp_path / "day")])
    assert run.exit_code == 0, run.output
    assert "20 people, seed 5" in run.output
    policy = tmp_path / "policy.toml"
    policy.write_text('rule = "first_come"\n', encoding="utf-8")
    again = CliRunner().invoke(cli, ["replay", str(tmp_path / "day" / "journal.jsonl"), "--policy", str(policy)])
    assert again.exit_code == 0, again.output
    assert "recorded" in again.output
    assert "0 times with first_come" in again.output


def test_bad_options_are_refused_plainly(tmp_path: Path) -> None:
    for words in (["--patients", "0"], ["--patients", "20001"], ["--seed", "-1"], ["--policy", str(tmp_path / "no")]):
        run = CliRunner().invoke(cli, ["simulate", *words])
        assert run.exit_code in (1, 2)
        assert "Traceback" not in run.output
        assert run.exception is None or isinstance(run.exception, SystemExit)
    a_file = tmp_path / "file"
    a_file.touch()
    with pytest.raises(CannotUse, match="file_unusable"):
        simulate(10, 1, None, a_file, str)


def test_a_journal_is_never_written_over(tmp_path: Path, told: list[Told]) -> None:
    file = tmp_path / "deep" / "journal.jsonl"
    assert write_journal(file, told) == len(told)
    assert read_journal(file) == told
    with pytest.raises(CannotUse, match="file_unusable"):
        write_journal(file, told)


# --- hostile files ---------------------------------------------------------------------------------------------------

GOOD = {"seq": 1, "at": "2026-11-20T00:03:07Z", "frame": {"type": "policy_changed"}}


def line(**changes: object) -> bytes:
    return json.dumps(GOOD | changes).encode()


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (b"not json", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "model_type"),
        (b"null", "model_type"),
        (line(seq=0), "seq: greater_than_equal"),
        (line(seq="2"), "seq: int_type"),
        (line(seq=10**30), "seq:"),
        (line(seq=1), "seq 1 after 1"),
        (line(at="2026-11-20T00:03:07"), "at: timezone_aware"),
        (line(at="yesterday"), "at: "),
        (line(seq=2, at="9999-12-31T23:59:59Z"), "at: not between"),
        (line(frame={"type": "nothing_known"}), "frame: union_tag_invalid"),
        (line(frame={"type": "ticket_issued"}), "missing"),
        (line(more=1), "more: extra_forbidden"),
    ],
)
def test_a_hostile_line_is_named(bad: bytes, what: str) -> None:
    with pytest.raises(CannotUse, match="journal_unusable") as refused:
        list(told_in([line(), b"", bad]))
    assert refused.value.detail["line"] == "line 3:"
    assert what in refused.value.detail["what"]


@given(st.lists(st.one_of(st.binary(max_size=60), st.just(line())), max_size=5))
def test_any_bytes_are_read_or_refused(lines: list[bytes]) -> None:
    try:
        list(told_in(lines))
    except CannotUse as refused:
        assert refused.code == "journal_unusable"


def test_an_endless_line_is_not_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    file.write_bytes(line() + b"\n" + b" " * (LONGEST_LINE + 5))
    with pytest.raises(CannotUse) as refused:
        read_journal(file)
    assert refused.value.detail == {"line": "line 2:", "what": f"longer than {LONGEST_LINE} bytes"}
    with pytest.raises(CannotUse, match="file_unusable"):
        read_journal(tmp_path / "none")


def test_an_empty_journal_is_refused(tmp_path: Path) -> None:
    journal, policy = tmp_path / "journal.jsonl", tmp_path / "policy.json"
    journal.touch()
    policy.write_text('{"rule": "strict"}', encoding="utf-8")
    with pytest.raises(CannotUse, match="journal_unusable") as refused:
        replay(journal, policy)
    assert refused.value.detail["what"] == "the journal is empty"


def test_policies_are_read_strictly(tmp_path: Path) -> None:
    good = tmp_path / "good.toml"
    good.write_text('rule = "first_come"', encoding="utf-8")
    assert read_policy(good) == FirstCome()
    for name, text in (
        ("a.toml", "rule = "),
        ("b.toml", 'rule = "fastest"'),
        ("c.toml", 'rule = "one_in_n"\nm = 3'),
        ("d.json", "[" * 50_000),
        ("e.json", '{"rule": "one_in_n", "n": 1}'),
        ("f.toml", "#" * 70_000),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(CannotUse, match="policy_unusable"):
            read_policy(tmp_path / name)


def test_days_before_teach_waits_that_hold_about_as_often_as_they_claim() -> None:
    """Figures of larger days stand in docs/waits.md; here only that what is learned is worth more than nothing."""
    thumb, learned = (accuracy(DAY, simulated_journal(450, 11, None, str, days)) for days in (1, 3))
    assert thumb.everyone is not None
    assert learned.everyone is not None
    assert thumb.learned == 0
    assert learned.learned > 350
    assert learned.everyone.held is not None
    assert 0.65 <= learned.everyone.held <= 0.97
    assert learned.everyone.error_minutes < 0.8 * thumb.everyone.error_minutes
    assert learned.everyone.kept > thumb.everyone.kept


def test_the_command_measures_the_waits_that_it_tells() -> None:
    run = CliRunner().invoke(cli, ["simulate", "--patients", "40", "--seed", "5", "--days", "2", "--pooled", "general"])
    assert run.exit_code == 0, run.output
    assert "waits as they were told:" in run.output
    assert "2026-11-19:" in run.output
