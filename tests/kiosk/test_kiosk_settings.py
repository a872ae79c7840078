"""Settings, the key file, and a command line that stays light."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import segno
from typer.testing import CliRunner

from kiosk.__main__ import cli
from kiosk.settings import KioskSettings, load
from protocol.configuration import SettingsFault
from protocol.paired_device import KeyFault, as_paired, keep_pairing


def test_the_defaults_harm_nobody() -> None:
    settings = load()
    assert (settings.scanner, settings.printer, settings.window) == ("fake:", "fake:", (1080, 1920))
    assert settings.place.address_base == "http://127.0.0.1:8000"


def test_file_and_environment_with_the_environment_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text('language = "en"\nscanner = "camera:0"\n[arrows]\n"floor:2" = "arrow-up"\n', encoding="utf-8")
    monkeypatch.setenv("DENLUOT_KIOSK_SCANNER", "camera:1")
    settings = load(file)
    assert (settings.language, settings.scanner) == ("en", "camera:1")
    assert settings.place.arrows == (("floor:2", "arrow-up"),)


def test_all_mistakes_are_told_at_once_with_the_nearest_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text('scaner = "x"\nwidth = 3\nkey = "secret-key"\n', encoding="utf-8")
    monkeypatch.setenv("DENLUOT_KIOSK_PRINTR", "x")
    with pytest.raises(SettingsFault) as fault:
        load(file)
    message = str(fault.value)
    assert "scaner: no such setting (did you mean scanner?)" in message
    assert "DENLUOT_KIOSK_PRINTR: no such setting (did you mean DENLUOT_KIOSK_PRINTER?)" in message
    assert "width: " in message
    assert "secret-key" not in message


def test_a_language_without_catalogue_is_refused() -> None:
    with pytest.raises(SettingsFault, match="no catalogue"):
        load(None, {"languages": ("vi", "xx")})
    with pytest.raises(SettingsFault, match="one of languages"):
        load(None, {"languages": ("vi",), "language": "en"})


def test_landscape_swaps_the_sides_and_secrets_are_masked() -> None:
    settings = KioskSettings(orientation="landscape", key="geheim")  # type: ignore[arg-type]
    assert settings.window == (1920, 1080)
    assert "geheim" not in repr(settings)


def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault, match="cannot be read"):
        load(tmp_path / "missing.toml")


def test_key_and_address_are_kept_for_this_account_only(tmp_path: Path) -> None:
    settings = KioskSettings(home=tmp_path / "home")
    with pytest.raises(KeyFault, match="pair this device first"):
        as_paired(settings)
    keep_pairing(settings.key_path, "k-1", "http://server:8000")
    assert stat.S_IMODE(settings.key_path.stat().st_mode) == 0o600
    keep_pairing(settings.key_path, "k-2", "https://hang-doi.vn")
    paired = as_paired(settings)
    assert (paired.key.get_secret_value(), paired.server_url) == ("k-2", "https://hang-doi.vn")
    assert paired.place.address_base == "https://hang-doi.vn"
    assert as_paired(paired) == paired
    with_key = KioskSettings(key="k-3", home=tmp_path / "home")  # type: ignore[arg-type]
    assert as_paired(with_key) == with_key


def test_an_address_in_the_settings_wins_over_the_one_of_the_pairing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text('server_url = "http://of-the-file:8000"\n', encoding="utf-8")
    monkeypatch.setenv("DENLUOT_KIOSK_HOME", str(tmp_path))
    keep_pairing(tmp_path / "key", "k", "http://of-the-pairing:8000")
    assert as_paired(load()).server_url == "http://of-the-pairing:8000"
    assert as_paired(load(file)).server_url == "http://of-the-file:8000"
    monkeypatch.setenv("DENLUOT_KIOSK_SERVER_URL", "http://of-the-environment:8000")
    assert as_paired(load(file)).server_url == "http://of-the-environment:8000"


def test_a_file_of_before_with_only_the_key_still_works_and_a_spoilt_one_is_told_without_its_key(
    tmp_path: Path,
) -> None:
    settings = KioskSettings(home=tmp_path)
    settings.key_path.write_text("k-1\n", encoding="ascii")
    paired = as_paired(settings)
    assert (paired.key.get_secret_value(), paired.server_url) == ("k-1", "http://127.0.0.1:8000")
    for spoilt in ("", "geheim ftp://server", "gehéim"):
        settings.key_path.write_text(spoilt, encoding="utf-8")
        with pytest.raises(KeyFault, match="empty or spoilt: pair this device first") as fault:
            as_paired(settings)
        assert "geheim" not in str(fault.value)


def test_decode_prints_a_line_for_each_picture(tmp_path: Path) -> None:
    picture = tmp_path / "code.png"
    segno.make("Nguyễn Văn Thử", eci=True, encoding="utf-8").save(str(picture), scale=8)
    result = CliRunner().invoke(cli, ["decode", str(picture), str(tmp_path / "none.png")])
    assert result.exit_code == 0
    first, second = (json.loads(line) for line in result.output.splitlines())
    assert first["payload"] == "Nguyễn Văn Thử"
    assert set(first) >= {"file", "payload", "decoder", "ms"}
    assert second["payload"] is None


def test_ticket_writes_a_picture_and_refuses_nonsense(tmp_path: Path) -> None:
    out = tmp_path / "ticket.png"
    good = CliRunner().invoke(cli, ["ticket", "--number", "A012", "--room", "5", "--lang", "vi", "--out", str(out)])
    assert (good.exit_code, out.is_file()) == (0, True)
    bad = CliRunner().invoke(cli, ["ticket", "--number", "??", "--room", "5", "--out", str(out)])
    assert bad.exit_code == 2


def test_pairing_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DENLUOT_KIOSK_HOME", str(tmp_path))
    result = CliRunner().invoke(cli, ["pair", "12", "--server", "http://127.0.0.1:9"])
    assert result.exit_code == 2
    assert "six digits" in result.output


def test_the_small_commands_load_neither_kivy_nor_the_camera() -> None:
    code = "import sys, kiosk.__main__; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert not {"kivy", "cv2", "escpos", "numpy", "httpx"} & set(run.stdout.split())


def test_a_kiosk_without_a_key_says_so_before_it_opens_a_window(tmp_path: Path) -> None:
    code = "import sys\nfrom kiosk.__main__ import cli\ntry: cli([])\nfinally: print('kivy' in sys.modules)"
    environment = {"DENLUOT_KIOSK_HOME": str(tmp_path), "PATH": "/usr/bin"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=60)
    assert (run.returncode, run.stdout.strip()) == (2, "False")
    assert "pair this device first" in run.stderr
