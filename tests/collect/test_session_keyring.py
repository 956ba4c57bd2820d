"""Sessions on the real keyring, in a real SQLite file: what is on disk when a session dies."""

from __future__ import annotations

from twisted.internet.task import Clock

from hesd.collect.session import AssociationFailed, Session
from hesd.dlms.acse import Mechanism
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.driver.cosem import Authentication, Ciphering, DLMSDriver
from hesd.model.obis import OBIS
from hesd.store import meters
from hesd.store.keyring import StoredKeyring
from tests.collect.memory_meter import (
    AK,
    EK,
    THEIRS,
    Fault,
    MemoryConversation,
    MemoryMeter,
    number,
    spec_of,
)
from tests.store.store_case import NOON, StoreCase
from tests.store.test_keys import opened

DRIVER = DLMSDriver(vendor="v", models=("m",), source="s", objects=())
ENERGY = AttributeDescriptor(3, OBIS("1.0.1.8.0.255"), 2)
SPEC = spec_of(DRIVER, Authentication.LLS, Ciphering.BOTH)


class KeyringTests(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.meter = MemoryMeter(Mechanism.LLS, ciphered=True)
        self.meter.values[ENERGY] = number(7)
        self.write(meters.create, {"serial": SPEC.serial}, NOON)

    def begin(self, *faults: Fault) -> tuple[StoredKeyring, Session]:
        """As after a start: nothing is known but what is on disk."""
        keyring = StoredKeyring(self.database, opened(), self.clock)
        talk = MemoryConversation(self.meter, self.clock)
        talk.faults.extend(faults)
        return keyring, Session(SPEC, talk, keyring, self.clock)

    async def test_counters_go_on_behind_those_of_a_session_that_died(self) -> None:
        keyring, session = self.begin()
        await keyring.replace_keys(
            SPEC.serial, password=b"00000000", encryption_key=EK, authentication_key=AK
        )
        self.assertEqual(await session.get([(ENERGY, None)]), [number(7)])
        # The meter refuses any counter that is not above the last one.
        for limit in (200, 400, 600):
            _, session = self.begin()
            self.assertEqual(await session.get([(ENERGY, None)]), [number(7)])
            self.assertGreater(self.meter.protection.received.last, limit)
        self.assertEqual((await keyring.secrets(SPEC.serial)).peer_title, THEIRS)

    async def test_what_was_heard_before_a_restart_is_a_replay_after_it(self) -> None:
        heard: list[list[bytes]] = []

        def overheard(meter: MemoryMeter, pdu: bytes) -> list[bytes]:
            heard.append(meter.receive(pdu))
            return heard[-1]

        keyring, session = self.begin(overheard, overheard)
        await keyring.replace_keys(
            SPEC.serial, password=b"00000000", encryption_key=EK, authentication_key=AK
        )
        await session.get([(ENERGY, None)])
        await session.close()
        _, session = self.begin(*[lambda *_, each=each: each for each in heard])
        with self.assertRaises(AssociationFailed):
            await session.associate()
