"""python-escpos, imported when it is first needed and kept from leaving things behind.

Measured with 3.1: the import takes 0.5 to 1.2 s, writes a pickle of its capabilities into a new temporary directory at
every start unless it is given one (and makes that directory even then), gives the root logger a handler, and its
default profile prints a warning on standard output with every picture.
"""

from __future__ import annotations

import importlib
import logging
import os
import pickle
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

PICKLES = "ESCPOS_CAPABILITIES_PICKLE_DIR"
_importing = threading.Lock()


def printers() -> Any:
    """The module ``escpos.printer``, whose drivers are not typed."""
    with _importing:
        _keep_pickles_private()
        handlers = list(logging.getLogger().handlers)
        try:
            with _no_folder_left():
                return _import()
        finally:
            for handler in set(logging.getLogger().handlers) - set(handlers):
                logging.getLogger().removeHandler(handler)


def printer_profile(width: int) -> Any:
    """The library's profile for a printer `width` dots wide: it refuses wider pictures and prints no warnings."""
    capabilities = importlib.import_module("escpos.capabilities") if printers() else None
    profile: Any = capabilities.Profile()  # type: ignore[union-attr]
    profile.profile_data = {**profile.profile_data, "media": {"width": {"pixels": width}}}
    return profile


def silent_printer(width: int) -> Any:
    """The library's printer that only collects bytes."""
    return printers().Dummy(profile=printer_profile(width))


def _import() -> Any:
    try:
        return importlib.import_module("escpos.printer")
    except (EOFError, pickle.UnpicklingError):
        # A power cut left half a pickle. It is only a cache.
        for half in Path(os.environ[PICKLES]).glob("*.capabilities.pickle"):
            half.unlink(missing_ok=True)
        return importlib.import_module("escpos.printer")


def _keep_pickles_private() -> None:
    """Unpickling runs what the file says, so nobody else may write there. Without such a place it makes its own."""
    if os.environ.get(PICKLES):
        return
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "denluot" / "escpos"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    except (OSError, RuntimeError):
        return
    os.environ[PICKLES] = str(folder)


@contextmanager
def _no_folder_left() -> Iterator[None]:
    """Takes away the empty temporary directories that this thread makes inside; other threads keep theirs."""
    make, me, made = tempfile.mkdtemp, threading.get_ident(), list[str]()

    def noted(*arguments: Any, **named: Any) -> str:
        folder = str(make(*arguments, **named))
        if threading.get_ident() == me:
            made.append(folder)
        return folder

    tempfile.mkdtemp = noted  # type: ignore[assignment]
    try:
        yield
    finally:
        tempfile.mkdtemp = make
        for folder in made:
            with suppress(OSError):  # not empty: the library's pickle is in it
                Path(folder).rmdir()


def not_found() -> type[Exception]:
    """What the library raises when it cannot open a device."""
    printers()
    error: type[Exception] = importlib.import_module("escpos.exceptions").DeviceNotFoundError
    return error
