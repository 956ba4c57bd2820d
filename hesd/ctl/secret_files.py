"""Secrets on their way in: from files and standard input, never from a command line."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from hesd.model.secrets import KeyName

_STDIN: Final = Path("-")
SECRET_FILE: Final = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


def secrets_given(password_stdin: bool, files: Mapping[str, Path | None]) -> dict[str, str]:
    """What options such as `--encryption-key-file` name, by the name of the secret.

    The first line of a file counts; a file - is standard input, one line for each.
    """
    given = {option.removesuffix("_file"): path for option, path in files.items() if path is not None}
    if password_stdin:
        if KeyName.PASSWORD in given:
            raise click.UsageError("--password-stdin and --password-file say the same thing twice")
        given = {KeyName.PASSWORD.value: _STDIN, **given}
    return {name: _first_line(path) for name, path in given.items()}


def _first_line(path: Path) -> str:
    try:
        if path == _STDIN:
            line = sys.stdin.readline()
        else:
            with path.open(encoding="utf-8") as file:
                line = file.readline(1000)
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path}: cannot be read as text") from error
    return line.rstrip("\r\n")
