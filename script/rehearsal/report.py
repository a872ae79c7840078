"""What an unattended run tells: each step with its time on the terminal, and all of it in ``summary.json``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class StepFailed(Exception):
    """A step did not do what it should. ``str()`` says what was seen instead."""


@dataclass
class Step:
    name: str
    ok: bool = False
    seconds: float = 0.0
    detail: str = ""


@dataclass
class Report:
    """Collects steps and figures; `write` makes ``summary.json`` of them, whatever happened."""

    folder: Path
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    steps: list[Step] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """One step. An exception inside marks it as failed and goes on."""
        step = Step(name)
        self.steps.append(step)
        begun = time.monotonic()
        try:
            yield step
            step.ok = True
        except Exception as error:  # told here, then handed on: the run ends with it
            step.detail = f"{type(error).__name__}: {error}"
            raise
        finally:
            step.seconds = round(time.monotonic() - begun, 3)
            mark = "ok  " if step.ok else "FAIL"
            print(f"{mark} {step.seconds:7.2f} s  {name}" + (f": {step.detail}" if step.detail else ""), flush=True)

    @property
    def ok(self) -> bool:
        return bool(self.steps) and all(step.ok for step in self.steps)

    def write(self) -> None:
        files = sorted(path for path in self.folder.rglob("*") if path.is_file() and path.name != "summary.json")
        summary = {
            "ok": self.ok,
            "started_at": self.started_at.isoformat(),
            "seconds": round((datetime.now(UTC) - self.started_at).total_seconds(), 3),
            "steps": [vars(step) for step in self.steps],
            "figures": self.figures,
            "files": {str(path.relative_to(self.folder)): path.stat().st_size for path in files},
        }
        text = json.dumps(summary, ensure_ascii=False, indent=2) + "\n"
        (self.folder / "summary.json").write_text(text, encoding="utf-8")
