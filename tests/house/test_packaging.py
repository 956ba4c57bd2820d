from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from functools import cache
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.daemon_process import CHECKOUT

RUN_TWISTD = "from twisted.scripts.twistd import run; run()"


@cache
def built() -> Path:
    """A folder with the wheel, its files in `site`, and an empty environment in `venv`."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    source = folder / "source"
    left_out = shutil.ignore_patterns(".*", "_trial_temp*", "node_modules", "var", "build", "*.egg-info")
    shutil.copytree(CHECKOUT, source, ignore=left_out)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w"]
    subprocess.run([*build, str(folder), str(source)], check=True, stdout=subprocess.DEVNULL)
    with zipfile.ZipFile(next(folder.glob("hesd-*.whl"))) as contents:
        contents.extractall(folder / "site")
    venv.create(folder / "venv", with_pip=False)
    return folder


class WheelTests(SynchronousTestCase):
    """What somebody gets who installs the wheel, without a checkout in sight."""

    def setUp(self) -> None:
        self.folder = built()
        (self.wheel,) = self.folder.glob("hesd-*.whl")
        self.installed = self.folder / "site"

    def twistd(self, *arguments: str) -> str:
        """What twistd says with the wheel's files and this environment's dependencies.

        A fresh interpreter finds the latter by path alone, so the hooks of editable installs
        have no part in it.
        """
        path = os.pathsep.join((str(self.installed), sysconfig.get_path("purelib")))
        return subprocess.run(
            [self.folder / "venv/bin/python", "-c", RUN_TWISTD, *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def test_twistd_lists_hesd(self) -> None:
        self.assertIn("hesd", self.twistd("--help"))
        self.assertIn("--check-config", self.twistd("hesd", "--help"))

    def test_so_it_does_where_it_may_not_write_its_plugin_cache(self) -> None:
        # For root nothing is read-only; a folder in the cache's place fails the same way.
        cache = self.installed / "twisted/plugins/dropin.cache"
        cache.unlink(missing_ok=True)
        cache.mkdir()
        self.addCleanup(cache.rmdir)
        self.assertIn("hesd", self.twistd("--help"))
        self.assertTrue(cache.is_dir())

    def test_it_carries_what_the_daemon_needs(self) -> None:
        names = set(zipfile.ZipFile(self.wheel).namelist())
        self.assertLessEqual({"hesd/py.typed", "twisted/plugins/hesd_plugin.py"}, names)
        self.assertTrue(any(name.startswith("hesd/store/migrations/versions/") for name in names))
        self.assertFalse([name for name in names if name.endswith("twisted/plugins/__init__.py")])
        if (CHECKOUT / "hesd/web/static/index.html").exists():
            self.assertIn("hesd/web/static/index.html", names)


class DriverWheelTests(SynchronousTestCase):
    """A driver's wheel carries its data, and says where its drivers are."""

    def test_the_list_of_objects_is_in_the_wheel_of_hexcell(self) -> None:
        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        source = folder / "source"
        left_out = shutil.ignore_patterns("*.egg-info", "build", ".*")
        shutil.copytree(CHECKOUT / "drivers/hesd-hexcell", source, ignore=left_out)
        build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w"]
        subprocess.run([*build, str(folder), str(source)], check=True, stdout=subprocess.DEVNULL)
        with zipfile.ZipFile(next(folder.glob("hesd_hexcell-*.whl"))) as contents:
            contents.extractall(folder / "site")
        code = (
            "import hesd_hexcell; from hesd_hexcell.dtsy1088 import DRIVER;"
            "print(hesd_hexcell.__path__[0], len(DRIVER.objects), len(DRIVER.logs))"
        )
        path = os.pathsep.join((str(folder / "site"), str(CHECKOUT)))
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path},
            check=True,
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.stdout.split(), [str(folder / "site/hesd_hexcell"), "706", "43"])


class EditableTests(SynchronousTestCase):
    def test_twistd_lists_hesd(self) -> None:
        command = [Path(sys.executable).with_name("twistd"), "--help"]
        self.assertIn("hesd", subprocess.run(command, check=True, capture_output=True, text=True).stdout)
