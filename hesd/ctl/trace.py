"""`hesctl trace`: the last frames to and from a meter, explained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from hesd.ctl.connection import Daemon, item, with_daemon
from hesd.ctl.printing import json_option, print_done, print_json, print_table
from hesd.links.saved_trace import SavedFrame, save_frames


@click.command()
@click.argument("meter")
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the frames to a file, one a line in JSON, for `hesctl replay`.",
)
@json_option
@with_daemon
def command(daemon: Daemon, meter: str, save: Path | None, as_json: bool) -> None:
    """Show what was said last on the line of a DLMS meter, the oldest frame first.

    Passwords, keys and tokens are blanked with 2A. With --json every frame is explained in full.
    """
    frames = daemon.get(item("meters", meter) + "/trace")["frames"]
    if save is not None:
        _write(save, save_frames(msgspec.convert(frames, list[SavedFrame])))
        print_done({"file": str(save), "frames": len(frames)}, f"{len(frames)} frames are in {save}", as_json)
    elif as_json:
        print_json(frames)
    else:
        print_table(frames, (("AT", "at"), ("", _arrow), ("MEANS", "summary"), ("OCTETS", "octets")))


def _write(path: Path, lines: bytes) -> None:
    try:
        path.write_bytes(lines)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error


def _arrow(frame: Any) -> str:
    return "->" if frame["direction"] == "sent" else "<-"
