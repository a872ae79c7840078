"""Nothing is opened, read or started at import: `build(settings)` is where a program first touches the world."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.house.tree import ROOT, files

WATCHED = """
import importlib, json, os, sys
seen, at_home = [], os.path.realpath(".")
def hook(event, arguments):
    if event in {"socket.connect", "socket.bind", "subprocess.Popen", "sqlite3.connect", "os.mkdir", "os.remove"}:
        seen.append(event)
    elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        seen.append(f"open {arguments[0]}")
sys.dont_write_bytecode = True
sys.addaudithook(hook)
result = {}
for name in sys.argv[1:]:
    before = len(seen)
    importlib.import_module(name)
    if len(seen) > before:
        result[name] = seen[before:]
print(json.dumps(result))
"""


def modules() -> list[str]:
    """Every module of ours but those that import Kivy's widgets, some of which open the window when imported."""
    drawn = ("/screens/", "/widgets/", "theme/kivy/widgets", "theme/kivy/pilot", "kiosk/app", "display/app")
    return [
        path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for path in files()
        if not any(part in path for part in drawn) and "/migrations/" not in path
    ]


def test_importing_touches_nothing() -> None:
    run = subprocess.run(
        [sys.executable, "-c", WATCHED, *modules()], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert json.loads(run.stdout.splitlines()[-1]) == {}


def test_reading_cards_from_the_command_line_stays_light() -> None:
    """`denluot-server read-card` answers at once: it loads neither web framework nor OpenCV."""
    code = "import sys, queue_server.__main__, hardware.scanner.cards; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert not {"cv2", "numpy", "fastapi", "sqlalchemy", "kivy"} & set(run.stdout.split())
