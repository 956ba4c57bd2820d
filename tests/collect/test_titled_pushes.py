"""Ciphered pushes on connections that are nobody's yet, on real sockets and a real key store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.logger import eventAsText, globalLogPublisher

from hesd.driver.cosem import Authentication, Ciphering
from hesd.model.reading import Quality, Reading, Source
from hesd.model.units import Unit
from hesd.sim.dlms_plant import DialIn
from hesd.sim.faults import FaultKind
from hesd.sim.plant import Plant
from hesd.store import meters
from hesd.store.database import Database
from hesd.store.keyring import StoredKeyring
from hesd.toml_file import Duration
from tests.collect.memory_meter import AK, EK, PASSWORD
from tests.collect.push_modem import PushModem, deliver
from tests.collect.real_dlms_case import AREAS, DRIVERS, SERIALS, VOLTAGE, RealDLMSCase, simulated, spec
from tests.store.store_case import NOON
from tests.store.test_keys import opened

SERIAL, OTHER = SERIALS
WAYS = {"authentication": Authentication.HLS_GMAC, "ciphering": Ciphering.BOTH}
KEYS = {"encryption_key": EK.hex(), "authentication_key": AK.hex()}


class TitledPushTests(RealDLMSCase):
    """The head end has just started; what is kept of its meters is all it knows of them."""

    def made_keyring(self) -> Any:
        self.database = Database("sqlite:///hesd.db", Path(self.mktemp()), reactor)  # type: ignore[arg-type]
        self.database.migrate()
        self.addCleanup(lambda: ensureDeferred(self.database.close()))
        return StoredKeyring(self.database, opened(), reactor)  # type: ignore[arg-type]

    def setUp(self) -> None:
        super().setUp()
        self.modem = PushModem(DRIVERS, *(simulated(each, **KEYS, **WAYS) for each in SERIALS))
        self.logged: list[str] = []
        globalLogPublisher.addObserver(self._log)
        self.addCleanup(globalLogPublisher.removeObserver, self._log)

    def _log(self, event: Any) -> None:
        self.logged.append(eventAsText(event) + repr(event))

    async def keep(self, *serials: str, title: bytes | None = None, **settings: Any) -> None:
        """Register meters with their keys and titles, all the same one where it is given; and listen."""
        for serial in serials:
            own = self.modem[serial].security.title if title is None else title
            fields = {"serial": serial, "system_title": own.hex()}
            self.database.write_blocking(meters.create, fields, NOON)
            await self.keyring.replace_keys(
                serial, password=PASSWORD, encryption_key=EK, authentication_key=AK
            )
        ways = {"interval": 3600, "slow_interval": 3600, **WAYS, **settings}
        await self.listen(*(spec(each, "gprs", **ways) for each in serials))

    async def push(self, frame: bytes, *, hang_up: bool = True) -> Protocol:
        call = await deliver(self.listener.address.port, frame, hang_up=hang_up)
        self.addCleanup(lambda: call.transport.abortConnection())
        return call

    def pushed(self) -> Sequence[Reading]:
        return [each for each in self.readings if (each.obis, each.source) == (VOLTAGE, Source.PUSH)]

    async def refused(self, reason: str, frame: bytes) -> None:
        """Nothing is taken of a push but a count."""
        taken, before = len(self.readings), self.head_end.pushes_refused.copy()
        await self.push(frame)
        await self.passing(lambda: self.head_end.pushes_refused != before)
        self.assertEqual(self.head_end.pushes_refused - before, {reason: 1})
        self.assertEqual(len(self.readings), taken)

    async def test_the_first_of_all_counts_though_the_meter_hangs_up_at_once(self) -> None:
        await self.keep(*SERIALS)
        await self.push(self.modem.frame(OTHER))
        await self.until(lambda: bool(self.pushed()))
        (volts,) = self.pushed()
        self.assertEqual((volts.meter, volts.unit, volts.quality), (OTHER, Unit.V, Quality.GOOD))
        assert isinstance(volts.value, int | float)
        self.assertTrue(200 < volts.value < 260)
        self.assertEqual({each.meter for each in self.readings}, {OTHER})
        self.assertEqual(await self.keyring.received(OTHER), self.modem[OTHER].security.counters.next - 1)
        self.assertEqual((self.strangers, self.head_end.pushes_refused), ([], {}))

    async def test_one_that_stays_is_the_connection_of_its_meter(self) -> None:
        await self.keep(SERIAL)
        call = await self.push(self.modem.frame(SERIAL), hang_up=False)
        await self.passing(lambda: bool(self.head_end.trace(SERIAL)))
        taken = len(self.pushed())
        call.transport.write(self.modem.frame(SERIAL))
        await self.until(lambda: len(self.pushed()) == taken + 1)
        self.assertEqual((taken, self.strangers, self.head_end.pushes_refused), (1, [], {}))

    async def test_on_another_connection_it_counts_and_displaces_nobody(self) -> None:
        await self.keep(SERIAL)
        first = await self.push(self.modem.frame(SERIAL), hang_up=False)
        await self.passing(lambda: bool(self.head_end.trace(SERIAL)))
        (connection,) = self.listener.connections
        await self.push(self.modem.frame(SERIAL), hang_up=False)
        await self.until(lambda: len(self.pushed()) == 2)
        self.assertEqual(self.head_end.trace(SERIAL), list(connection.recorder))
        first.transport.write(self.modem.frame(SERIAL))
        await self.until(lambda: len(self.pushed()) == 3)
        self.assertEqual((self.strangers, self.head_end.pushes_refused), ([], {}))

    async def test_it_is_spoken_to_on_that_connection(self) -> None:
        await self.keep(SERIAL)
        place = DialIn(
            name="gprs", endpoint=f"tcp:127.0.0.1:{self.listener.address.port}", family="push",
            heartbeat=Duration(0.2), meters=(simulated(SERIAL, **KEYS, **WAYS),),
        )  # fmt: skip
        self.simulate(Plant(title="Ikorodu", area=AREAS, dialin=(place,)))
        await self.until(lambda: len(self.pushed()) > 1)
        self.assertEqual(self.head_end.pushes_refused, {})
        (volts,) = await self.head_end.read_now(SERIAL, [VOLTAGE])
        self.assertEqual((volts.source, volts.unit), (Source.READ, Unit.V))

    async def test_forged_it_is_refused_and_the_true_one_after_it_counts(self) -> None:
        await self.keep(SERIAL)
        self.modem.board.switch(SERIAL, FaultKind.FORGED)
        await self.refused("security", self.modem.frame(SERIAL))
        self.assertEqual(await self.keyring.received(SERIAL), -1)
        self.modem.board.clear(SERIAL, FaultKind.FORGED)
        await self.push(self.modem.frame(SERIAL))
        await self.until(lambda: bool(self.pushed()))

    async def test_replayed_it_is_refused_also_after_a_restart(self) -> None:
        await self.keep(SERIAL)
        frame = self.modem.frame(SERIAL)
        await self.push(frame)
        await self.until(lambda: bool(self.pushed()))
        await self.refused("security", frame)
        again = StoredKeyring(self.database, opened(), reactor)  # type: ignore[arg-type]
        for name in ("titled", "secrets", "received", "set_received"):
            self.patch(self.keyring, name, getattr(again, name))
        await self.refused("security", frame)

    async def test_a_title_of_nobody_or_of_two_is_refused(self) -> None:
        await self.keep(SERIAL)
        await self.refused("unknown title", self.modem.frame(OTHER))
        title = self.modem[SERIAL].security.title
        self.database.write_blocking(meters.create, {"serial": OTHER, "system_title": title.hex()}, NOON)
        self.keyring.titles.forget()
        await self.refused("shared title", self.modem.frame(SERIAL))

    async def test_the_keys_of_another_meter_do_not_open_it(self) -> None:
        await self.keep(SERIAL)
        await self.keyring.replace_keys(SERIAL, encryption_key=AK)
        await self.refused("security", self.modem.frame(SERIAL))

    async def test_without_a_tag_nothing_shows_whose_it_is(self) -> None:
        await self.keep(SERIAL, ciphering=Ciphering.ENCRYPTION)
        await self.refused("security", self.modem.frame(SERIAL))

    async def test_a_meter_that_is_registered_and_not_placed_is_none(self) -> None:
        await self.keep(SERIAL)
        self.head_end.place([])
        await self.refused("unknown title", self.modem.frame(SERIAL))

    async def test_who_is_refused_is_asked_and_goes_to_quarantine_like_any_stranger(self) -> None:
        await self.keep(SERIAL)
        place = DialIn(
            name="gprs", endpoint=f"tcp:127.0.0.1:{self.listener.address.port}", family="push",
            heartbeat=Duration(0.2), meters=(simulated(OTHER, **KEYS, **WAYS),),
        )  # fmt: skip
        self.simulate(Plant(title="Ikorodu", area=AREAS, dialin=(place,)))
        await self.until(lambda: bool(self.strangers))
        self.assertEqual(self.strangers[0].serial.lstrip("0"), OTHER)
        self.assertGreater(self.head_end.pushes_refused["unknown title"], 0)
        self.assertEqual(self.readings, [])

    async def test_a_flood_of_unknown_titles_is_one_look_at_the_registry(self) -> None:
        looks = 0
        titles = meters.titles

        def counted(connection: Connection) -> Any:
            nonlocal looks
            looks += 1
            return titles(connection)

        self.patch(meters, "titles", counted)
        await self.keep(SERIAL)
        frames = [self.modem.frame(OTHER) for _ in range(100)]
        await gatherResults([Deferred.fromCoroutine(self.push(frame)) for frame in frames])
        await self.passing(lambda: self.head_end.pushes_refused["unknown title"] == len(frames))
        self.assertEqual(looks, 1)
        await self.push(self.modem.frame(SERIAL))
        await self.until(lambda: bool(self.pushed()))
        self.assertEqual(looks, 1)

    async def test_no_more_than_so_many_wait_for_the_same_meter(self) -> None:
        received = self.keyring.received

        async def received_slowly(serial: str) -> int:
            await deferLater(reactor, 0.1)  # type: ignore[arg-type]
            return int(await received(serial))

        self.patch(self.keyring, "received", received_slowly)
        await self.keep(SERIAL)
        frame = self.modem.frame(SERIAL)
        await gatherResults([Deferred.fromCoroutine(self.push(frame)) for _ in range(120)])
        await self.passing(lambda: self.head_end.pushes_refused["too many"] > 10)
        self.patch(self.keyring, "received", received)
        await self.passing(lambda: self.head_end.pushes_refused.total() == 119)
        self.assertEqual(len(self.pushed()), 1)

    async def test_nothing_secret_is_logged(self) -> None:
        await self.keep(SERIAL)
        self.modem.board.switch(SERIAL, FaultKind.FORGED)
        await self.refused("security", self.modem.frame(SERIAL))
        self.modem.board.clear(SERIAL, FaultKind.FORGED)
        await self.refused("unknown title", self.modem.frame(OTHER))
        await self.push(self.modem.frame(SERIAL))
        await self.until(lambda: bool(self.pushed()))
        everything = "\n".join(self.logged)
        self.assertIn("a push of nobody is refused", everything)
        for secret in (EK, AK, PASSWORD):
            self.assertNotIn(secret.hex(), everything.lower())
            self.assertNotIn(repr(secret)[2:-1], everything)
