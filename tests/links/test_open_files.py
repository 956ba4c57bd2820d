from __future__ import annotations

import resource

from twisted.trial.unittest import SynchronousTestCase

from hesd.links import open_files
from hesd.links.open_files import make_room_for


class OpenFilesTests(SynchronousTestCase):
    def limited(self, soft: int, hard: int) -> list[tuple[int, int]]:
        """What is set where these are the limits."""
        put: list[tuple[int, int]] = []
        self.patch(open_files.resource, "getrlimit", lambda _kind: (soft, hard))
        self.patch(open_files.resource, "setrlimit", lambda _kind, limits: put.append(limits))
        return put

    def test_the_limit_is_raised_as_far_as_needed_and_allowed(self) -> None:
        for soft, hard, fit, put in (
            (1024, 65_536, 20_000, [(20_512, 65_536)]),
            (1024, resource.RLIM_INFINITY, 20_000, [(20_512, resource.RLIM_INFINITY)]),
            (1024, 4096, 3584, [(4096, 4096)]),
            (65_536, 65_536, 65_024, []),
            (256, 256, 0, [(256, 256)]),
        ):
            limits = self.limited(soft, hard)
            self.assertEqual(make_room_for(20_000), fit)
            self.assertEqual(limits, put)
