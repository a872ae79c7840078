"""Command line of the display. Kivy is loaded only where there is a wall to draw."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from protocol import logs

if TYPE_CHECKING:
    from display.app import DisplayApp
    from display.settings import DisplaySettings

cli = typer.Typer(
    help="The wall and the voice: who is called, and where.", no_args_is_help=False, pretty_exceptions_enable=False
)
Config = Annotated[Path | None, typer.Option("--config", help="TOML file with settings; the environment wins over it.")]


@cli.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    """Without a command: run."""
    if context.invoked_subcommand is None:
        run()


@cli.command()
def run(
    config: Config = None,
    no_screen: Annotated[bool, typer.Option("--no-screen", help="Only speak: no wall, no Kivy.")] = False,
) -> None:
    """Show and say calls until the window is closed or the program is told to end."""
    settings = _settings(config, {"screen": False} if no_screen else {})
    logs.set_up(settings.log_json)
    if settings.screen:
        settings = _prepared(settings)
    from display.app import build
    from hardware.errors import DeviceError
    from protocol.paired_device import KeyFault

    try:
        app = build(settings)
    except (KeyFault, DeviceError) as error:
        _give_up(str(error))
    asyncio.run(_run(app))


@cli.command()
def pair(
    code: Annotated[str, typer.Argument(help="Six digits from the administrator's screen.")],
    server: Annotated[str | None, typer.Option(help="Address of the queue server.")] = None,
    config: Config = None,
) -> None:
    """Make this display known to the server; key and address are kept in a file that only this account can read."""
    settings = _settings(config, {"server_url": server.rstrip("/")} if server else {})
    from protocol.paired_device import KeyFault, pair_with

    try:
        device = asyncio.run(pair_with(settings, code))
    except KeyFault as error:
        _give_up(str(error))
    typer.echo(f"{device.name}: paired with {settings.server_url}. Key in {settings.key_path}")


@cli.command()
def say(
    number: Annotated[str, typer.Argument(help="As in A012.")],
    room: Annotated[str, typer.Option(help="As on the door.")],
    lang: Annotated[str, typer.Option(help="vi or en.")] = "vi",
    out: Annotated[Path | None, typer.Option(help="WAV file to write.")] = None,
    words: Annotated[bool, typer.Option("--words", help="Print the words only.")] = False,
) -> None:
    """Say a call as it would be said on the loudspeaker, into a file or as words."""
    from display.say import SayFault, call_to_file, call_words

    try:
        if words or out is None:
            typer.echo(call_words(number, room, lang))
            return
        heard = call_to_file(number, room, lang, out)
    except SayFault as error:
        _give_up(str(error))
    typer.echo(f"{out} ({heard.seconds:.1f} s)")


def _prepared(settings: DisplaySettings) -> DisplaySettings:
    """Kivy's environment, set before its first import."""
    from theme.kivy.environment import prepare

    width, height = settings.window
    offscreen = prepare(settings.home / "kivy", offscreen=settings.offscreen, width=width, height=height)
    return settings.model_copy(update={"offscreen": offscreen})


async def _run(app: DisplayApp) -> None:
    """Until it ends by itself or is asked to (what a service manager does to stop it)."""
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, app.stop)
    await app.async_run()


def _settings(config: Path | None, given: dict[str, object]) -> DisplaySettings:
    from display.settings import load
    from protocol.configuration import SettingsFault

    try:
        return load(config, given)
    except SettingsFault as fault:
        _give_up(str(fault))


def _give_up(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(2)


def main() -> None:
    cli(prog_name="denluot-display")


if __name__ == "__main__":
    main()
