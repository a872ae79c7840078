"""The main job, from a card in front of the camera to the record system, as `script/demo --once` runs it."""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from PIL import Image

from hardware.printer.paper import interpret
from tests.house.tree import ROOT

pytestmark = [pytest.mark.screen, pytest.mark.timeout(280)]


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "out"
    command = [sys.executable, "-m", "script.rehearsal", "--once", "--out", str(out)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    return out


def test_every_step_went_well(proof: Path) -> None:
    summary = json.loads((proof / "summary.json").read_text(encoding="utf-8"))
    assert summary["ok"]
    assert [step["name"] for step in summary["steps"] if not step["ok"]] == []
    assert len(summary["steps"]) >= 14


def test_pictures_are_whole_screens(proof: Path) -> None:
    screens = sorted((proof / "kiosk").glob("*.png"))
    assert len(screens) >= 5
    for path in [*screens, proof / "board.png"]:
        with Image.open(path) as picture:
            assert picture.size == ((1920, 1080) if path.name == "board.png" else (1080, 1920))
            colours = picture.convert("RGB").getcolors(1_000_000)
            assert colours is not None
            assert len(colours) > 100  # drawn, not blank


def test_the_ticket_is_what_the_bytes_print(proof: Path) -> None:
    printed = interpret((proof / "ticket.escpos").read_bytes()).picture()
    with Image.open(proof / "ticket.png") as shown:
        assert printed.tobytes() == shown.convert("1").tobytes()
    assert printed.width == 576


def test_the_call_is_audible(proof: Path) -> None:
    sounds = list((proof / "voice").glob("*.wav"))
    assert sounds
    for path in sounds:
        with wave.open(str(path)) as sound:
            assert 2 < sound.getnframes() / sound.getframerate() < 20


def test_the_record_system_has_the_person_and_the_visit(proof: Path) -> None:
    patient = json.loads((proof / "fhir-patient.json").read_text(encoding="utf-8"))
    encounter = json.loads((proof / "fhir-encounter.json").read_text(encoding="utf-8"))
    assert patient["name"][0]["text"] == "Nguyễn Văn Thử"
    assert patient["birthDate"] == "1990-05-17"
    assert encounter["subject"]["reference"] == f"Patient/{patient['id']}"


def test_no_log_holds_personal_data(proof: Path) -> None:
    for path in (proof / "logs").glob("*.log"):
        text = path.read_text(encoding="utf-8")
        assert "001090000017" not in text
        assert "Nguyễn" not in text
