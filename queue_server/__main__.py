"""The command line of the server. Each command imports what it needs, so that light ones start at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from queue_server.settings import ServerSettings

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Đến Lượt: the queue server.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # some versions show the values of variables: passwords, keys
)
staff = typer.Typer(no_args_is_help=True, help="Who may sign in at the staff pages.")
cli.add_typer(staff, name="staff")
Config = Annotated[Path | None, typer.Option(help="Settings as a TOML file; the environment wins over it.")]
Username = Annotated[str, typer.Argument(help="What the person types to sign in.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password as one line of standard input instead of asking.")
]


def main() -> None:
    cli()


@cli.command()
def serve(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Run the server until Ctrl-C."""
    import uvicorn

    from protocol import logs
    from queue_server.api.gate import how_to_serve, open_files, settle_memory
    from queue_server.app import build

    with _faults_told():
        settings = _settings(config, host=host, port=port)
        logs.set_up(settings.log_json)
        open_files()
        app = build(settings)
        settle_memory()
        typer.echo(f"Đến Lượt: {settings.base_address} (API: {settings.base_address}/docs)", err=True)
        uvicorn.run(app, host=settings.host, port=settings.port, **how_to_serve(settings))


@cli.command()
def migrate(config: Config = None) -> None:
    """Bring the database to the newest form. `serve` does this too."""
    from queue_server.command_line import open_database

    with _faults_told(), open_database(_settings(config)):
        typer.echo("The database has the newest form.")


@cli.command()
def demo_data(
    config: Config = None,
    keys: Annotated[Path, typer.Option(help="File for the device keys (JSON), for its owner only.")] = Path(
        "var/demo-keys.json"
    ),
    password: Annotated[str | None, typer.Option(help="Password of the demo staff. Default: a random one.")] = None,
) -> None:
    """Make the hospital of the demonstration: services, rooms, zones, staff and paired devices."""
    from queue_server.command_line import make_demo_data

    with _faults_told():
        for line in make_demo_data(_settings(config), keys, password):
            typer.echo(line)


@cli.command()
def pair(
    kind: Annotated[str, typer.Argument(help="kiosk, display or speaker")],
    name: Annotated[str, typer.Argument(help="What people call the device.")],
    zone: Annotated[str | None, typer.Option(help="The waiting area it belongs to.")] = None,
    config: Config = None,
) -> None:
    """Make a pairing code; type it at the device within ten minutes."""
    from queue_server.command_line import make_pairing_code

    with _faults_told():
        typer.echo(make_pairing_code(_settings(config), kind, name, zone))


@cli.command()
def revoke(device_id: str, config: Config = None) -> None:
    """Cut a device off: its key is worth nothing from now on."""
    from queue_server.command_line import revoke_device

    with _faults_told():
        revoke_device(_settings(config), device_id)
        typer.echo(f"{device_id} is cut off.")


@staff.command("add")
def staff_add(
    username: Username,
    name: Annotated[str, typer.Option(help="What people call the person.")],
    role: Annotated[str, typer.Option(help="staff, or admin: may change the hospital too")],
    password_stdin: PasswordStdin = False,
    config: Config = None,
) -> None:
    """Let a person sign in. The password (10 characters or more) is asked for twice, and never shown."""
    from queue_server.staff_command import add

    with _faults_told():
        add(_settings(config), username, name, role, _password(password_stdin))
        typer.echo(f"{username} may sign in.")


@staff.command("list")
def staff_list(config: Config = None) -> None:
    """Tell who may sign in, who may no more, and as what."""
    from queue_server.staff_command import listed

    with _faults_told():
        for line in listed(_settings(config)):
            typer.echo(line)


@staff.command("password")
def staff_password(username: Username, password_stdin: PasswordStdin = False, config: Config = None) -> None:
    """Give a person a new password: whoever signed in with the old one is signed out."""
    from queue_server.staff_command import change_password

    with _faults_told():
        change_password(_settings(config), username, _password(password_stdin))
        typer.echo(f"{username} has a new password.")


@staff.command("disable")
def staff_disable(username: Username, config: Config = None) -> None:
    """Sign a person out and let them in no more. What they did stays as it is; `staff add` lets them in again."""
    from queue_server.staff_command import disable

    with _faults_told():
        disable(_settings(config), username)
        typer.echo(f"{username} is signed out and may sign in no more.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


@cli.command()
def doctor(config: Config = None) -> None:
    """Check settings, database and journal, and say plainly what is well and what is not."""
    from queue_server.command_line import examine

    with _faults_told():
        well = True
        for finding in examine(_settings(config)):
            well = well and finding.well
            typer.echo(f"{'ok   ' if finding.well else 'FAULT'} {finding.text}")
        raise typer.Exit(0 if well else 1)


@cli.command()
def read_card() -> None:
    """Read card texts: a JSON line in, a JSON line out, whatever comes."""
    from datetime import date

    from hardware.scanner.cards.lines import read_lines

    today = date.today()  # noqa: DTZ011 (the hospital's own clock is meant)
    for answer in read_lines(sys.stdin.buffer, today):
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


@cli.command()
def estimate() -> None:
    """Learn waits from events (JSON lines on standard input) and answer each `ask` at once."""
    from queue_server.estimate_command import answers

    for answer in answers(sys.stdin.buffer):
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


@cli.command()
def accuracy(
    day: Annotated[str | None, typer.Option(help="A business day, such as 2026-11-20. Default: today so far.")] = None,
    config: Config = None,
) -> None:
    """Tell whether people were called when they had been told, by service and class."""
    from queue_server.command_line import tell_accuracy

    with _faults_told():
        for line in tell_accuracy(_settings(config), day):
            typer.echo(line)


@cli.command()
def simulate(
    patients: Annotated[int, typer.Option(min=1, max=20_000, help="People who come.")] = 1200,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same day.")] = 1,
    policy: Annotated[Path | None, typer.Option(help="A policy (TOML or .json) to try.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to leave the journal in, for `replay`.")] = None,
    days: Annotated[int, typer.Option(min=1, max=60, help="With days before, waits are learned and measured.")] = 1,
    pooled: Annotated[list[str] | None, typer.Option(help="A service whose rooms call from one pool.")] = None,
) -> None:
    """Play a synthetic day of the demonstration's hospital through the real use cases, and tell the waits."""
    from queue_server.replay_command import read_policy
    from queue_server.simulate_command import simulate as play

    with _faults_told():
        wanted = read_policy(policy) if policy else None
        say = partial(typer.echo, err=True)
        for line in play(patients, seed, wanted, out, say, days, pooled or ()):
            typer.echo(line)


@cli.command()
def replay(
    journal: Annotated[Path, typer.Argument(help="A day's journal as JSON lines.")],
    policy: Annotated[Path, typer.Option(help="A policy as TOML or, in a file named .json, as JSON.")],
) -> None:
    """Tell the waits that a recorded day would have had under another policy, beside the recorded ones."""
    from queue_server.replay_command import replay as rerun

    with _faults_told():
        for line in rerun(journal, policy):
            typer.echo(line)


def _settings(config: Path | None, **given: object) -> ServerSettings:
    from queue_server.settings import load

    return load(config, {name: value for name, value in given.items() if value is not None})


@contextmanager
def _faults_told() -> Iterator[None]:
    """What a person at the command line can mend is said in words, without a traceback."""
    from protocol.configuration import SettingsFault
    from queue_server.errors import QueueError

    try:
        yield
    except SettingsFault as fault:
        typer.echo(f"The settings cannot be used:\n{fault}", err=True)
        raise typer.Exit(2) from None
    except QueueError as fault:
        typer.echo(f"Refused: {fault.code} {' '.join(fault.detail.values())}".rstrip(), err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    main()
