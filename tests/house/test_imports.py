"""Who may import whom. The dependency rule of the house, so that nobody has to remember it."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house.tree import PACKAGES, PROGRAMS, files, imported, imported_at_once, parsed, source

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "protocol": (),
    "locales": (),
    "theme": (),
    "hardware": ("protocol", "theme"),
    "queue_server": ("protocol", "locales", "theme", "hardware.scanner.cards"),
    "kiosk": ("protocol", "locales", "theme", "hardware"),
    "display": ("protocol", "locales", "theme", "hardware"),
}

PURE = re.compile(
    r"queue_server/domain/.*|queue_server/emr/(mapping|retry)\.py|kiosk/(flow|view|slip)\.py"
    r"|display/(board|view|announcer)\.py|hardware/scanner/cards/.*|hardware/printer/slip\.py"
    r"|protocol/(nouns|requests|frames)\.py|locales/spoken\.py"
)
IO_LIBRARIES = {
    "asyncio", "cv2", "escpos", "fastapi", "httpx", "kivy", "logging", "os", "pathlib", "random", "secrets", "serial",
    "shutil", "socket", "sqlalchemy", "sqlite3", "subprocess", "tempfile", "threading", "time", "websockets",
}  # fmt: skip
READS_CLOCK_OR_CHANCE = re.compile(r"\b(datetime|date)\.(now|utcnow|today)\(|\buuid[14]\(")

AT_HOME: dict[str, str] = {
    "fastapi": r"queue_server/(app\.py|api/.*|web/.*|auth/.*|emr/sandbox.*)",
    "starlette": r"queue_server/(app\.py|api/.*|web/.*|auth/.*|emr/sandbox.*)",
    "sqlalchemy": r"queue_server/(store/.*|usecases/.*|emr/(delivery|sandbox)[a-z_]*\.py)",
    "kivy": r"(kiosk|display)/(app\.py|screens/.*|widgets/.*)|theme/kivy/.*",
    "cv2": r"hardware/scanner/(camera|decode|[a-z_]+)\.py",
    "pyzbar": r"hardware/scanner/[a-z_]+\.py",
    "zxingcpp": r"hardware/scanner/[a-z_]+\.py",
    "escpos": r"hardware/printer/[a-z_]+\.py",
    "serial": r"hardware/(scanner|printer)/[a-z_]+\.py",
    "pyttsx3": r"hardware/speaker/[a-z_]+\.py",
    "espeakng_loader": r"hardware/speaker/[a-z_]+\.py",
    "fhir": r"queue_server/emr/.*",
}
OPENED_WHEN_USED = {"cv2", "pyzbar", "zxingcpp", "escpos", "serial", "pyttsx3", "espeakng_loader", "usb"}


def ours(name: str) -> bool:
    return name.split(".")[0] in PACKAGES


def allowed(name: str, owner: str) -> bool:
    return any(name == base or name.startswith(base + ".") or base.startswith(name + ".") for base in MAY_IMPORT[owner])


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_they_may(package: str) -> None:
    wrong = [
        f"{path} imports {name}"
        for path in files(package)
        for name in imported(path)
        if ours(name) and name.split(".")[0] != package and not allowed(name, package)
    ]
    assert wrong == []


def test_the_programs_never_import_each_other() -> None:
    wrong = [
        f"{path} imports {name}"
        for program in PROGRAMS
        for path in files(program)
        for name in imported(path)
        if name.split(".")[0] in PROGRAMS and name.split(".")[0] != program
    ]
    assert wrong == []


def test_pure_files_import_no_io_library() -> None:
    wrong = [
        f"{path} imports {name}"
        for path in files()
        if PURE.fullmatch(path)
        for name in imported(path)
        if name.split(".")[0] in IO_LIBRARIES and not path.endswith("cards/lines.py")
    ]
    assert wrong == []


def test_pure_files_are_told_the_time_and_the_ids() -> None:
    """Time and ids are arguments: a decision that reads the clock cannot be replayed from the journal."""
    wrong = [
        f"{path}:{source(path)[: match.start()].count(chr(10)) + 1} {match[0]}"
        for path in files()
        if PURE.fullmatch(path) and path != "protocol/requests.py"
        for match in READS_CLOCK_OR_CHANCE.finditer(source(path))
    ]
    assert wrong == []


@pytest.mark.parametrize("library", sorted(AT_HOME))
def test_each_library_stays_at_home(library: str) -> None:
    home = re.compile(AT_HOME[library])
    wrong = [
        path
        for path in files()
        if not home.fullmatch(path) and any(name.split(".")[0] == library for name in imported(path))
    ]
    assert wrong == []


def test_device_libraries_are_imported_when_a_device_is_opened() -> None:
    """A kiosk without a printer library must still start, and `read-card` must not load OpenCV."""
    wrong = [
        f"{path} imports {name}"
        for path in files()
        for name in imported_at_once(path)
        if name.split(".")[0] in OPENED_WHEN_USED
    ]
    assert wrong == []


def test_nothing_is_left_to_be_done() -> None:
    wrong = [
        path
        for path in files()
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", source(path))
        or any(isinstance(node, ast.Name) and node.id == "NotImplementedError" for node in ast.walk(parsed(path)))
    ]
    assert wrong == []
