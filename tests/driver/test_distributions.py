"""Drivers stay what a vendor can copy: short tables that know `hesd.driver` and `hesd.model`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import hesd

DISTRIBUTIONS = sorted((Path(hesd.__file__).parent.parent / "drivers").glob("hesd-*/"))
LONGEST_FILE = 120
# A table may be read from data of its own distribution; nothing here opens anything else.
STANDARD = {
    "__future__", "collections.abc", "csv", "dataclasses", "functools", "importlib.resources", "typing",
}  # fmt: skip


def sources() -> Iterator[Path]:
    for distribution in DISTRIBUTIONS:
        yield from (distribution / distribution.name.replace("-", "_")).rglob("*.py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


class Distributions(SynchronousTestCase):
    def test_they_import_what_a_driver_may(self) -> None:
        self.assertGreaterEqual(len(DISTRIBUTIONS), 4)
        for path in sources():
            allowed = ("hesd.driver", "hesd.model", path.parent.name)
            for module in imports(path):
                may = module in STANDARD or module.startswith(allowed)
                self.assertTrue(may, f"{path} imports {module}")

    def test_a_meter_is_one_short_file(self) -> None:
        for path in sources():
            self.assertLessEqual(len(path.read_text(encoding="utf-8").splitlines()), LONGEST_FILE, path)
