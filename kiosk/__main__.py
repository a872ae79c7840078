"""Command line of the kiosk. Kivy and OpenCV are loaded only by the commands that need them."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from protocol import logs

if TYPE_CHECKING:
    from kiosk.settings import KioskSettings

cli = typer.Typer(
    help="The patient's screen: read a card, choose, take a number.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file with settings; the environment wins over it.")]


@cli.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    """Without a command: run."""
    if context.invoked_subcommand is None:
        run()


@cli.command()
def run(config: Config = None) -> None:
    """Run the kiosk until its window is closed."""
    settings = _settings(config)
    from hardware.errors import DeviceError
    from protocol.paired_device import KeyFault, as_paired
    from theme.kivy.environment import prepare

    try:
        settings = as_paired(settings)  # before a window is opened for nothing
    except KeyFault as error:
        _give_up(str(error))
    width, height = settings.window
    offscreen = prepare(
        settings.home / "kivy",
        offscreen=settings.offscreen,
        width=width,
        height=height,
        fullscreen=settings.fullscreen,
    )
    logs.set_up(settings.log_json)
    from kiosk.app import build

    try:
        app = build(settings.model_copy(update={"offscreen": offscreen}))
    except (KeyFault, DeviceError) as error:
        _give_up(str(error))
    asyncio.run(_until_told(app.async_run, app.stop))


async def _until_told(work: Callable[[], Awaitable[None]], stop: Callable[[], None]) -> None:
    """A service manager's signal closes the window, so that reader and printer are let go of."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await work()


@cli.command()
def pair(
    code: Annotated[str, typer.Argument(help="Six digits from the administrator's screen.")],
    server: Annotated[str | None, typer.Option(help="Address of the queue server.")] = None,
    config: Config = None,
) -> None:
    """Make this kiosk known to the server; key and address are kept in a file that only this account can read."""
    settings = _settings(config, {"server_url": server.rstrip("/")} if server else {})
    from protocol.paired_device import KeyFault, pair_with

    try:
        device = asyncio.run(pair_with(settings, code))
    except KeyFault as error:
        _give_up(str(error))
    typer.echo(f"{device.name}: paired with {settings.server_url}. Key in {settings.key_path}")


@cli.command()
def decode(images: Annotated[list[Path], typer.Argument(help="Pictures of codes.")]) -> None:
    """Read the code in each picture: one JSON line each, with file, payload, decoder and ms."""
    from hardware.scanner.stills import decode_images

    for answer in decode_images(images):
        typer.echo(json.dumps(answer, ensure_ascii=False))


@cli.command()
def ticket(
    number: Annotated[str, typer.Option(help="As in A012.")],
    room: Annotated[str, typer.Option(help="As on the door.")],
    out: Annotated[Path, typer.Option(help="PNG to write.")],
    lang: Annotated[str, typer.Option(help="vi or en.")] = "vi",
    large: Annotated[bool, typer.Option(help="Large print.")] = False,
    profile: Annotated[str, typer.Option(help="Printer profile.")] = "generic-80",
) -> None:
    """Draw a ticket as it would be printed, without a printer."""
    from hardware.errors import DeviceFault
    from kiosk.preview import PreviewRefused, write_ticket_picture

    try:
        write_ticket_picture(number, room, lang, out, large=large, profile=profile)
    except (PreviewRefused, DeviceFault, OSError) as error:
        _give_up(str(error))
    typer.echo(str(out))


def _settings(config: Path | None, given: dict[str, object] | None = None) -> KioskSettings:
    from kiosk.settings import load
    from protocol.configuration import SettingsFault

    try:
        return load(config, given)
    except SettingsFault as fault:
        _give_up(str(fault))


def _give_up(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(2)


def main() -> None:
    cli(prog_name="denluot-kiosk")


if __name__ == "__main__":
    main()
