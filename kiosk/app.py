"""The kiosk as a program: `build(settings)` joins the journey, the screens and the devices."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from kivy.app import App
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty
from kivy.uix.floatlayout import FloatLayout
from kivy.uix.scatter import Scatter
from kivy.uix.widget import Widget

from hardware.printer.open import open_printer
from hardware.printer.slip import Slip
from hardware.scanner.open import open_scanner
from kiosk import flow
from kiosk.effects import Ports, Runner
from kiosk.events import Event, Print, Tick, Touched
from kiosk.palette import PALETTES, STANDARD
from kiosk.paper import LARGE_PAPER_FROM
from kiosk.settings import KioskSettings
from kiosk.shapes import View
from kiosk.slip import slip
from kiosk.spool import Spool, SpoolFault
from kiosk.state import Screen, State
from kiosk.view import look
from protocol.client import ServerClient
from protocol.paired_device import as_paired
from protocol.requests import new_request_id
from theme.kivy.widgets import register_typefaces

log = logging.getLogger(__name__)
TICK_S = 0.25
HOUSE_TIME = ZoneInfo("Asia/Ho_Chi_Minh")


class KioskApp(App):
    """Holds the state, shows the view, hands effects on. The .kv files read `palette`, `scale`, `big` and `still`."""

    title = "Đến Lượt"
    palette = ObjectProperty(STANDARD, rebind=True)
    scale = NumericProperty(1.0)
    big = BooleanProperty(False)
    still = BooleanProperty(False)

    def __init__(self, settings: KioskSettings, ports: Ports, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.settings = settings
        self._clock = clock
        self._ports = ports
        self._runner = Runner(ports, tell=self.tell, clock=clock, now=self._now, paper=self._paper)
        self._preview = getattr(ports.scanner, "preview", None)
        self.still = settings.motion == "reduced" or (settings.motion == "auto" and bool(settings.offscreen))
        self.state, self._first_effects = flow.start(settings.place, clock(), can_preview=self._preview is not None)
        self._view: View | None = None
        self._screens: dict[Screen, Widget] = {}

    # --- Kivy ---

    def build(self) -> Widget:
        register_typefaces()
        # Imported now and not before: some widgets open the window when they are imported.
        from kiosk.screens.is_this_you import IsThisYouScreen
        from kiosk.screens.quicker_room import QuickerRoomScreen
        from kiosk.screens.scan import ScanScreen
        from kiosk.screens.trouble import TroubleScreen
        from kiosk.screens.welcome import WelcomeScreen
        from kiosk.screens.what_for import WhatForScreen
        from kiosk.screens.which_doctor import WhichDoctorScreen
        from kiosk.screens.your_number import YourNumberScreen
        from kiosk.widgets.frame import HEIGHT, WIDTH, Shell

        self._screens = {
            "welcome": WelcomeScreen(),
            "scan": ScanScreen(),
            "is_this_you": IsThisYouScreen(),
            "what_for": WhatForScreen(),
            "which_doctor": WhichDoctorScreen(),
            "quicker_room": QuickerRoomScreen(),
            "your_number": YourNumberScreen(),
            "trouble": TroubleScreen(),
        }
        self._shell = Shell()
        for part in (self._shell, *self._screens.values()):
            part.bind(on_intent=lambda _, intent: self.touched(intent))
        self._stage = Scatter(
            size_hint=(None, None),
            size=(WIDTH, HEIGHT),
            do_translation=False,
            do_rotation=False,
            do_scale=False,
            auto_bring_to_front=False,
        )
        self._stage.add_widget(self._shell)
        root = FloatLayout()
        root.add_widget(self._stage)
        root.bind(size=self._fit)
        self._fit(root)
        self._show()
        return root

    def _fit(self, root: Widget, *_: object) -> None:
        """The design's pixels, as large as the window allows and in its middle."""
        width, height = self._shell.size
        self._stage.scale = max(min(root.width / width, root.height / height), 0.05)
        self._stage.center = root.center

    def on_start(self) -> None:
        Window.clearcolor = (0, 0, 0, 1)
        self._ticking = Clock.schedule_interval(lambda _: self.tell(Tick(self._clock(), self._time_of_day())), TICK_S)

    def on_stop(self) -> None:
        self._ticking.cancel()  # Kivy's clock outlives the app

    async def async_run(self, async_lib: str | None = "asyncio") -> None:
        """Run until closed. Reader, printer and feed begin and end with it."""
        starting = asyncio.get_running_loop().create_task(self._begin())
        try:
            await super().async_run(async_lib)
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await self._runner.close()

    async def _begin(self) -> None:
        for effect in self._first_effects:
            self._runner.run(effect)
        await self._runner.start()

    # --- the journey ---

    def touched(self, intent: str) -> None:
        """A person touched something."""
        self.tell(Touched(intent, new_request_id()))

    def tell(self, event: Event) -> None:
        """Something happened: decide, show, do."""
        if not isinstance(event, Tick):
            self._step(Tick(self._clock(), self._time_of_day()))
        self._step(event)
        self._show()

    def _step(self, event: Event) -> None:
        before = self.state.screen
        self.state, effects = flow.step(self.state, event)
        if self.state.screen != before:
            log.info("screen name=%s", self.state.screen)
        for effect in effects:
            self._runner.run(effect)

    def _show(self) -> None:
        if not self._screens:
            return
        view = look(self.state)
        if view == self._view:
            return
        self._view = view
        self.palette, self.scale, self.big = PALETTES[view.scheme], view.scale, view.scale >= LARGE_PAPER_FROM
        screen = self._screens[view.screen]
        screen.view = view.body
        for left in self._screens.values():
            if left is not screen:
                left.view = type(left.view)()  # nobody sees it, and it may tell of a person who has gone
        self._shell.frame = view.frame
        self._shell.show_screen(screen)
        self._shell.show_sheet(view.sheet)

    # --- what others ask ---

    @property
    def view(self) -> View:
        """What is on the screen now."""
        return look(self.state)

    def pilot_ids(self) -> tuple[str, ...]:
        """Intents of everything that can be touched now."""
        from theme.kivy.pilot import Pilot

        return Pilot(self).ids()

    def preview(self) -> object | None:
        """The newest picture of the card reader, or None."""
        return self._preview() if self._preview is not None else None

    def _zone(self) -> ZoneInfo:
        site = self.state.hospital.site
        return ZoneInfo(site.time_zone) if site is not None else HOUSE_TIME

    def _time_of_day(self) -> str:
        return self._now().strftime("%H:%M")

    def _now(self) -> datetime:
        return datetime.now(self._zone())

    def _paper(self, order: Print) -> Slip:
        hospital = self.state.hospital
        if hospital.site is None:
            raise RuntimeError("a ticket arrived before the hospital was known")
        return slip(
            order.ticket,
            hospital.site,
            order.language,
            device_name=hospital.device_name,
            address_base=self.settings.place.address_base,
            now=self._now(),
            copy=order.copy,
            large=order.large,
            arrow=order.arrow,
            room_unsure=order.room_unsure,
        )


def build(settings: KioskSettings) -> KioskApp:
    """The whole program, not yet running. Raises KeyFault without a key, DeviceFault for an address nobody knows."""
    settings = as_paired(settings)
    server = ServerClient(settings.server_url, settings.key.get_secret_value())
    scanner, printer = open_scanner(settings.scanner), open_printer(settings.printer, settings.printer_profile)
    return KioskApp(settings, Ports(server, scanner, printer, _spool(settings)))


def _spool(settings: KioskSettings) -> Spool | None:
    """Without one the kiosk works as long as the server is there."""
    try:
        return Spool(settings.spool_path, settings.spool_key_path, lambda: datetime.now(UTC))
    except SpoolFault:  # told by the spool
        return None


__all__ = ["KioskApp", "State", "build"]
