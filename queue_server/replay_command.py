"""`denluot-server replay`: the waits that a recorded day would have had under another policy."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from pydantic import ValidationError

from protocol.policy import POLICY, Policy
from queue_server.domain.day_figures import comparison, figures
from queue_server.domain.recorded_day import UnusableDay, read_day
from queue_server.domain.rerun import rerun
from queue_server.errors import CannotUse
from queue_server.journal_lines import read_journal

LONGEST_POLICY = 64 * 1024


def replay(journal: Path, policy_file: Path) -> list[str]:
    """Lines for people. Raises CannotUse ``journal_unusable``, ``policy_unusable``, ``file_unusable``."""
    policy = read_policy(policy_file)
    told = read_journal(journal)
    try:
        day = read_day(told)
    except UnusableDay as fault:
        where = f"seq {fault.seq}:" if fault.seq else ""
        raise CannotUse("journal_unusable", where=where, what=str(fault)) from fault
    lines = comparison(figures(day.waits), figures(rerun(day, policy)), policy.rule)
    if day.never_called:
        lines.append(f"left out of both: {day.never_called} waits that ended without a call")
    return lines


def read_policy(file: Path) -> Policy:
    """A policy (docs/policies.md) as TOML or, in a file named ``.json``, as JSON.

    Raises CannotUse ``policy_unusable`` with the first mistake, ``file_unusable``.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(LONGEST_POLICY + 1)
    except OSError as fault:
        raise CannotUse("file_unusable", file=str(file), why=f"({type(fault).__name__})") from fault
    if len(raw) > LONGEST_POLICY:
        raise CannotUse("policy_unusable", what=f"longer than {LONGEST_POLICY} bytes")
    try:
        text = raw.decode()
        return POLICY.validate_python(json.loads(text) if file.suffix == ".json" else tomllib.loads(text))
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "policy"
        raise CannotUse("policy_unusable", what=f"{where}: {first['msg']}") from None
    except (ValueError, RecursionError) as fault:
        raise CannotUse("policy_unusable", what=f"cannot be read ({type(fault).__name__})") from None
