"""``decode IMAGE...``: one answer for each file, whatever it is."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import cv2

from bench.photographs import code_picture, photograph
from hardware.scanner.stills import MOST_BYTES, decode_images

CARD = "001090000017|012000001|Nguyễn Văn Thử|17051990|Nam|Hà Nội|20042021"


def test_pictures_of_codes(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a card.png", "thẻ.jpg", "photo.webp")]
    cv2.imencode(".png", code_picture(CARD))[1].tofile(files[0])
    cv2.imencode(".jpg", photograph(CARD))[1].tofile(files[1])
    cv2.imencode(".webp", photograph(CARD, seed=2))[1].tofile(files[2])
    answers = list(decode_images(files))
    assert [answer["file"] for answer in answers] == [str(file) for file in files]
    for answer in answers:
        assert answer["payload"] == CARD
        assert answer["decoder"]
        assert isinstance(answer["ms"], float)
        assert "error" not in answer
        json.dumps(answer)


def test_no_code(tmp_path: Path) -> None:
    file = tmp_path / "wall.png"
    cv2.imencode(".png", code_picture(CARD)[:, :20])[1].tofile(file)
    (answer,) = decode_images([file])
    assert (answer["payload"], answer["decoder"], "error" in answer) == (None, None, False)


def test_a_code_that_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "bytes.png"
    cv2.imencode(".png", code_picture(b"\xff\xfe\x00\x93"))[1].tofile(file)
    (answer,) = decode_images([file])
    assert (answer["payload"], answer["error"]) == (None, "not_utf8")


def test_two_different_codes(tmp_path: Path) -> None:
    file = tmp_path / "two.png"
    one, other = code_picture(CARD), code_picture(CARD.replace("Thử", "Mẫu"))
    cv2.imencode(".png", cv2.hconcat([one, other]))[1].tofile(file)
    (answer,) = decode_images([file])
    assert (answer["payload"], answer["decoder"], answer["error"]) == (None, None, "multiple_payloads")


def claimed(width: int, height: int) -> bytes:
    """The head of a PNG of any size, in a few bytes."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = b"IDAT" + zlib.compress(b"\x00" * 100)
    chunks = (
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in (head, body)
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    whole = cv2.imencode(".png", code_picture(CARD))[1].tobytes()
    contents = {
        "empty.png": b"",
        "text.png": b"xin ch\xc3\xa0o",
        "zeros.jpg": b"\x00" * 10_000,
        "cut.png": whole[: len(whole) // 2],
        "huge.png": claimed(9_000, 9_000),
        "bomb.png": claimed(60_000, 60_000),
        "large.png": b"\x00" * (MOST_BYTES + 1),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    paths = [*(str(tmp_path / name) for name in contents), str(tmp_path), str(tmp_path / "nowhere.png"), "nul\x00.png"]
    answers = {Path(str(answer["file"])).name: answer for answer in decode_images(paths)}
    assert len(answers) == len(paths)
    assert all(answer["payload"] is None for answer in answers.values())
    errors = {name: answer.get("error") for name, answer in answers.items()}
    assert errors.pop("cut.png") in (None, "not_a_picture")
    assert errors == {
        "empty.png": "not_a_picture",
        "text.png": "not_a_picture",
        "zeros.jpg": "not_a_picture",
        "huge.png": "too_large",
        "bomb.png": "too_large",
        "large.png": "too_large",
        tmp_path.name: "missing",
        "nowhere.png": "missing",
        "nul\x00.png": "missing",
    }
