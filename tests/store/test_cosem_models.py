"""What was learned of a model of meters is kept under its key."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock

from hesd.store.cosem_models import StoredModels
from tests.store.store_case import StoreCase

KEY = "hexcell-ddsy1088/1.0/scalers"


class ModelTests(StoreCase):
    async def test_the_last_word_stays_over_a_restart(self) -> None:
        clock: Any = Clock()
        models = StoredModels(self.database, clock)
        self.assertIsNone(await models.load(KEY))
        await models.save(KEY, {"3 1.0.1.8.0.255": [1, 30]})
        await models.save(KEY, {"3 1.0.1.8.0.255": [0, 30]})
        again = StoredModels(self.open(), clock)
        self.assertEqual(await again.load(KEY), {"3 1.0.1.8.0.255": [0, 30]})
