"""Settings: all mistakes at once, the nearest known key, and never a value (some are secret)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from protocol.configuration import ProgramSettings, SettingsFault, load_settings


class Inner(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = "sandbox:"
    tries: Annotated[int, Field(ge=1)] = 3


class Sample(ProgramSettings):
    model_config = SettingsConfigDict(env_prefix="SAMPLE_")

    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    key: SecretStr = SecretStr("")
    arrows: dict[str, str] = Field(default_factory=dict)
    emr: Inner = Inner()


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_everything_has_a_harmless_default() -> None:
    assert load_settings(Sample).port == 8000


def test_a_part_that_is_no_json_is_a_mistake_like_others_and_is_not_shown() -> None:
    with environment({"SAMPLE_EMR": '{"base_url": "http://user:secret'}), pytest.raises(SettingsFault) as told:
        load_settings(Sample)
    assert "emr" in str(told.value)
    assert "secret" not in str(told.value)


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path: Path) -> None:
    file = tmp_path / "sample.toml"
    file.write_text('port = 1\nkey = "from file"\n[emr]\ntries = 5\n')
    with environment({"SAMPLE_PORT": "2", "SAMPLE_EMR__BASE_URL": "http://emr/fhir"}):
        settings = load_settings(Sample, file)
        assert (settings.port, settings.key.get_secret_value()) == (2, "from file")
        assert settings.emr.base_url == "http://emr/fhir"
        assert load_settings(Sample, file, {"port": 3}).port == 3


def test_all_mistakes_are_told_at_once_and_no_value_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "sample.toml"
    file.write_text('prot = 1\nkey = "Secret-4711"\n[emr]\nbase_uri = "x"\ntries = 0\n')
    wrong = {"SAMPLE_PORTT": "Secret-4711", "SAMPLE_EMR__TRIS": "1", "SAMPLE_PORT": "not-a-port"}
    with environment(wrong), pytest.raises(SettingsFault) as fault:
        load_settings(Sample, file)
    told = str(fault.value)
    assert "prot: no such setting (did you mean port?)" in told
    assert "emr.base_uri: no such setting (did you mean base_url?)" in told
    assert "SAMPLE_PORTT: no such setting (did you mean SAMPLE_PORT?)" in told
    assert "SAMPLE_EMR__TRIS: no such setting (did you mean SAMPLE_EMR__TRIES?)" in told
    assert "port: " in told
    assert "Secret-4711" not in told
    assert "not-a-port" not in told


def test_a_table_of_free_keys_may_be_set_one_by_one() -> None:
    with environment({"SAMPLE_ARROWS__12": "left"}):
        assert load_settings(Sample).arrows == {"12": "left"}


@pytest.mark.parametrize("content", [b"port = ", b"\xff\xfe", b"port == 1"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsFault, match=r"broken\.toml: cannot be read"):
        load_settings(Sample, file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault, match=r"nowhere\.toml: cannot be read"):
        load_settings(Sample, tmp_path / "nowhere.toml")
