"""Whatever is held to the reader has an answer, and what a card says comes out as it went in."""

from __future__ import annotations

import json
from datetime import date
from typing import Literal, TypeAlias
from unicodedata import normalize

from hypothesis import given
from hypothesis import strategies as st

from hardware.scanner.cards import Refusal, answer, read_card, read_lines
from hardware.scanner.cards.dates import age_on
from hardware.scanner.cards.numbers import GROUPS, PROVINCES
from hardware.scanner.cards.text import fold
from protocol.nouns import Birth, Identity

TODAY = date(2026, 6, 15)
Form: TypeAlias = Literal["NFC", "NFD"]
ENTRIES = st.sampled_from(("scan", "typed"))
LETTERS = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
WORDS = st.text(LETTERS, min_size=1, max_size=7).map(str.capitalize)
NAMES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
DAYS = st.dates(date(1900, 1, 1), TODAY)
PIECES = st.sampled_from(
    ["|", "$", "001090000017", "17051990", "Nam", "1", "4e67", "-", "\n", "DN4010100000011", "?", "Ã", "»"]
)


@given(
    st.one_of(st.text(), st.binary(), st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=40).map("".join)),
    ENTRIES,
)
def test_anything_has_an_answer(raw: str | bytes, entry: str) -> None:
    told = answer(raw, entry, TODAY)  # type: ignore[arg-type]
    assert set(told) >= ({"ok", "document", "fields", "warnings"} if told["ok"] else {"ok", "error"})
    json.dumps(told).encode("ascii")


@given(
    st.lists(
        st.one_of(st.binary(max_size=200), st.text(max_size=60).map(lambda raw: json.dumps({"raw": raw}).encode()))
    )
)
def test_one_answer_for_each_line(lines: list[bytes]) -> None:
    told = list(read_lines(lines, TODAY))
    assert len(told) == len(lines)
    assert all("\n" not in line and "ok" in json.loads(line) for line in told)


@given(NAMES, NAMES, DAYS, DAYS, st.booleans(), st.sampled_from(sorted(PROVINCES)), st.sampled_from(["NFC", "NFD"]))
def test_citizen_cards_round_trip(
    name: str, address: str, birth: date, issued: date, female: bool, province: str, form: Form
) -> None:
    century = 2 * (birth.year // 100 - 19) + female
    number = f"{province}{century}{birth.year % 100:02}000017"
    gender = "Nữ" if female else "Nam"
    raw = normalize(form, f"{number}||{name}|{birth:%d%m%Y}|{gender}|{address}|{issued:%d%m%Y}")
    assert read_card(raw.encode(), "scan", TODAY) == Identity(
        document="cccd_old",
        personal_id=number,
        full_name=normalize("NFC", name),
        birth=Birth(value=birth.isoformat(), precision="day"),
        gender="female" if female else "male",
        address=normalize("NFC", address),
        issue_date=issued.isoformat(),
    )


@given(NAMES, DAYS, st.sampled_from(sorted(GROUPS)), st.integers(1, 5), st.integers(0, 10**10 - 1))
def test_insurance_cards_round_trip(name: str, birth: date, group: str, level: int, code: int) -> None:
    number = f"{group}{level}01{code:010}"
    raw = f"{number}|{name.encode().hex()}|{birth:%d/%m/%Y}|2|-|01 - 028|01/01/2026|-|01/01/2026|$"
    read = read_card(raw, "scan", TODAY)
    assert not isinstance(read, Refusal)
    assert (read.document, read.card_no, read.full_name) == ("bhyt_15", number, name)
    assert (read.object_group, read.benefit_level, read.bhxh_code) == (group, level, f"{code:010}")
    assert (read.facility_code, read.warnings) == ("01028", ())


@given(NAMES)
def test_garbled_names_are_never_taken(name: str) -> None:
    garbled = name.encode().decode("latin-1")
    read = read_card(f"001090000017||{garbled}|17051990|Nam|Ha Noi|20042021", "scan", TODAY)
    assert name.isascii() or isinstance(read, Refusal)


@given(st.sampled_from(["day", "month", "year"]), st.dates(date(1900, 1, 1), TODAY))
def test_age_holds_every_birth_it_may_mean(precision: str, born: date) -> None:
    value = {"day": f"{born}", "month": f"{born:%Y-%m}", "year": f"{born:%Y}"}[precision]
    least, most = age_on(Birth(value=value, precision=precision), TODAY)  # type: ignore[arg-type]
    age = TODAY.year - born.year - ((TODAY.month, TODAY.day) < (born.month, born.day))
    assert 0 <= least <= age <= most <= least + 1


def test_age_is_granted_only_when_certain() -> None:
    assert age_on(Birth(value="1951-06-15", precision="day"), TODAY) == (75, 75)
    assert age_on(Birth(value="1951-06-16", precision="day"), TODAY) == (74, 74)
    assert age_on(Birth(value="1951-06", precision="month"), TODAY) == (74, 75)
    assert age_on(Birth(value="1950", precision="year"), TODAY) == (75, 76)
    assert age_on(Birth(value="2026", precision="year"), TODAY) == (0, 0)
    assert age_on(Birth(value="2020-02-29", precision="day"), date(2026, 2, 28)) == (5, 5)
    assert age_on(Birth(value="2020-02", precision="month"), date(2026, 3, 1)) == (6, 6)


@given(st.text())
def test_folding_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(fold(fold(text)))
    assert fold("ĐỖ Thị Nữ") == "do thi nu"
