"""Whoever has left is gone from the running program: no object of it holds a letter of the card any more."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from kiosk import events as e
from kiosk import flow
from kiosk.effects import SWEPT_AFTER_S
from kiosk.shapes import IsThisYou
from protocol.nouns import Identity
from script.rehearsal.memory import holders
from tests.kiosk.test_kiosk_screens import Kiosk, SeeingScanner, running

pytestmark = pytest.mark.screen


def person() -> tuple[str, tuple[str, ...]]:
    """A card of somebody who is nowhere in the sources, and what of it must be nowhere later."""
    chance = random.Random()
    number = f"0011900{chance.randrange(10**5):05d}"
    given, street = ("".join(chance.choices("bcdghklmnt", k=9)).capitalize() for _ in range(2))
    name = f"Đoàn {given}"
    return f"{number}|012000001|{name}|17051990|Nữ|Thôn {street}, Hà Nội|20042021", (number, given, street)


async def leaves_it(kiosk: Kiosk) -> None:
    kiosk.seconds += flow.IDLE_S
    await kiosk.pilot.until(lambda: kiosk.app.state.asking_since is not None)
    kiosk.seconds += flow.STILL_HERE_S


async def takes_a_number(kiosk: Kiosk) -> None:
    await kiosk.pilot.touch("service:noi")
    await kiosk.at("your_number")
    await kiosk.pilot.until(lambda: bool(kiosk.app.state.visit and kiosk.app.state.visit.paper == "printed"))
    kiosk.hospital.asked.clear()  # the server may know them
    await kiosk.pilot.touch("done")


@pytest.mark.parametrize("ending", [leaves_it, takes_a_number])
async def test_nothing_of_the_card_lives_on(ending: Callable[[Kiosk], Awaitable[None]]) -> None:
    card, words = person()
    async with running(SeeingScanner()) as kiosk:
        kiosk.scanner.show(card)
        await kiosk.at("is_this_you")
        shown = kiosk.app.view.body
        assert isinstance(shown, IsThisYou)
        words += (shown.name, shown.facts[-1].value)
        known = " ".join(holders(words))
        for holder in (Identity.__name__, IsThisYou.__name__, "PropertyStorage", "LayoutWord"):
            assert holder in known, f"looking finds no {holder}, so finding none later would prove nothing"
        await kiosk.pilot.touch("confirm_identity")
        await kiosk.at("what_for")
        await ending(kiosk)
        await kiosk.at("welcome")
        del shown
        assert holders(words) == []


async def test_a_screen_that_is_left_is_blank() -> None:
    card, _ = person()
    async with running() as kiosk:
        kiosk.scanner.show(card)
        await kiosk.at("is_this_you")
        hidden = kiosk.app._screens["is_this_you"]
        assert hidden.view.name
        await kiosk.pilot.touch("not_me")
        await kiosk.at("welcome")
        assert hidden.view == IsThisYou()
        labels = [widget for widget in hidden.walk() if hasattr(widget, "text")]
        assert labels
        assert all((label.text, label.texture) == ("", None) for label in labels)


async def test_what_was_let_go_of_is_swept_out(monkeypatch: pytest.MonkeyPatch) -> None:
    swept = asyncio.Event()
    monkeypatch.setattr("kiosk.effects.gc.collect", swept.set)
    async with running() as kiosk:
        kiosk.app._runner.run(e.Forget())
        await asyncio.wait_for(swept.wait(), SWEPT_AFTER_S + 5)
