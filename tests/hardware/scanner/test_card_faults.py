"""What happens to cards in the field: scanners' additions, damaged accents, cut codes, two scans, odd dates."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hardware.scanner.cards import answer

TODAY = date(2026, 6, 15)
ADDRESS = "Số 12 Ngõ 3, Phường Mẫu, Hà Nội"
OLD = f"001090000017|012000001|Nguyễn Văn Thử|17051990|Nam|{ADDRESS}|20042021"
NAME_HEX = "Nguyễn Văn Thử".encode().hex()
PLACE_HEX = ADDRESS.encode().hex()


def citizen(**changes: str) -> str:
    parts = {
        "number": "001090000017",
        "cmnd": "",
        "name": "Nguyễn Văn Thử",
        "birth": "17051990",
        "gender": "Nam",
        "address": ADDRESS,
        "issued": "20042021",
    }
    return "|".join((parts | changes).values())


def insurance(**changes: str) -> str:
    parts = {
        "number": "DN4010100000011",
        "name": NAME_HEX,
        "birth": "17/05/1990",
        "gender": "1",
        "address": PLACE_HEX,
        "facility": "01 - 028",
        "valid_from": "01/01/2020",
        "valid_to": "31/12/2020",
        "issued": "25/12/2019",
        "management": "01010100000011",
        "parent": "-",
        "area": "4",
        "five_years": "01/01/2020",
        "check": "a1b2c3d4e5f60718-7102",
    }
    return "|".join((parts | changes).values()) + "|$"


def read(raw: str | bytes) -> dict[str, Any]:
    return answer(raw, "scan", TODAY)


def fields(raw: str) -> dict[str, Any]:
    told = read(raw)
    assert told["ok"], told
    found: dict[str, Any] = told["fields"]
    return found


def refused(raw: str | bytes) -> dict[str, Any]:
    told = read(raw)
    assert not told["ok"], told
    return {key: value for key, value in told.items() if key != "ok"}


@pytest.mark.parametrize("around", ["\ufeff{}", "]Q3\ufeff{}", "\x02{}\x03", "\t{}\n\n", "ï»¿{}", " {} ", "{}\r\n\x00"])
def test_what_scanners_add_is_taken_off(around: str) -> None:
    assert read(around.format(OLD)) == read(OLD)


@pytest.mark.parametrize(("word", "gender"), [("Nu", "female"), ("NỮ", "female"), ("nam", "male"), ("NAM", "male")])
def test_gender_words(word: str, gender: str) -> None:
    number = "001190000017" if gender == "female" else "001090000017"
    assert fields(citizen(number=number, gender=word))["gender"] == gender


@pytest.mark.parametrize(
    ("written", "value", "warnings"),
    [
        ("1952", "1952", ["birth_precision_year"]),
        ("071952", "1952-07", ["birth_precision_month"]),
        ("00071952", "1952-07", ["birth_precision_month", "date_format_not_canonical"]),
        ("00001952", "1952", ["birth_precision_year", "date_format_not_canonical"]),
        ("1/5/1952", "1952-05-01", ["date_format_not_canonical"]),
        ("01-05-1952", "1952-05-01", ["date_format_not_canonical"]),
        ("1952-05-01", "1952-05-01", ["date_format_not_canonical"]),
        ("29021952", "1952-02-29", []),
    ],
)
def test_birth_dates_keep_their_precision(written: str, value: str, warnings: list[str]) -> None:
    told = read(citizen(number="001052000017", birth=written))
    assert (told["fields"]["birth"]["value"], told["warnings"]) == (value, warnings)


@pytest.mark.parametrize("written", ["", "29021951", "32011990", "01131990", "0505", "17/05/90", "abc"])
def test_impossible_birth_dates(written: str) -> None:
    assert refused(citizen(birth=written)) == {"error": "bad_date", "field": "birth"}


@pytest.mark.parametrize("written", ["16062026", "072026", "2027"])
def test_birth_in_the_future(written: str) -> None:
    assert refused(citizen(birth=written)) == {"error": "birth_in_future"}
    assert read(citizen(number="001226000017", birth="15062026"))["ok"]


@pytest.mark.parametrize("number", ["00109000001", "0010900000170", "OO1090000017", "B1234567", ""])
def test_bad_numbers(number: str) -> None:
    assert refused(citizen(number=number)) == {"error": "bad_id_number"}


def test_field_counts() -> None:
    without_former_number = citizen().replace("||", "|")
    assert refused(without_former_number) == {"error": "bad_field_count"}
    assert refused(OLD + "|") == refused(OLD + "||") == {"error": "bad_field_count"}
    assert read(OLD + "|||")["document"] == "can_cuoc_new"
    assert read(OLD + "|||Lê Thị Mẹ|?!|42")["warnings"] == ["extra_fields"]
    for count in range(1, 6):
        assert refused("|".join(OLD.split("|")[:count]) + "|")["error"] == "incomplete"
    assert refused("n Văn Thử|17051990|Nam|Hà Nội|20042021") == {"error": "incomplete"}  # the rest of a cut code


def test_names() -> None:
    assert fields(citizen(name="NGUYỄN  VĂN THỬ"))["full_name"] == "NGUYỄN VĂN THỬ"
    assert fields(citizen(name="H'Hen Niê"))["full_name"] == "H'Hen Niê"
    for nobody in ("", " ", "-", "12"):
        assert refused(citizen(name=nobody)) == {"error": "missing_name"}


def test_numbers_that_contradict_the_card_only_warn() -> None:
    assert read(citizen(number="003090000017"))["warnings"] == ["id_province_unknown"]
    assert read(citizen(gender="Nữ", birth="1991"))["warnings"] == [
        "birth_precision_year",
        "id_gender_mismatch",
        "id_birth_year_mismatch",
    ]
    assert read(citizen(cmnd="12AB"))["warnings"] == ["old_cmnd_unreadable"]


@pytest.mark.parametrize("charset", ["cp1252", "latin-1"])
def test_utf8_read_as_western_europe(charset: str) -> None:
    garbled = citizen(name="Nguyễn Văn Lâm").encode().decode(charset, "replace" if charset == "cp1252" else "strict")
    if "\ufffd" in garbled:  # Windows-1252 has no letter for five bytes; decoders then keep the byte
        garbled = "".join(
            chr(b) if b in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else bytes([b]).decode("cp1252") for b in OLD.encode()
        )
    assert refused(garbled) == {"error": "mojibake", "recoverable": True}


def test_garbled_beyond_recovery() -> None:
    for name in ("Nguyá»n Văn", "ﾃ｡ﾂｻ", "Nguy\ue123n", "Nguyß╗àn", "Nguyб»…n"):
        assert refused(citizen(name=name)) == {"error": "mojibake", "recoverable": False}


def test_upper_case_names_are_not_garbled() -> None:
    for address in ("XÃ MẪU, HÀ NỘI", "XÃ\xa0THỬ", "THÔN Ê – XÃ “Â”, ĐÀ NẴNG", "Ấp Mỹ Á, Xã Ô"):
        assert read(citizen(address=address))["ok"], address


@pytest.mark.parametrize("name", ["Nguy?n Van Thu", "Nguy\ufffdn", "Tr?n", "?inh Van"])
def test_dropped_accents(name: str) -> None:
    assert refused(citizen(name=name)) == {"error": "lost_diacritics"}
    assert refused(insurance(name=name.encode().hex())) == {"error": "lost_diacritics"}


@pytest.mark.parametrize("mark", ["\x1b", "\x07", "\t", "\x1d", "\x7f", "\u202e", "\u2028", "\n"])
def test_control_characters_inside(mark: str) -> None:
    assert refused(citizen(name=f"Nguyễn{mark} Thử")) == {"error": "control_characters"}
    assert refused(insurance(name=f"Nguyễn{mark} Thử".encode().hex())) == {"error": "control_characters"}


@pytest.mark.parametrize(
    "raw",
    [
        OLD + "\r\n" + OLD,
        OLD + OLD,
        OLD + insurance(),
        insurance() + insurance(),
        insurance() + OLD,
        insurance() + "\n" + OLD,
        "001090000017\n079185000023",
    ],
)
def test_two_scans_in_one(raw: str) -> None:
    assert refused(raw) == {"error": "multiple_payloads"}


@pytest.mark.parametrize(
    "raw",
    [
        "HTTP://EXAMPLE.ORG/A",
        "www.example.vn",
        "zalo.me/123456",
        "zalo://qr/p/1",
        "vneid://login?x=1",
        "ZALO.ME/0900",
        "example.com.vn",
        "https://a.vn/?q=a|b|c",
        "javascript:alert(1)",
        "mailto:a@example.org",
    ],
)
def test_addresses_are_never_followed(raw: str) -> None:
    assert refused(raw) == {"error": "url_not_accepted"}


def test_opaque_codes() -> None:
    opaque = {"error": "opaque_code", "fallback": "ask_for_card_or_staff"}
    for raw in (
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
        "a1" * 32,
        "VNEID|2f8a90bb17|1718000000#x",
    ):
        assert refused(raw) == opaque
        assert answer(raw, "typed", TODAY)["error"] == "unrecognised"
    assert refused('[{"a": 1}]') == {"error": "unsupported_json", "fallback": "ask_for_card_or_staff"}


def test_other_codes_by_name() -> None:
    assert refused("00020101021138570010A000000727") == {"error": "payment_qr"}
    assert refused("HC1:6BFOXN%TS3DH0YOJ") == {"error": "unsupported_covid_qr"}
    assert refused("|TRAN THI MAU|1985-11-02|1||") == {"error": "unsupported_covid_qr"}
    assert refused("012000001|Trần Thị Mẫu|1985-11-02|1|QID9|2<<") == {"error": "unsupported_covid_qr"}
    for raw in ("a|b", "WIFI:T:WPA;S:x;P:y;;", "1|2|3|a|b|c|d", "|", "||||||||||", "$", "xin chào"):
        assert refused(raw)["error"] == "unrecognised", raw


def test_bytes_are_strict_utf8() -> None:
    assert refused(OLD.encode("cp1258", "replace")) == {"error": "bad_utf8"}
    assert refused(OLD.encode("utf-16")) == {"error": "bad_utf8"}
    assert refused("001090000017|\ud800") == {"error": "bad_utf8"}


def test_too_long_is_refused_unread() -> None:
    assert refused(OLD + " " * 4096) == {"error": "unrecognised"}
    assert refused("x" * 1_000_000) == refused(b"\xff" * 1_000_000) == {"error": "unrecognised"}


# --- insurance -----------------------------------------------------------------------------------------------------


def test_insurance_dates() -> None:
    assert read(insurance(birth="1/5/1990"))["fields"]["birth"] == {"value": "1990-05-01", "precision": "day"}
    assert read(insurance(birth="05/1990"))["warnings"] == ["birth_precision_month"]
    assert fields(insurance(valid_to="-"))["valid_to"] is None
    assert read(insurance(birth="17-05-1990"))["warnings"] == ["date_format_not_canonical"]
    for field in ("valid_from", "valid_to", "five_years"):
        name = "five_years_from" if field == "five_years" else field
        assert refused(insurance(**{field: "31/02/2020"})) == {"error": "bad_date", "field": name}
    assert refused(insurance(birth="01/01/2030")) == {"error": "birth_in_future"}
    assert refused(insurance(birth="31/12/9999")) == {"error": "birth_in_future"}
    assert fields(insurance(valid_to="31/12/9999"))["valid_to"] == "9999-12-31"
    assert refused(insurance(birth="01/01/1879")) == {"error": "bad_date", "field": "birth"}
    assert fields(insurance(birth="1880"))["birth"] == {"value": "1880", "precision": "year"}


def test_insurance_hex() -> None:
    for field, name in (("name", "full_name"), ("address", "address"), ("parent", "parent_name")):
        assert refused(insurance(**{field: NAME_HEX[:-1]})) == {"error": "bad_hex", "field": name}
        assert refused(insurance(**{field: "zz"})) == {"error": "bad_hex", "field": name}
        assert refused(insurance(**{field: "c328"})) == {"error": "bad_utf8", "field": name}
    assert refused(insurance(name="-")) == {"error": "missing_name"}
    assert fields(insurance(address="-"))["address"] is None
    garbled = "Nguyễn".encode().decode("latin-1").encode().hex()
    assert refused(insurance(name=garbled)) == {"error": "mojibake", "recoverable": True}


def test_insurance_numbers() -> None:
    assert read(insurance(number="ZZ4010100000011"))["warnings"] == ["object_group_unknown"]
    assert fields(insurance(number="dn4010100000011"))["card_no"] == "DN4010100000011"
    assert read(insurance(number="0100000011"))["document"] == "bhyt_10"
    assert read(insurance(number="003090000017"))["warnings"] == ["id_province_unknown"]
    for number in ("DN0010100000011", "D14010100000011", "01000000110", "DN40101000000111", ""):
        assert refused(insurance(number=number)) == {"error": "bad_card_number"}


def test_insurance_genders() -> None:
    assert read(insurance(gender="3"))["warnings"] == ["gender_unknown"]
    assert fields(insurance(gender="Nữ"))["gender"] == "female"
    assert refused(insurance(gender="X1")) == {"error": "bad_gender"}


def test_insurance_ends() -> None:
    whole = insurance()
    assert read(whole.replace("|$", "$")) == read(whole)
    assert read(whole.removesuffix("$") + "4|-|$")["ok"]
    assert refused(whole.removesuffix("|$")) == {"error": "incomplete"}
    assert refused("DN4010100000011|4e67") == {"error": "incomplete"}
    assert refused(whole[whole.index("01 - 028") :]) == {"error": "incomplete"}  # the rest of a cut code
    assert refused(whole[whole.index("01/01/2020") :]) == {"error": "incomplete"}
    assert refused(f"DN4010100000011|{NAME_HEX}|1990|1|-|$") == {"error": "bad_field_count"}
    assert read(whole.removesuffix("$") + "9|-|x|$")["warnings"] == ["extra_fields", "benefit_level_unclear"]


# --- numbers alone -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("0010900", "incomplete"),
        ("00109000001", "bad_id_number"),
        ("0010900000170", "bad_id_number"),
        ("OO1090000017", "bad_id_number"),
        ("DN9010100000011", "bad_card_number"),
        ("DN401010000001", "bad_card_number"),
        ("hello", "unrecognised"),
        ("   ", "empty"),
    ],
)
def test_mistyped(raw: str, expected: str) -> None:
    assert answer(raw, "typed", TODAY) == {"ok": False, "error": expected}


def test_numbers_alone() -> None:
    assert answer("001 090 000 017", "typed", TODAY)["fields"] == {"personal_id": "001090000017"}
    assert answer("003090000017", "typed", TODAY)["warnings"] == ["id_province_unknown"]
    assert answer("012000001", "scan", TODAY)["warnings"] == ["legacy_identifier", "number_only"]
    assert answer("ZZ4010100000011", "typed", TODAY)["warnings"] == ["object_group_unknown"]
