"""Away is said once and back once."""

from __future__ import annotations

from hardware.errors import DeviceAway, DeviceError, DeviceFault
from hardware.health import HealthTeller, news
from protocol.nouns import DeviceHealth


def test_away_once_and_back_once() -> None:
    teller = HealthTeller("scanner")
    observed = ["ok", "ok", "away", "away", "away", "ok", "ok", "away"]
    told = [teller.observe(state, "ok" if state == "ok" else "unplugged") for state in observed]  # type: ignore[arg-type]
    assert [health.state for health in told if health] == ["away", "ok", "away"]
    assert [place for place, health in enumerate(told) if health] == [2, 5, 7]


def test_another_reason_is_news_but_more_detail_is_not() -> None:
    teller = HealthTeller("printer")
    assert teller.observe("fault", "paper_out", "1") is not None
    assert teller.observe("fault", "paper_out", "2") is None
    changed = teller.observe("fault", "cover_open")
    assert changed == DeviceHealth(part="printer", state="fault", code="cover_open")
    assert teller.now == changed


def test_well_from_the_start_is_no_news() -> None:
    well = DeviceHealth(part="speaker", state="ok")
    assert news(None, well) is None
    assert news(None, well.model_copy(update={"state": "away"})) is not None


def test_errors_say_whether_they_come_back() -> None:
    teller = HealthTeller("scanner")
    away = teller.observe_error(DeviceAway("unplugged", "/dev/ttyACM0"))
    fault = teller.observe_error(DeviceFault("unknown_address"))
    assert away is not None
    assert fault is not None
    assert (away.state, away.code, away.detail) == ("away", "unplugged", "/dev/ttyACM0")
    assert (fault.state, fault.code) == ("fault", "unknown_address")
    assert str(DeviceError("jam")) == "jam"
    assert str(DeviceAway("unplugged", "usb")) == "unplugged: usb"
