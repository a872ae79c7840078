"""The main job with nobody present: one patient from the card in front of the camera to the record system.

Everything on the way is the real program: the camera driver reads a film, a finger touches the drawn buttons, the
ticket goes to a TCP printer port, staff call through the page's endpoints, the wall draws, the voice speaks to a file,
the FHIR endpoint answers over HTTP. Only the things at the ends are made up: film, printer, hospital.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import tempfile
import wave
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import httpx

from hardware.scanner.cards import mask, masked_name
from protocol.frames import AnyFrame, DeviceHealthChanged
from script.rehearsal.cards import demo_cards, film
from script.rehearsal.memory import holders
from script.rehearsal.programs import ARROWS, DemoHospital, Program, free_port
from script.rehearsal.report import Report, StepFailed
from script.rehearsal.staff import Nurse

if TYPE_CHECKING:
    from hardware.printer.fake import FakePrinter
    from kiosk.app import KioskApp
    from protocol.nouns import Ticket
    from protocol.requests import Acted
    from theme.kivy.pilot import Pilot

T = TypeVar("T")
_KINDS = ("Patient", "Encounter", "Task")
OURS = (
    *("kiosk", "display", "voice", "logs", "summary.json", "card.mp4", "board.png", "staff-board.json"),
    *("ticket.png", "ticket.escpos", *(f"fhir-{kind.lower()}.json" for kind in _KINDS)),
)
"""What a run leaves in its folder."""
SERVICE = "general"


class Lens:
    """What stands before the kiosk's camera: one film, over and over, until another takes its place."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lens.mp4"
        self.address = f"video:{self._path}?loop=1"

    def shows(self, film: Path) -> None:
        """From the next time on that the film before is over."""
        coming = self._path.with_suffix(".next")
        coming.symlink_to(film.resolve())
        coming.replace(self._path)


async def run(folder: Path, display_device: str = "demo-display-a") -> bool:
    """Run the main job, leave its proof in `folder`, and tell whether every step went well."""
    _clear(folder)
    report = Report(folder)
    async with AsyncExitStack() as stack:
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="denluot-")))
        try:
            await _main_job(report, folder, temporary, display_device, stack)
        except Exception as error:  # each step has told its own; anything outside of a step is told here
            if report.ok:
                with report.step("the run itself"):
                    raise StepFailed(f"{type(error).__name__}: {error}") from error
        finally:
            report.write()
    report.write()
    print(f"{'All steps went well' if report.ok else 'FAILED'}: {folder / 'summary.json'}", flush=True)
    return report.ok


def _clear(folder: Path) -> None:
    """Proof of an earlier run must not pass for proof of this one. What is not ours stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in OURS:
        if (folder / name).is_dir():
            shutil.rmtree(folder / name)
        else:
            (folder / name).unlink(missing_ok=True)


async def _main_job(report: Report, out: Path, temporary: Path, display_device: str, stack: AsyncExitStack) -> None:
    hospital = DemoHospital(temporary, free_port(), secrets.token_urlsafe(12), secrets.token_urlsafe(24))
    card = demo_cards(date.today())[0]  # noqa: DTZ011 (the card's age is the only thing that depends on it)
    lens = Lens(temporary)
    with report.step("film of a card being held to the camera") as step:
        await asyncio.to_thread(film, card, out / "card.mp4", before_s=0.5, held_s=4, after_s=0.5)
        await asyncio.to_thread(film, None, temporary / "lobby.mp4", before_s=1, held_s=0, after_s=0)
        lens.shows(temporary / "lobby.mp4")
        step.detail = "card.mp4"
    with report.step("demo hospital in SQLite") as step:
        await hospital.furnish(out / "logs" / "demo-data.log")
        step.detail = "12 services, 30 rooms, 4 zones"
    with report.step("queue server answers"):
        server = await hospital.serve(out / "logs" / "server.log")
        stack.push_async_callback(server.stop)
    with report.step("staff sign in"):
        nurse = await stack.enter_async_context(Nurse.at_work(hospital.address, "dieuduong", hospital.password))
    with report.step("display draws and has a voice"):
        display = await _start_display(hospital, display_device, out)
        stack.push_async_callback(display.stop)
        for part in ("screen", "speaker"):
            await nurse.hear(partial(_is_well, display_device, part), f"the display's {part} being well", 30)
    ticket, pilot, printer = await _at_the_kiosk(report, hospital, out, lens, stack)
    called = await _call(report, nurse, ticket, out, display)
    await _record_system(report, hospital, ticket, out)
    await _goodbye(report, nurse, pilot, called, out)
    report.figures["number"], report.figures["room"] = ticket.number, ticket.room.number
    printer.stop()


async def _start_display(hospital: DemoHospital, device_id: str, out: Path) -> Program:
    settings = {
        "DENLUOT_DISPLAY_SERVER_URL": hospital.address,
        "DENLUOT_DISPLAY_KEY": hospital.key(device_id),
        "DENLUOT_DISPLAY_SPEAKER": f"wav:{out / 'voice'}",
        "DENLUOT_DISPLAY_PICTURES_FOLDER": str(out / "display"),
        "DENLUOT_DISPLAY_OFFSCREEN": "true",
        "DENLUOT_DISPLAY_HOME": str(hospital.folder / "display"),
    }
    return await Program.start("display", "run", settings=settings, log=out / "logs" / "display.log")


def _is_well(device_id: str, part: str, frame: AnyFrame) -> bool:
    if not isinstance(frame, DeviceHealthChanged) or frame.device.device_id != device_id:
        return False
    return frame.health.part == part and frame.health.state in {"ok", "warning"}


# --- the patient -----------------------------------------------------------------------------------------------------


async def _at_the_kiosk(
    report: Report, hospital: DemoHospital, out: Path, lens: Lens, stack: AsyncExitStack
) -> tuple[Ticket, Pilot, FakePrinter]:
    from hardware.printer.fake import FakePrinter

    printer = FakePrinter()
    printer.start()
    stack.callback(printer.stop)
    with report.step("kiosk shows its first screen"):
        app, pilot = await _start_kiosk(hospital, printer.address, lens, stack)
        await pilot.until(lambda: app.state.hospital.site is not None, 20, "the hospital from the feed")
        await pilot.picture(out / "kiosk" / "1-welcome.png")
    with report.step("English and back, by touch"):
        for language, name in (("en", "1-welcome-english.png"), ("vi", "")):
            await pilot.touch(f"language:{language}")
            await pilot.until(lambda wanted=language: app.state.comfort.language == wanted, 5, f"language {language}")  # type: ignore[misc]
            if name:
                await pilot.picture(out / "kiosk" / name)
    with report.step("camera reads the card") as step:
        lens.shows(out / "card.mp4")
        await pilot.until(lambda: app.state.screen == "is_this_you", 30, "the screen 'is this you?'")
        lens.shows(hospital.folder / "lobby.mp4")  # the person takes the card away
        await pilot.picture(out / "kiosk" / "2-is-this-you.png")
        step.detail = "exact text of the card, read from the film"
    with report.step("patient confirms and chooses by touch"):
        await pilot.touch("confirm_identity")
        await pilot.until(lambda: app.state.screen == "what_for", 5, "the screen 'what for?'")
        await pilot.picture(out / "kiosk" / "3-what-for.png")
        await pilot.touch(f"service:{SERVICE}")
    with report.step("number and room on the screen") as step:
        await pilot.until(lambda: app.state.screen == "your_number", 10, "the screen 'your number'")
        ticket = app.state.visit.ticket if app.state.visit else None
        if ticket is None:
            raise StepFailed("the number's screen is shown without a ticket")
        step.detail = f"{ticket.number}, room {ticket.room.number}"
    await _paper(report, app, pilot, printer, out)
    return ticket, pilot, printer


async def _start_kiosk(
    hospital: DemoHospital, printer_address: str, lens: Lens, stack: AsyncExitStack
) -> tuple[KioskApp, Pilot]:
    from theme.kivy.environment import prepare

    prepare(hospital.folder / "kiosk-kivy", offscreen=True)
    from kiosk.app import build
    from kiosk.settings import KioskSettings
    from theme.kivy.pilot import Pilot

    settings = KioskSettings.model_validate(
        {
            "server_url": hospital.address,
            "key": hospital.key("demo-kiosk-1"),
            "scanner": lens.address,
            "printer": printer_address,
            "arrows": ARROWS,
            "offscreen": True,
            "home": hospital.folder / "kiosk",
        }
    )
    app = build(settings)
    running = asyncio.create_task(app.async_run(async_lib="asyncio"))

    async def stop() -> None:
        app.stop()
        await asyncio.wait_for(running, 15)

    stack.push_async_callback(stop)
    pilot = Pilot(app)
    await pilot.until(lambda: app.root is not None and bool(pilot.ids()), 20, "the first screen")
    return app, pilot


async def _paper(report: Report, app: KioskApp, pilot: Pilot, printer: FakePrinter, out: Path) -> None:
    from hardware.printer.paper import interpret

    with report.step("printer got the ticket over TCP") as step:
        await pilot.until(lambda: bool(app.state.visit and app.state.visit.paper == "printed"), 10, "the paper")
        (out / "ticket.escpos").write_bytes(printer.slips[-1])
        interpret(printer.slips[-1]).picture().save(out / "ticket.png")
        await pilot.picture(out / "kiosk" / "4-your-number.png")
        step.detail = f"{len(printer.slips[-1])} bytes of ESC/POS; the printer says it is printed"


def _of_the_person() -> tuple[str, ...]:
    """What must be nowhere once they have gone: from the card, and as it was shown."""
    number, _, name, *_ = demo_cards(date.today())[0].code.split("|")  # noqa: DTZ011
    return number, name, mask(number), masked_name(name)


async def _goodbye(report: Report, nurse: Nurse, pilot: Pilot, called: Acted, out: Path) -> None:
    with report.step("kiosk forgets the person") as step:
        app = pilot.app
        if app.state.screen == "your_number":
            await pilot.touch("done")
        await pilot.until(lambda: app.state.screen == "welcome" and app.state.visit is None, 20, "the first screen")
        await pilot.settle(12)
        known = holders(_of_the_person())
        if known:
            raise StepFailed(f"the kiosk still knows the person: {', '.join(known)}")
        step.detail = "no object of the running kiosk holds a word of the card"
        await pilot.picture(out / "kiosk" / "5-welcome-again.png")
    with report.step("staff finish"):
        finished = await nurse.finish(called)
        if finished.entry.state != "finished":
            raise StepFailed(f"the entry is {finished.entry.state}")


# --- the call --------------------------------------------------------------------------------------------------------


async def _call(report: Report, nurse: Nurse, ticket: Ticket, out: Path, display: Program) -> Acted:
    with report.step("staff call the next") as step:
        called = await nurse.call_next(ticket.room.room_id)
        if called.entry.number != ticket.number:
            raise StepFailed(f"{called.entry.number} was called instead of {ticket.number}")
        step.detail = f"{called.entry.number} to room {ticket.room.number}"
    with report.step("wall shows the call"):
        display.must_run()
        shown = await nurse.hear_of_call(called.seq, "shown", 10)
        pictures = await _until(lambda: sorted((out / "display").glob("*.png")), 10, "picture of the call", display)
        shutil.copyfile(pictures[-1], out / "board.png")
    with report.step("voice says the call") as step:
        heard = await nurse.hear_of_call(called.seq, "heard", 30)
        sound = max((out / "voice").glob("*.wav"), key=lambda path: path.stat().st_mtime)
        with wave.open(str(sound)) as opened:
            seconds = opened.getnframes() / opened.getframerate()
        if seconds < 2:
            raise StepFailed(f"{sound.name} is only {seconds:.1f} s long")
        step.detail = f"{sound.name}, {seconds:.1f} s"
    called_at = called.entry.called_at
    if called_at is not None:
        report.figures["shown_after_s"] = round((shown.at - called_at).total_seconds(), 3)
        report.figures["heard_after_s"] = round((heard.at - called_at).total_seconds(), 3)
        report.figures["sound_s"] = round(seconds, 2)
    (out / "staff-board.json").write_text(
        json.dumps(await nurse.board(ticket.room.room_id), ensure_ascii=False, indent=2), encoding="utf-8"
    )
    return called


async def _record_system(report: Report, hospital: DemoHospital, ticket: Ticket, out: Path) -> None:
    with report.step("record system has the visit") as step:
        headers = {"Authorization": f"Bearer {hospital.emr_token}"}
        async with httpx.AsyncClient(timeout=5, headers=headers) as client:
            end = asyncio.get_running_loop().time() + 20
            while True:
                answers = {kind: await client.get(f"{hospital.fhir_address}/{kind}") for kind in _KINDS}
                if all(answer.status_code == 200 and answer.json().get("total") == 1 for answer in answers.values()):
                    break
                if asyncio.get_running_loop().time() > end:
                    raise StepFailed(f"answers: { ({kind: answer.text[:120] for kind, answer in answers.items()}) }")
                await asyncio.sleep(0.1)
        for kind, answer in answers.items():
            resource = answer.json()["entry"][0]["resource"]
            text = json.dumps(resource, ensure_ascii=False, indent=2)
            (out / f"fhir-{kind.lower()}.json").write_text(text + "\n", encoding="utf-8")
        if ticket.number not in (out / "fhir-task.json").read_text(encoding="utf-8"):
            raise StepFailed("the FHIR Task does not tell the ticket's number")
        step.detail = ", ".join(_KINDS)


async def _until(found: Callable[[], T], patience_s: float, what: str, program: Program) -> T:
    end = asyncio.get_running_loop().time() + patience_s
    while not (result := found()):
        program.must_run()
        if asyncio.get_running_loop().time() > end:
            raise StepFailed(f"no {what} within {patience_s:g} s")
        await asyncio.sleep(0.05)
    return result
