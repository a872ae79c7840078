"""What a printer's status bytes mean (ESC/POS command reference: DLE EOT and GS r). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from protocol.nouns import HealthState

PRINTER, OFFLINE_CAUSE, ERROR_CAUSE, PAPER = 1, 2, 3, 4
"""The n of DLE EOT n."""

FENCE = b"\x1dr\x01"
"""GS r 1: unlike DLE EOT it waits its turn, so its answer means that everything before it was printed."""

CODES: dict[str, HealthState] = {
    "ok": "ok",
    "cannot_ask": "ok",
    "paper_low": "warning",
    "offline": "away",
    "unplugged": "away",
    "no_answer": "away",
    "cover_open": "away",
    "overheated": "away",
    "closed": "away",
    "paper_out": "fault",
    "cutter_jam": "fault",
    "printer_error": "fault",
    "not_permitted": "fault",
    "no_usb_library": "fault",
}
"""Every code that a printer can have, and how bad it is: `away` comes back by itself or by closing a lid, `fault` needs
staff. ``cannot_ask`` is a printer that prints but answers no question."""

_PRINTS = frozenset({"ok", "paper_low", "cannot_ask"})


def question(n: int) -> bytes:
    return bytes((0x10, 0x04, n))


def is_answer(byte: int) -> bool:
    """An answer to DLE EOT has bits 1 and 4 set, bits 0 and 7 not; anything else on the line is not one."""
    return byte & 0b1001_0011 == 0b0001_0010


def is_fence_answer(byte: int) -> bool:
    """An answer to GS r has bits 4 and 7 not set."""
    return byte & 0b1001_0000 == 0


def error_to_ask(answers: Mapping[int, int]) -> bool:
    """The second answer says there is an error whose cause the third question tells."""
    return bool(answers.get(OFFLINE_CAUSE, 0) & 0b0100_0000)


def named(answers: Mapping[int, int]) -> str:
    """The one code for these answers (by n of DLE EOT), the most useful first: an open cover hides the paper."""
    printer, offline = answers.get(PRINTER, 0), answers.get(OFFLINE_CAUSE, 0)
    error, paper = answers.get(ERROR_CAUSE, 0), answers.get(PAPER, 0)
    rules = (
        (offline & 0b0000_0100, "cover_open"),
        (paper & 0b0110_0000 or offline & 0b0010_0000, "paper_out"),
        (error & 0b0000_1000, "cutter_jam"),
        (error & 0b0100_0000, "overheated"),
        (error & 0b0010_0100 or offline & 0b0100_0000, "printer_error"),
        (printer & 0b0000_1000, "offline"),
        (paper & 0b0000_1100, "paper_low"),
    )
    return next((code for bits, code in rules if bits), "ok")


def can_print(code: str) -> bool:
    return code in _PRINTS
