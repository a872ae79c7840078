"""Made-up cards for the demo: what their codes say, pictures of them, and a film of one being held to a camera.

Every person is invented. The drawings look like no real document: they say what they stand for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw, ImageFont

from theme import font_path, tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
else:
    Picture = Any

CARD_SIZE = (760, 480)
FRAME_SIZE = (1280, 720)
FRAMES_PER_SECOND = 15


@dataclass(frozen=True)
class DemoCard:
    """`code` is the exact text of the QR, `title` and `lines` what is drawn beside it."""

    name: str
    title: str
    lines: tuple[str, ...]
    code: str


def demo_cards(today: date) -> tuple[DemoCard, ...]:
    """One card for each thing that happens at a reader; ages are right for `today`."""
    old, child = today.year - 78, today.year - 4
    return (
        DemoCard(
            "adult",
            "Căn cước công dân (mẫu)",
            ("Nguyễn Văn Thử", "17/05/1990", "Hà Nội"),
            "001090000017|012000001|Nguyễn Văn Thử|17051990|Nam|Số 12 Ngõ 3, Phường Mẫu, Hà Nội|20042021",
        ),
        DemoCard(
            "aged-78",
            "Căn cước công dân (mẫu)",
            ("Đặng Thị Ưu Tiên", f"02/01/{old}", "Nghệ An"),
            f"0401{old % 100:02d}000084||Đặng Thị Ưu Tiên|0201{old}|Nữ|Xóm Mẫu, Xã Thử, Nghệ An|12032022",
        ),
        DemoCard(
            "child-4",
            "Thẻ căn cước mới (mẫu)",
            ("Nguyễn Bé Thử", f"10/01/{child}", "Hà Nội"),
            f"0013{child % 100:02d}000173||Nguyễn Bé Thử|1001{child}|Nữ|Phường Mẫu, Hà Nội|01022025||"
            "Nguyễn Văn Cha|Lê Thị Mẹ",
        ),
        DemoCard(
            "insurance",
            "Thẻ bảo hiểm y tế (mẫu)",
            ("Trần Thị Mẫu", "02/11/1985", "0100000022"),
            "0100000022|"
            + "Trần Thị Mẫu".encode().hex()
            + "|02/11/1985|2|"
            + "Phường Mẫu, Hà Nội".encode().hex()
            + "|79 - 015|01/04/2021|-|20/03/2021|79797900000022|-|4|01/03/2024|a1b2c3d4e5f60718-7102|4|"
            + "Hà Nội".encode().hex()
            + "|$",
        ),
        DemoCard(
            "app-code",
            "Mã động của ứng dụng",
            ("Mã chỉ đọc được", "khi có kết nối"),
            "VGhpcyBpcyBhIGRlbW8gY29kZSBhbmQgbm90aGluZyBlbHNlLg==",
        ),
        DemoCard(
            "payment",
            "Mã chuyển khoản",
            ("Quét nhầm mã", "thanh toán"),
            "00020101021138570010A00000072701270006970499011300000000000010208QRIBFTTA53037045802VN6304C61C",
        ),
    )


def draw_card(card: DemoCard) -> Image.Image:
    import segno

    picture = Image.new("RGB", CARD_SIZE, tokens.COLOR_SURFACE)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((4, 4, CARD_SIZE[0] - 5, CARD_SIZE[1] - 5), 36, tokens.COLOR_SURFACE, tokens.COLOR_INK, 6)
    draw.rounded_rectangle((40, 110, 200, 310), 20, tokens.COLOR_ACCENT_SOFT)
    draw.ellipse((85, 140, 155, 210), fill=tokens.COLOR_ACCENT)
    draw.pieslice((65, 220, 175, 380), 180, 360, fill=tokens.COLOR_ACCENT)
    draw.text((40, 36), card.title, tokens.COLOR_INK, ImageFont.truetype(str(font_path("BeVietnamPro-Bold")), 38))
    text = ImageFont.truetype(str(font_path("BeVietnamPro-Medium")), 26)
    for row, line in enumerate(card.lines):
        draw.text((40, 340 + row * 40), line, tokens.COLOR_INK, text)
    # The real codes have no ECI header: the reader must not guess the alphabet.
    code = segno.make(card.code.encode("utf-8"), error="l", mode="byte", boost_error=False)
    scale = max(4, 370 // int(code.symbol_size(1)[0]))
    side = int(code.symbol_size(scale, 4)[0])
    modules = Image.new("1", (side, side), 1)
    modules.putdata([0 if dark else 1 for row in code.matrix_iter(scale, 4) for dark in row])
    picture.paste(modules.convert("RGB"), (CARD_SIZE[0] - modules.width - 20, CARD_SIZE[1] - modules.height - 20))
    return picture


def _outline() -> Image.Image:
    mask = Image.new("L", CARD_SIZE, 0)
    ImageDraw.Draw(mask).rounded_rectangle((4, 4, CARD_SIZE[0] - 5, CARD_SIZE[1] - 5), 36, 255)
    return mask


def scene(card: Image.Image | None, shift: int = 0, turn: float = 0.0) -> Picture:
    """What the reader's camera sees: a dim lobby, and the card `shift` pixels below its place, `turn` degrees askew."""
    import numpy as np

    grey = np.linspace(90, 150, FRAME_SIZE[1], dtype=np.uint8)[:, None, None]
    lobby = Image.fromarray(np.broadcast_to(grey, (FRAME_SIZE[1], FRAME_SIZE[0], 3)).copy())
    if card is not None:
        held = card.copy()
        held.putalpha(_outline())
        held = held.rotate(turn, expand=True, resample=Image.Resampling.BICUBIC)
        lobby.paste(held, ((FRAME_SIZE[0] - held.width) // 2, (FRAME_SIZE[1] - held.height) // 2 + shift), held)
    noise = np.random.default_rng(7).normal(0, 4, (FRAME_SIZE[1], FRAME_SIZE[0], 1))
    return np.clip(np.asarray(lobby)[:, :, ::-1] + noise, 0, 255).astype(np.uint8)


def film(card: DemoCard | None, path: Path, *, before_s: float, held_s: float, after_s: float) -> None:
    """Write a film of the card coming into the picture from below, being held, and leaving again; None: of nobody."""
    import cv2

    picture = draw_card(card) if card else None
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FRAMES_PER_SECOND, FRAME_SIZE)
    if not writer.isOpened():
        raise OSError(f"OpenCV cannot write {path}")
    empty, travel = scene(None), [scene(picture, shift, shift / 60) for shift in range(600, 0, -60)]
    held = scene(picture, 0, 1.5)
    for frames in ([empty] * int(before_s * FRAMES_PER_SECOND), travel, [held] * int(held_s * FRAMES_PER_SECOND),
                   travel[::-1], [empty] * int(after_s * FRAMES_PER_SECOND)):  # fmt: skip
        for frame in frames:
            writer.write(frame)
    writer.release()
