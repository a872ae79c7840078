"""``read-card``: a line out for every line in; nothing stops it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date

import pytest

from hardware.scanner.cards import mask, masked_name, read_lines

TODAY = date(2026, 6, 15)


def one(line: bytes) -> dict[str, object]:
    (told,) = read_lines([line], TODAY)
    told.encode("ascii")
    answer: dict[str, object] = json.loads(told)
    return answer


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"\n", "empty"),
        (b"  \r\n", "empty"),
        (b"not json\n", "unrecognised"),
        (b"\xff\xfe\n", "bad_utf8"),
        (b"[" * 60_000, "unrecognised"),
        (b'{"a":' * 9_000, "unrecognised"),
        (b'{"raw": ' + b"1" * 50_000 + b"}", "unrecognised"),
        (b'{"raw": 17}', "unrecognised"),
        (b'{"raw": null, "entry": "scan"}', "unrecognised"),
        (b'{"entry": "scan"}', "unrecognised"),
        (b'["raw"]', "unrecognised"),
        (b'"raw"', "unrecognised"),
        (b"NaN", "unrecognised"),
        (b'{"raw": "001090000017", "entry": "guessed"}', "unrecognised"),
        (b'{"raw": "001090000017", "entry": ["scan"]}', "unrecognised"),
        (b'{"raw": "\\ud800|"}', "bad_utf8"),
        (b'{"raw": "a\\u0000b"}', "control_characters"),
        (b'{"raw": "' + b"x" * 1_000_000 + b'"}', "unrecognised"),
        (b"\x00" * 1_000_000, "unrecognised"),
        (b'{"raw": ""}', "empty"),
    ],
)
def test_hostile_lines(line: bytes, code: str) -> None:
    assert one(line) == {"ok": False, "error": code}


def test_good_lines() -> None:
    assert one(b'{"raw": "001090000017", "entry": "typed"}')["fields"] == {"personal_id": "001090000017"}
    assert one(b'\xef\xbb\xbf{"raw": "001090000017"}\r\n')["warnings"] == ["number_only"]


def test_the_longest_text_with_every_letter_escaped_is_read() -> None:
    name = "ễ" * 3000
    line = json.dumps({"raw": f"001090000017||{name}|17051990|Nam|Hà Nội|20042021"}).encode()
    fields = one(line)["fields"]
    assert isinstance(fields, dict)
    assert fields["full_name"] == name


def test_each_answer_comes_before_the_next_line_is_asked_for() -> None:
    taken: list[int] = []

    def lines() -> Iterator[bytes]:
        for number in range(3):
            taken.append(number)
            yield b"\n"

    answers = read_lines(lines(), TODAY)
    next(answers)
    assert taken == [0]


def test_importing_cards_loads_no_device_library() -> None:
    code = "import sys, hardware.scanner.cards; print({'cv2', 'numpy', 'zxingcpp', 'serial'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_what_an_onlooker_may_see() -> None:
    assert mask("001090000017") == "•••017"
    assert mask("017") == mask("") == "•••"
    assert masked_name("Nguyễn Văn Thử") == "Nguyễn V. T."
    assert masked_name("ĐỖ THỊ  ÁNH") == "ĐỖ T. Á."
    assert masked_name("Thử") == "T."
    assert masked_name("") == ""
