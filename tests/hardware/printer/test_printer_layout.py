from __future__ import annotations

import re
import subprocess
from pathlib import Path
from shutil import which

import pytest
import segno
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw

from hardware.printer.layout import disarmed, encode, render
from hardware.printer.paper import UnknownCommand, interpret
from hardware.printer.pieces import QUIET_MODULES, number_strip, qr_picture
from hardware.printer.profiles import load_profiles, profile_named
from hardware.printer.slip import Band, Code, Labelled, Line, Number, Pair, Rule, Slip, Weight
from hardware.printer.style import Style
from hardware.printer.text import Face, balanced, draw_lines, fitted, wrap
from tests.hardware.printer.samples import ADDRESS, SMALL, WHOLE

TESSERACT = which("tesseract")
PROFILES = sorted(load_profiles())


def ink_box(picture: Image.Image) -> tuple[int, int, int, int]:
    box = ImageChops.invert(picture.convert("L")).getbbox()
    assert box is not None
    return box


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


# --- bytes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("large", [False, True])
def test_what_the_printer_prints_is_the_picture_dot_by_dot(name: str, large: bool) -> None:
    profile = profile_named(name)
    picture = render(WHOLE.model_copy(update={"large": large}), profile)
    paper = interpret(encode(picture, profile))
    assert same(paper.picture(), picture)
    assert picture.width == profile.width
    assert not paper.double_byte


def test_the_bytes_have_exactly_this_structure() -> None:
    profile = profile_named("generic-80")
    picture = Image.new("1", (576, 300), 1)
    data = encode(picture, profile)
    header = b"\x1b@" + b"\x1c."
    assert data[:4] == header
    bands = [(128, 4), (128, 4 + 8 + 128 * 72), (44, 4 + 2 * (8 + 128 * 72))]
    for rows, at in bands:
        assert data[at : at + 8] == b"\x1dv0\x00" + bytes((72, 0, rows, 0))
        assert data[at + 8 : at + 8 + rows * 72] == bytes(rows * 72)
    assert data[4 + 3 * 8 + 300 * 72 :] == b"\x1bd\x04" + b"\x1dVB\x00"


def test_paper_that_is_torn_by_hand_is_fed_and_not_cut() -> None:
    profile = profile_named("generic-58")
    paper = interpret(encode(render(SMALL, profile), profile))
    assert (paper.fed, paper.cuts) == (profile.feed_lines, [])
    assert paper.commands[:2] == ["init", "single byte"]
    assert set(paper.commands[2:-1]) == {"raster"}
    assert paper.commands[-1] == "feed"


def test_a_picture_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="576 dots"):
        encode(Image.new("1", (384, 10), 1), profile_named("generic-80"))


def test_encoding_says_nothing_on_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    """python-escpos prints a warning for every picture unless its profile knows a width."""
    encode(Image.new("1", (576, 10), 1), profile_named("generic-80"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("bad", [b"SO THU TU", b"\x1bp\x00\x19\xfa", b"\x1dv0\x00\x48\x00\x01\x00\x00", b"\x1dv1\x00"])
def test_the_interpreter_refuses_what_no_ticket_holds(bad: bytes) -> None:
    with pytest.raises(UnknownCommand):
        interpret(b"\x1b@" + bad)


@given(st.binary(min_size=16, max_size=16 * 12).filter(lambda data: len(data) % 16 == 0))
def test_no_run_of_dots_is_a_real_time_command(dots: bytes) -> None:
    """A printer obeys DLE EOT, DLE ENQ and DLE DC4 even inside raster data. Disarming only adds dots."""
    picture = Image.frombytes("1", (128, len(dots) // 16), dots)
    safe = disarmed(picture)
    black = bytes(byte ^ 0xFF for byte in safe.tobytes())
    assert not re.search(rb"\x10[\x04\x05\x14]", black)
    before = bytes(byte ^ 0xFF for byte in dots)
    assert all(new in (old, 0x18) and (new == old or old == 0x10) for old, new in zip(before, black, strict=True))


def test_armed_dots_are_disarmed() -> None:
    black = b"\x10\x04\x01" + bytes(13)
    picture = Image.frombytes("1", (128, 1), bytes(byte ^ 0xFF for byte in black))
    assert bytes(byte ^ 0xFF for byte in disarmed(picture).tobytes()) == b"\x18\x04\x01" + bytes(13)


# --- sizes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("number", ["A012", "A1", "KA012", "K3A007", "ABC1234", "WWW9999", "000000000000"])
@pytest.mark.parametrize("large", [False, True])
def test_the_number_is_at_least_twelve_millimetres_high(name: str, number: str, large: bool) -> None:
    profile = profile_named(name)
    left, top, right, bottom = ink_box(number_strip(Number(text=number), Style(profile, large)))
    assert (bottom - top) / profile.dots(1000) * 1000 >= 12
    assert left > 0
    assert right < profile.width


def test_the_usual_number_is_nineteen_millimetres_high() -> None:
    left, top, right, bottom = ink_box(number_strip(Number(text="A012"), Style(profile_named("generic-80"), False)))
    assert (bottom - top) / 203 * 25.4 >= 18.8
    assert right - left > 460


def test_printers_of_another_resolution_print_the_same_size() -> None:
    heights = {}
    for name in ("epson-tm-t20", "epson-tm-t88"):
        profile = profile_named(name)
        heights[name] = render(WHOLE, profile).height / profile.dpi
    assert heights["epson-tm-t20"] == pytest.approx(heights["epson-tm-t88"], rel=0.05)


def test_modules_are_whole_dots_with_four_quiet_modules() -> None:
    picture = qr_picture(ADDRESS, Style(profile_named("generic-80"), False), 276)
    matrix = segno.make(ADDRESS, error="m", micro=False).matrix
    module = picture.width // (len(matrix) + 2 * QUIET_MODULES)
    assert picture.size == ((len(matrix) + 8) * module,) * 2
    assert module >= 5
    expected = Image.new("L", picture.size, 255)
    for row, cells in enumerate(matrix):
        for column, dark in enumerate(cells):
            if dark:
                expected.paste(
                    0, ((column + 4) * module, (row + 4) * module, (column + 5) * module, (row + 5) * module)
                )
    assert same(picture, expected)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("large", [False, True])
def test_the_printed_code_is_read(name: str, large: bool) -> None:
    profile = profile_named(name)
    paper = interpret(encode(render(WHOLE.model_copy(update={"large": large}), profile), profile))
    texts = [result.text for result in zxingcpp.read_barcodes(paper.picture().convert("L"))]
    assert texts == [ADDRESS]


def test_a_long_address_is_still_read() -> None:
    address = "https://hang-doi.benhvien-dakhoa-tinh.gov.vn:8443/" + "t/" + "7hq2m9xk4d" * 8
    picture = render(Slip(blocks=(Code(payload=address),)), profile_named("generic-58"))
    assert [result.text for result in zxingcpp.read_barcodes(picture.convert("L"))] == [address]


# --- text ----------------------------------------------------------------------------------------------------------


def test_lines_end_between_words() -> None:
    face = Face("regular", 28)
    lines = wrap("Khám chuyên khoa Ngoại Chấn thương chỉnh hình", face, 300)
    assert " ".join(lines) == "Khám chuyên khoa Ngoại Chấn thương chỉnh hình"
    assert all(face.width(line) <= 300 for line in lines)


def test_a_word_wider_than_the_paper_is_broken_at_a_dash_first() -> None:
    lines = wrap("phòng\u00a0B2.305-KhuC-DãyNhàMới", Face("bold", 52), 340)
    assert lines[0] == "phòng"
    assert lines[1].endswith("-")


def test_several_lines_are_of_about_equal_length() -> None:
    face = Face("bold", 32)
    text = "BỆNH VIỆN ĐA KHOA TRUNG TÂM AN GIANG"
    plain, even = wrap(text, face, 520), balanced(text, face, 520)
    assert len(plain) == len(even) == 2
    assert abs(face.width(even[0]) - face.width(even[1])) <= abs(face.width(plain[0]) - face.width(plain[1]))


def test_text_is_made_smaller_before_it_is_broken() -> None:
    face, lines = fitted("Phòng khám 12", "bold", 80, 30, 400)
    assert len(lines) == 1
    assert 30 < face.size < 80
    assert Face("bold", face.size + 1).width("Phòng khám 12") > 400


VIETNAMESE = "aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ0123456789-.,/"
letters = st.text(alphabet=VIETNAMESE + VIETNAMESE.upper() + "    \u00a0", min_size=1, max_size=60)
texts = letters.filter(lambda text: text.strip(" \u00a0") != "")


@given(text=texts, size=st.integers(26, 90), width=st.integers(60, 560), weight=st.sampled_from(["regular", "bold"]))
@settings(max_examples=150, deadline=None)
def test_wrapped_lines_keep_every_letter_and_fit(text: str, size: int, width: int, weight: str) -> None:
    cleaned = Line(text=text).text
    face = Face("bold" if weight == "bold" else "regular", size)
    lines = wrap(cleaned, face, width)
    assert "".join(lines).replace(" ", "").replace("\u00a0", "") == cleaned.replace(" ", "").replace("\u00a0", "")
    assert all(face.width(line) <= width or len(line) == 1 for line in lines)


def blocks() -> st.SearchStrategy[tuple[Line | Band | Pair | Code | Number, ...]]:
    labelled = st.builds(Labelled, label=texts, value=texts)
    line = st.builds(
        Line,
        text=texts,
        size=st.sampled_from(["small", "text", "label", "strong"]),
        weight=st.sampled_from(["regular", "medium", "bold"]),
        align=st.sampled_from(["left", "center", "right"]),
    )
    one = st.one_of(
        line,
        st.builds(Band, text=texts, icon=st.sampled_from([None, "arrow-up-right", "wifi-off"]), filled=st.booleans()),
        st.builds(Pair, left=labelled, right=labelled),
        st.builds(Code, payload=st.just(ADDRESS), beside=st.tuples(line)),
        st.builds(Number, text=st.from_regex(r"[A-Z]{1,3}[0-9]{1,4}", fullmatch=True)),
    )
    return st.tuples(one, one)


@given(content=blocks(), name=st.sampled_from(["generic-80", "generic-58", "epson-tm-t88"]), large=st.booleans())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_leaves_the_paper(content: tuple[Line, ...], name: str, large: bool) -> None:
    profile = profile_named(name)
    picture = render(Slip(blocks=content, large=large), profile)
    left, _, right, bottom = ink_box(picture)
    assert left >= 1
    assert right <= profile.width - 1
    assert bottom < picture.height
    assert picture.width == profile.width


@given(text=texts, size=st.integers(20, 120), weight=st.sampled_from(["regular", "medium", "bold"]))
@settings(max_examples=150, deadline=None)
def test_no_accent_is_cut_off(text: str, size: int, weight: Weight) -> None:
    """As much ink is on the strip as on a sheet with room on every side.

    Hinting lifts the accents of some capitals (the upper row of Ẵ at 28 dots) one dot over the font's own ascent.
    """
    face = Face(weight, size)
    line = Line(text=text).text
    width = face.width(line)
    sheet = Image.new("L", (width + 400, 4 * size), 255)
    ImageDraw.Draw(sheet).text((200, 2 * size), line, font=face.font, fill=0, anchor="ls")
    for align in ("left", "center", "right"):
        assert ink(draw_lines([line], face, width, align)) == ink(sheet)


def ink(picture: Image.Image) -> int:
    return sum(255 - level for level in picture.convert("L").tobytes())


def test_black_and_white_only() -> None:
    picture = render(WHOLE, profile_named("generic-80"))
    assert picture.mode == "1"
    assert set(picture.convert("L").tobytes()) == {0, 255}


def test_the_band_is_white_on_black_and_the_notice_framed() -> None:
    filled = render(Slip(blocks=(Band(text="Phòng 5"),)), profile_named("generic-80"))
    framed = render(Slip(blocks=(Band(text="Phòng 5", filled=False),)), profile_named("generic-80"))
    assert share_of_ink(filled) > 0.6
    assert share_of_ink(framed) < 0.3


def share_of_ink(picture: Image.Image) -> float:
    data = picture.crop(ink_box(picture)).convert("L").tobytes()
    return data.count(0) / len(data)


@pytest.mark.skipif(TESSERACT is None, reason="tesseract is not installed")
@pytest.mark.parametrize("name", ["generic-80", "generic-58", "epson-tm-t88"])
def test_the_accents_are_read_by_an_independent_eye(name: str, tmp_path: Path) -> None:
    """Without the giant number, the black band and the code, which OCR takes for drawings and loses its place."""
    profile = profile_named(name)
    words_only = Slip(blocks=tuple(block for block in WHOLE.blocks if isinstance(block, Line | Pair | Rule)))
    text = read_by_ocr(interpret(encode(render(words_only, profile), profile)).picture(), tmp_path)
    for words in ("AN BÌNH", "Khám Nội tổng quát", "SỐ THỨ TỰ", "Thường", "Phía trước", "7 người", "phút", "Thứ Ba"):
        assert words in text, text


def read_by_ocr(picture: Image.Image, folder: Path) -> str:
    """Vietnamese text of a picture, in one line."""
    languages = subprocess.run([str(TESSERACT), "--list-langs"], capture_output=True, text=True, check=True).stdout
    if "vie" not in languages.split():
        pytest.skip("tesseract has no Vietnamese")
    grey = picture.convert("L")
    grey.resize((grey.width * 2, grey.height * 2)).save(folder / "ticket.png", dpi=(406, 406))
    run = subprocess.run(
        [str(TESSERACT), "ticket.png", "-", "-l", "vie", "--psm", "6"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return re.sub(r"\s+", " ", run.stdout)
