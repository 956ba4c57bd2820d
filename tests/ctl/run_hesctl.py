"""Runs `hesctl` in this process, through its real entry."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner, Result

from hesd.ctl.main import hesctl


def run(*arguments: str, **environment: str) -> Result:
    """What the command prints and its exit code; `environment` is added to this one."""
    return CliRunner().invoke(hesctl, arguments, env=environment or None, prog_name="hesctl")


def run_json(*arguments: str) -> Any:
    """What the command prints with `--json`; it has to succeed."""
    result = run(*arguments, "--json")
    if result.exit_code:
        raise AssertionError(f"exit code {result.exit_code}: {result.output}")
    return json.loads(result.stdout)
