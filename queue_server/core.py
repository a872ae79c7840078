"""What every endpoint, page and long-lived task of one server process works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from protocol.nouns import Site
from queue_server.auth.known import KnownDevices
from queue_server.auth.limits import RateLimit
from queue_server.auth.passwords import Passwords
from queue_server.hub import Hub
from queue_server.settings import ServerSettings
from queue_server.snapshots import Snapshots
from queue_server.store.engine import Engine
from queue_server.store.writer import Writer
from queue_server.waits import Waits

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def first_site(settings: ServerSettings) -> Site:
    """The site as it is before anybody has described it."""
    return Site(site_id=settings.site_id, names={"vi": "Bệnh viện", "en": "Hospital"})


@dataclass(frozen=True)
class Core:
    """Made once by `queue_server.app.build` and kept as ``app.state.core``."""

    settings: ServerSettings
    engine: Engine
    writer: Writer
    hub: Hub
    snapshots: Snapshots
    waits: Waits
    passwords: Passwords
    sign_in_limit: RateLimit
    pairing_limit: RateLimit
    clock: Clock = utc_now
    known_devices: KnownDevices = field(default_factory=KnownDevices)
