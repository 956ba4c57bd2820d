"""Secrets on their way in: from files and standard input, never from a command line."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TextIO

import click

from hesd.model.secrets import KeyName

_STDIN: Final = Path("-")
_LONGEST_LINE: Final = 1000
_LINES_OF_PEM: Final = 200
_PEM_BEGINS, _PEM_ENDS = "-----BEGIN ", "-----END "
# What openssl writes in front of a key on a curve.
_PARAMETERS: Final = "-----END EC PARAMETERS"
SECRET_FILE: Final = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
OUR_SIGNING_KEY: Final = "For HLS-ECDSA the private key we sign with: PEM, or its number in hex."
METER_PUBLIC_KEY: Final = "And the meter's public key: PEM, a certificate, or x and y in hex."


def secrets_given(password_stdin: bool, files: Mapping[str, Path | None]) -> dict[str, str]:
    """What options such as `--encryption-key-file` name, by the name of the secret.

    The first line of a file counts, or all of the PEM that begins with it; a file - is standard
    input, from which each takes as much.
    """
    given = {option.removesuffix("_file"): path for option, path in files.items() if path is not None}
    if password_stdin:
        if KeyName.PASSWORD in given:
            raise click.UsageError("--password-stdin and --password-file say the same thing twice")
        given = {KeyName.PASSWORD.value: _STDIN, **given}
    return {name: _secret(path) for name, path in given.items()}


def _secret(path: Path) -> str:
    try:
        if path == _STDIN:
            return _line_or_pem(sys.stdin)
        with path.open(encoding="utf-8") as file:
            return _line_or_pem(file)
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path}: cannot be read as text") from error


def _line_or_pem(file: TextIO) -> str:
    lines = [file.readline(_LONGEST_LINE)]
    if lines[0].startswith(_PEM_BEGINS):
        while lines[-1] and len(lines) < _LINES_OF_PEM:
            if lines[-1].startswith(_PEM_ENDS) and not lines[-1].startswith(_PARAMETERS):
                break
            lines.append(file.readline(_LONGEST_LINE))
    return "".join(lines).rstrip("\r\n")
