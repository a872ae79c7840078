from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import logging
from hardware.printer.library import silent_printer
silent_printer(576)
print(len(logging.getLogger().handlers))
"""


def run(home: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "ESCPOS_CAPABILITIES_PICKLE_DIR"}
    environment["XDG_CACHE_HOME"] = str(home)
    environment["TMPDIR"] = str(home / "tmp")
    (home / "tmp").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, env=environment, check=True, timeout=60
    )
    return done.stdout.strip()


def test_pickles_are_kept_in_one_private_place_and_no_log_handler_is_left(tmp_path: Path) -> None:
    assert run(tmp_path) == "0"
    folder = tmp_path / "denluot" / "escpos"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(list(folder.glob("*.pickle"))) == 1


def test_no_temporary_folder_is_left(tmp_path: Path) -> None:
    """The library makes one at each import, also where it is told another: each demo left one behind."""
    run(tmp_path)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_half_a_pickle_is_made_anew(tmp_path: Path) -> None:
    """A power cut while it was written must not keep a kiosk from printing."""
    run(tmp_path)
    pickle = next((tmp_path / "denluot" / "escpos").glob("*.pickle"))
    whole = pickle.read_bytes()
    for half in (b"", whole[: len(whole) // 2]):
        pickle.write_bytes(half)
        assert run(tmp_path) == "0"
        assert pickle.read_bytes() == whole
