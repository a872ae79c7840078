"""``script/demo``: see ``script/demo --help``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/demo", description="The main job of a demo hospital on this machine.")
    parser.add_argument("--once", action="store_true", help="run the main job with nobody present, and end")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where --once leaves its proof (default: out)")
    parser.add_argument("--port", type=int, default=8000, help="port of the queue server (default: 8000)")
    arguments = parser.parse_args()
    if arguments.once:
        from script.rehearsal.once import run

        return 0 if asyncio.run(run(arguments.out.resolve())) else 1
    from script.rehearsal.live import run as run_live

    return asyncio.run(run_live(Path("var/demo").resolve(), arguments.port))


if __name__ == "__main__":
    sys.exit(main())
