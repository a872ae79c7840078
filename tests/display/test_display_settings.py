"""Settings: harmless defaults, every mistake told at once, the environment wins over the file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from display.settings import DisplaySettings, load
from protocol.configuration import SettingsFault
from protocol.paired_device import KeyFault, as_paired, keep_pairing


@contextmanager
def environment(**values: str) -> Iterator[None]:
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]


def config(folder: Path, text: str) -> Path:
    path = folder / "display.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_are_harmless() -> None:
    settings = load()
    assert settings.speaker == "tts:"
    assert settings.window == (1920, 1080)
    assert settings.pictures_folder is None
    assert settings.style.languages == ("vi", "en")


def test_file_environment_and_command_line_in_this_order(tmp_path: Path) -> None:
    path = config(tmp_path, 'orientation = "portrait"\nserver_url = "http://a:1"\nspeaker = "fake:"\n')
    with environment(DENLUOT_DISPLAY_SERVER_URL="http://b:2"):
        settings = load(path, {"speaker": ""})
    assert settings.window == (1080, 1920)
    assert settings.server_url == "http://b:2"
    assert settings.speaker == ""


def test_all_of_a_walls_own_setup(tmp_path: Path) -> None:
    path = config(
        tmp_path,
        'languages = ["vi"]\nrows = 8\nflash = false\nnotices = [{vi = "Xin giữ yên lặng."}]\n'
        '[arrows]\n12 = "up-left"\n',
    )
    style = load(path).style
    assert style.arrows == {"12": "up-left"}
    assert style.notices == ({"vi": "Xin giữ yên lặng."},)
    assert (style.languages, style.rows, style.flash) == (("vi",), 8, False)


def test_every_mistake_is_told_at_once_with_what_was_meant(tmp_path: Path) -> None:
    path = config(tmp_path, 'speeker = "tts:"\nrows = 2\nserver_url = "ftp://secret-host"\nlanguages = ["vi", "xx"]\n')
    with environment(DENLUOT_DISPLAY_KEYFILE="x"), pytest.raises(SettingsFault) as caught:
        load(path)
    text = str(caught.value)
    assert "speeker: no such setting (did you mean speaker?)" in text
    assert "DENLUOT_DISPLAY_KEYFILE: no such setting (did you mean DENLUOT_DISPLAY_KEY_FILE?)" in text
    assert "rows:" in text
    assert "server_url:" in text
    assert "secret-host" not in text


@pytest.mark.parametrize("text", ['languages = ["km"]', "languages = []", 'languages = ["vi", "en", "vi"]', "= broken"])
def test_what_cannot_be_used_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsFault):
        load(config(tmp_path, text))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault):
        load(tmp_path / "none.toml")


def test_the_pairing_is_kept_where_only_this_account_reads_it(tmp_path: Path) -> None:
    settings = DisplaySettings(home=tmp_path / "home")
    with pytest.raises(KeyFault, match="pair this device first"):
        as_paired(settings)
    keep_pairing(settings.key_path, "secret", "http://server:8000")
    paired = as_paired(settings)
    assert (paired.key.get_secret_value(), paired.server_url) == ("secret", "http://server:8000")
    assert stat.S_IMODE(settings.key_path.stat().st_mode) == 0o600
    (tmp_path / "file").touch()
    with pytest.raises(KeyFault):
        keep_pairing(tmp_path / "file" / "key", "secret", "http://server:8000")


def test_a_key_in_the_settings_wins_and_is_not_shown() -> None:
    settings = DisplaySettings(key="from-the-settings")  # type: ignore[arg-type]
    assert as_paired(settings).key.get_secret_value() == "from-the-settings"
    assert "from-the-settings" not in repr(settings)
