"""The commands, as a person types them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hardware.speaker.sound import from_wav

ROOT = Path(__file__).resolve().parents[2]


def display(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "display", *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_say_prints_the_words() -> None:
    ran = display("say", "A012", "--room", "25", "--words")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "Mời bệnh nhân có số thứ tự A không một hai, vào phòng số hai mươi lăm.\n"


def test_say_writes_a_file(tmp_path: Path) -> None:
    out = tmp_path / "call.wav"
    ran = display("say", "A012", "--room", "5", "--lang", "en", "--out", str(out), folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    sound = from_wav(out.read_bytes())
    assert sound is not None
    assert 4.0 < sound.seconds < 9.0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["call.wav"]


def test_what_cannot_be_said_is_told_in_a_sentence() -> None:
    for arguments in (("→", "--room", "5"), ("A012", "--room", "5", "--lang", "km")):
        ran = display("say", *arguments)
        assert ran.returncode == 2
        assert ran.stderr.strip()
        assert "Traceback" not in ran.stderr


def test_say_and_a_device_that_only_speaks_do_not_load_kivy(tmp_path: Path) -> None:
    code = (
        "import sys, display.__main__, display.say, display.app; "
        "from display.settings import DisplaySettings; "
        "display.app.build(DisplaySettings(screen=False, key='k', speaker='fake:')); "
        "sys.exit('kivy' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_a_display_without_a_key_says_what_to_do(tmp_path: Path) -> None:
    ran = display("run", "--no-screen", folder=tmp_path)
    assert ran.returncode == 2
    assert "pair this device first" in ran.stderr


def test_settings_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    (tmp_path / "display.toml").write_text("colour = 1\n")
    ran = display("run", "--config", "display.toml", folder=tmp_path)
    assert ran.returncode == 2
    assert "colour: no such setting" in ran.stderr


def test_pairing_tells_when_the_server_is_away_or_the_code_is_none(tmp_path: Path) -> None:
    ran = display("pair", "123456", "--server", "http://127.0.0.1:9", folder=tmp_path)
    assert ran.returncode == 2
    assert "does not answer" in ran.stderr
    ran = display("pair", "12", folder=tmp_path)
    assert ran.returncode == 2
    assert "six digits" in ran.stderr
