"""Pictures to exact bytes: Vietnamese without a declared character set, and codes that are hard to see."""

from __future__ import annotations

import random
from typing import Any

import cv2
import numpy as np
import pytest

from bench.photographs import SPOILT, code_picture, photograph, random_card, random_name
from hardware.scanner.cards.refusal import CardRefused
from hardware.scanner.decode import Ladder, VideoLadder, as_grey
from hardware.scanner.zbar import ZBar

RUNGS = ("zxing", "zxing_double", "zxing_sharp", "zxing_soft", "zbar")


@pytest.fixture(scope="module")
def ladder() -> Any:
    made = Ladder()
    yield made
    made.close()


def test_both_libraries_are_in_the_ladder(ladder: Ladder) -> None:
    assert tuple(ladder.rungs) == RUNGS


@pytest.mark.parametrize("declared", [False, True])
@pytest.mark.parametrize("rung", ["zxing", "zbar"])
def test_two_hundred_names_come_out_exactly(ladder: Ladder, rung: str, declared: bool) -> None:
    """Plain ``pyzbar.decode`` corrupted 73 % of bare names: it guessed Shift-JIS and Big5."""
    chance = random.Random(f"{rung} {declared}")
    for _ in range(200):
        name = random_name(chance)
        grey = as_grey(code_picture(name, declared=declared))
        assert grey is not None
        assert ladder.rungs[rung](grey) == name.encode()


@pytest.mark.parametrize("rung", ["zxing", "zbar"])
def test_bytes_that_are_no_text_stay_as_they_are(ladder: Ladder, rung: str) -> None:
    payload = b"\x93\xff\x00\x1b@abc\xc3"
    grey = as_grey(code_picture(payload))
    assert grey is not None
    assert ladder.rungs[rung](grey) == payload


@pytest.mark.parametrize("kind", sorted(SPOILT))
def test_spoilt_pictures_are_read(ladder: Ladder, kind: str) -> None:
    card = random_card(random.Random(kind)).encode()
    found = ladder.decode(SPOILT[kind](photograph(card, seed=3, share=0.7)))
    assert found is not None
    assert found.payload == card
    assert found.decoder in RUNGS
    assert found.ms > 0


def test_a_later_rung_reads_what_the_first_cannot(ladder: Ladder) -> None:
    card = random_card(random.Random(1)).encode()
    later = 0
    for sigma in (3.6, 4.0, 4.4, 4.8, 5.2):
        picture = cv2.GaussianBlur(photograph(card, seed=1, share=0.6), (0, 0), sigma)
        grey = as_grey(picture)
        assert grey is not None
        found = ladder.decode(picture)
        if found is not None and ladder.rungs["zxing"](grey) is None:
            assert found.payload == card
            assert found.decoder in RUNGS[1:]
            later += 1
    assert later


def test_barcode_of_the_old_card(ladder: Ladder) -> None:
    import zxingcpp

    made = zxingcpp.write_barcode_to_image(
        zxingcpp.create_barcode("001090000017", zxingcpp.BarcodeFormat.Code128), scale=3
    )
    bars = cv2.copyMakeBorder(np.array(made), 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=255)
    assert ladder.rungs["zxing"](bars) == b"001090000017"
    assert ladder.rungs["zbar"](bars) == b"001090000017"


@pytest.mark.parametrize("layers", [1, 3, 4])
def test_grey_colour_and_alpha(ladder: Ladder, layers: int) -> None:
    grey = as_grey(code_picture("Nguyễn"))
    assert grey is not None
    found = ladder.decode(np.dstack([grey] * layers))
    assert found is not None
    assert found.payload == "Nguyễn".encode()


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"no picture",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 40,
        np.zeros((0, 0), np.uint8),
        np.zeros((1, 1), np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((480, 640), np.uint8),
        np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8),
    ],
)
def test_no_code_is_no_answer(ladder: Ladder, picture: Any) -> None:
    assert ladder.decode(picture) is None


def test_video_takes_turns() -> None:
    """Every picture gets the first rung, every second one more; all of them get their turn."""
    video = VideoLadder()
    tried: list[str] = []

    def noting(name: str) -> Any:
        return lambda grey: tried.append(name)

    video.rungs = {name: noting(name) for name in RUNGS}
    blank = np.zeros((8, 8), np.uint8)
    for _ in range(8):
        assert video.decode(blank) is None
    video.close()
    first = ["zxing"]
    assert tried == [name for other in RUNGS[1:] for name in (*first, other, *first)]


def test_a_closed_zbar_finds_nothing() -> None:
    zbar = ZBar()
    assert zbar.available
    zbar.close()
    zbar.close()
    assert not zbar.available
    assert zbar.read(np.zeros((8, 8), np.uint8)) == set()


def beside(*payloads: str) -> Any:
    return np.hstack(
        [
            cv2.copyMakeBorder(
                code_picture(p),
                0,
                400 - len(code_picture(p)),
                0,
                400 - len(code_picture(p)),
                cv2.BORDER_CONSTANT,
                value=(255, 255, 255),
            )
            for p in payloads
        ]
    )


@pytest.mark.parametrize("rung", RUNGS)
def test_of_two_different_codes_none_is_taken(ladder: Ladder, rung: str) -> None:
    grey = as_grey(beside("Nguyễn Văn Thử", "Trần Thị Mẫu"))
    assert grey is not None
    with pytest.raises(CardRefused) as refused:
        ladder.rungs[rung](grey)
    assert refused.value.refusal.code == "multiple_payloads"


@pytest.mark.parametrize("rung", RUNGS)
def test_the_same_code_twice_is_one(ladder: Ladder, rung: str) -> None:
    grey = as_grey(beside("Trần Thị Mẫu", "Trần Thị Mẫu"))
    assert grey is not None
    assert ladder.rungs[rung](grey) == "Trần Thị Mẫu".encode()
