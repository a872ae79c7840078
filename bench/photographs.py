"""Synthetic photographs of a QR code on a cluttered background, spoilt in the ways that lobbies spoil them.

Deterministic: the same seed gives the same pictures. Synthetic blur and glare are milder and harsher than real ones in
turn, so compare decoders with these pictures, and never quote the rates as rates of real cards.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import segno

WIDTH, HEIGHT = 1280, 720
_LETTERS = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"


def random_name(chance: random.Random) -> str:
    words = ("".join(chance.choices(_LETTERS, k=chance.randint(1, 6))) for _ in range(chance.randint(2, 4)))
    return " ".join(word.capitalize() for word in words)


def random_card(chance: random.Random) -> str:
    """An identity card's text; nobody's."""
    number = f"0010900{chance.randint(0, 99999):05}"
    return f"{number}||{random_name(chance)}|17051990|Nam|{random_name(chance)}, {random_name(chance)}|20042021"


def code_picture(payload: str | bytes, scale: int = 4, declared: bool = False) -> Any:
    """The code alone, blue-green-red. Cards declare no character set; ``declared`` writes the UTF-8 header (ECI)."""
    out = io.BytesIO()
    code = segno.make(payload, micro=False, mode="byte", encoding="utf-8", eci=declared)
    code.save(out, kind="png", scale=scale, border=4)
    return cv2.imdecode(np.frombuffer(out.getvalue(), np.uint8), cv2.IMREAD_COLOR)


def photograph(payload: str | bytes, seed: int = 0, share: float = 0.5) -> Any:
    """The code ``share`` of the height large, on a background of rectangles."""
    chance = random.Random(seed)
    picture = np.full((HEIGHT, WIDTH, 3), chance.randint(90, 170), np.uint8)
    for _ in range(60):
        corner = (chance.randrange(WIDTH), chance.randrange(HEIGHT))
        far = (corner[0] + chance.randint(10, 200), corner[1] + chance.randint(10, 120))
        cv2.rectangle(picture, corner, far, [chance.randint(40, 220) for _ in range(3)], -1)
    side = round(share * HEIGHT)
    code = cv2.resize(code_picture(payload), (side, side), interpolation=cv2.INTER_AREA)
    left, top = chance.randrange(WIDTH - side), chance.randrange(HEIGHT - side)
    picture[top : top + side, left : left + side] = code
    return picture


def blurred(picture: Any) -> Any:
    return cv2.GaussianBlur(picture, (0, 0), 3.4)


def shaken(picture: Any) -> Any:
    return cv2.blur(picture, (9, 1))


def turned(picture: Any) -> Any:
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 33, 0.8)
    return cv2.warpAffine(picture, turn, (WIDTH, HEIGHT), borderValue=(120, 120, 120))


def tilted(picture: Any) -> Any:
    whole = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    seen = np.array([[150, 60], [WIDTH - 40, 0], [WIDTH - 160, HEIGHT], [0, HEIGHT - 60]], np.float32)
    return cv2.warpPerspective(picture, cv2.getPerspectiveTransform(whole, seen), (WIDTH, HEIGHT))


def noisy(picture: Any) -> Any:
    noise = np.random.default_rng(1).normal(0, 60, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def faint(picture: Any) -> Any:
    return (picture * 0.1 + 110).astype(np.uint8)


def inverted(picture: Any) -> Any:
    return 255 - picture


def compressed(picture: Any) -> Any:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 6])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def small(picture: Any) -> Any:
    """Held too far away."""
    little = cv2.resize(picture, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    held = np.full_like(picture, 120)
    held[: little.shape[0], : little.shape[1]] = little
    return held


def unspoilt(picture: Any) -> Any:
    return picture


SPOILT: dict[str, Callable[[Any], Any]] = {
    "clean": unspoilt,
    "blurred": blurred,
    "shaken": shaken,
    "turned": turned,
    "tilted": tilted,
    "noisy": noisy,
    "faint": faint,
    "inverted": inverted,
    "compressed": compressed,
    "small": small,
}
