"""A machine without libzbar still reads: one line in the log, zxing-cpp alone."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import logging, sys
logging.basicConfig(level=logging.INFO)
sys.modules["pyzbar"] = None  # importing it fails, as it does without libzbar
from bench.photographs import code_picture
from hardware.scanner.decode import Ladder
ladder = Ladder()
print(*ladder.rungs, ladder.decode(code_picture("Nguyễn")).payload.decode())
ladder.close()
"""


def test_reading_goes_on_without_libzbar() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", CODE], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["zxing", "zxing_double", "zxing_sharp", "zxing_soft", "Nguyễn"]
    assert done.stderr.count("scanner.zbar_missing") == 1
