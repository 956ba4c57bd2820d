"""A ciphered meter: every suite and form, its counters, its keys, and what it does when it is broken."""

from __future__ import annotations

import os
from collections.abc import Callable

from hesd.dlms.access_result import ActionResult
from hesd.dlms.acse import Mechanism
from hesd.dlms.association import Terms
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.exception import ServiceError
from hesd.dlms.security import SecurityControl, Suite, wrap_key
from hesd.sim.plant_check import problems
from tests.dlms.signing_pairs import METER_PAIR, OTHER_PAIR, OUR_PAIR, SIGNING_SUITES, Pair
from tests.sim.dlms_case import DRIVERS, DLMSCase, entry, plant_of
from tests.sim.dlms_head import AK, EK, MK, TITLE, Head, Lost, Silent, ciphered, hdlc, wrapper

KEYS = {"encryption_key": EK, "authentication_key": AK, "master_key": MK}
GMAC = {"authentication": "hls-gmac", "ciphering": "both", **KEYS}
NEW = "a0" * 16
CONTROLS = {
    "authentication": SecurityControl.AUTHENTICATED,
    "encryption": SecurityControl.ENCRYPTED,
    "both": SecurityControl.AUTHENTICATED_ENCRYPTED,
}
ENERGY = (3, "1.0.32.7.0.255")


class CipheredCase(DLMSCase):
    async def with_meter(self, work: Callable[[], None], *meters: dict[str, object]) -> None:
        played = meters or (entry("1001", **GMAC),)
        self.play(
            dlms=[
                {"name": "house", "meters": list(played)},
                {"name": "hall", "framing": "hdlc", "meters": [entry("2001", **GMAC)]},
            ]
        )
        await self.in_thread(work)

    def head(self, terms: Terms | None = None, server: int = 1, timeout: float = 5) -> Head:
        return Head(self.port("house"), wrapper(17, server), terms or ciphered(), timeout)


class FormTests(CipheredCase):
    async def test_framings_and_forms(self) -> None:
        def read() -> None:
            forms = [
                (self.port("house"), wrapper(17), ciphered()),
                (self.port("hall"), hdlc(17), ciphered()),
                (self.port("house"), wrapper(17), ciphered(first=100, general=True)),
                (self.port("house"), wrapper(17), ciphered(first=200, dedicated=b"D" * 16)),
            ]
            for address, link, terms in forms:
                with Head(address, link, terms) as head:
                    head.associate()
                    self.assertTrue(head.get(*ENERGY))
                    self.assertGreater(len(head.get(15, "0.0.40.0.0.255")), 10)  # in blocks
                    self.assertEqual(head.discarded, [])

        await self.with_meter(read)

    async def test_protections_mechanisms_and_suites(self) -> None:
        long = {"encryption_key": "11" * 32, "authentication_key": "22" * 32}
        kinds = [
            (entry("1", address=1, ciphering=name, **KEYS), ciphered(Mechanism.LLS, control=control))
            for name, control in CONTROLS.items()
        ]
        kinds += [
            (
                entry("4", address=4, authentication="hls-sha256", ciphering="both", suite=1, **KEYS),
                ciphered(Mechanism.HLS_SHA256, suite=1),
            ),
            (
                entry("5", address=5, authentication="hls-gmac", ciphering="both", suite=2, **long),
                ciphered(suite=2, key="11" * 32, authentication_key="22" * 32),
            ),
        ]
        for address, (meter, _) in enumerate(kinds, 1):
            meter |= {"address": address, "serial": str(address)}

        def read() -> None:
            for address, (_, terms) in enumerate(kinds, 1):
                with self.head(terms, address) as head:
                    head.associate()
                    self.assertTrue(head.get(*ENERGY))

        await self.with_meter(read, *(meter for meter, _ in kinds))

    async def test_another_key_and_in_clear(self) -> None:
        def read() -> None:
            for terms in (ciphered(key=NEW), Terms(mechanism=Mechanism.LLS, secret=b"00000000"), Terms()):
                with self.head(terms) as head:
                    self.assertRaises(Lost, head.associate)

        await self.with_meter(read)


class SigningTests(DLMSCase):
    async def test_both_suites_over_wrapper_and_hdlc(self) -> None:
        kinds = [(framing, suite) for framing in ("wrapper", "hdlc") for suite in SIGNING_SUITES]
        self.play(
            dlms=[
                {
                    "name": f"{framing}-{suite}",
                    "framing": framing,
                    "meters": [entry(f"{framing}-{suite}", **self.fields(suite))],
                }
                for framing, suite in kinds
            ]
        )

        def read() -> None:
            for framing, suite in kinds:
                address = self.port(f"{framing}-{suite}")
                link = {"wrapper": wrapper, "hdlc": hdlc}[framing]
                stranger = Head(address, link(17), signed(OTHER_PAIR[suite], suite))
                with stranger as head, self.assertRaisesRegex(Lost, "does not take our proof"):
                    head.associate()
                with Head(address, link(17), signed(OUR_PAIR[suite], suite)) as head:
                    head.associate()
                    self.assertTrue(head.get(*ENERGY))

        await self.in_thread(read)

    def fields(self, suite: Suite) -> dict[str, object]:
        return {
            "authentication": "hls-ecdsa",
            "suite": int(suite),
            "meter_signing_key": METER_PAIR[suite].sec1,
            "client_public_key": OUR_PAIR[suite].point.hex(),
        }

    def test_what_a_plant_file_cannot_say(self) -> None:
        good, other = self.fields(Suite.AES_128_P256), self.fields(Suite.AES_256_P384)
        number = METER_PAIR[Suite.AES_128_P256].number.hex()
        for changed, said in (
            ({}, []),
            ({"suite": 0}, ["suite: expected 1 or 2, for suite 0 signs nothing"]),
            (
                {"suite": 2},
                ["meter_signing_key: a private key of suite 2", "client_public_key: a public key"],
            ),
            ({"meter_signing_key": ""}, ["meter_signing_key: expected a key, for both sides sign"]),
            (
                {"meter_signing_key": other["meter_signing_key"]},
                ["meter_signing_key: a private key of suite 1"],
            ),
            ({"meter_signing_key": number[:-2]}, ["meter_signing_key: expected a private key"]),
            ({"client_public_key": "01" * 64}, ["client_public_key: no public key of suite 1"]),
        ):
            meters = [entry("1", **{**good, **changed})]
            plant = plant_of(dlms=[{"name": "house", "meters": meters}])
            found = list(problems(plant, DRIVERS))
            self.assertEqual(len(found), len(said), found)
            for problem, each in zip(found, said, strict=True):
                self.assertIn(f"dlms[0].meters[0].{each}", problem)
                self.assertNotIn(number[:16], problem)


def signed(own: Pair, suite: Suite) -> Terms:
    """Terms of a head end that signs with `own`."""
    return Terms(
        mechanism=Mechanism.HLS_ECDSA,
        challenge=os.urandom(32),
        system_title=TITLE,
        signing_key=own.private,
        peer_public_key=METER_PAIR[suite].private.public_key(),
    )


class CounterTests(CipheredCase):
    async def test_only_higher_counters_are_taken(self) -> None:
        def read() -> None:
            with self.head(ciphered(first=50)) as head:
                head.associate()
                head.get(*ENERGY)
            with self.head(ciphered(first=10)) as head, self.assertRaises(Lost) as caught:
                head.associate()
            exception = caught.exception.args[1].exception
            self.assertEqual(exception.service_error, ServiceError.INVOCATION_COUNTER_ERROR)
            with self.head(Terms()) as _, Head(self.port("house"), wrapper(16), Terms()) as public:
                public.associate()
                last = public.get(1, "0.0.43.1.0.255")
            self.assertEqual(exception.invocation_counter, last + 1)
            with self.head(ciphered(first=last + 1)) as head:
                head.associate()

        await self.with_meter(read)

    async def test_the_meters_own_go_on_after_a_restart(self) -> None:
        def received() -> int:
            with self.head() as head:
                head.associate()
                protection = head.association.terms.protection
                assert protection is not None
                return protection.received.last

        await self.with_meter(lambda: None)
        first = await self.in_thread(received)
        await self.simulator.stopService()
        await self.with_meter(lambda: None)
        self.assertGreaterEqual(await self.in_thread(received), first)


class KeyTests(CipheredCase):
    async def test_keys_are_changed(self) -> None:
        def change() -> None:
            with self.head() as head:
                head.associate()
                for wrapped, result in (
                    (wrap_key(bytes.fromhex(NEW), bytes.fromhex(NEW)), ActionResult.OTHER_REASON),
                    (wrap_key(bytes.fromhex(MK), bytes.fromhex(NEW)), ActionResult.SUCCESS),
                ):
                    keys = Data.array(
                        Data.structure(Data.of(DataType.ENUM, 0), Data.of(DataType.OCTET_STRING, wrapped))
                    )
                    self.assertIs(head.action(64, "0.0.43.0.0.255", 2, keys).result, result)
                self.assertTrue(head.get(*ENERGY))  # this association keeps the old key
            with self.head(ciphered(first=500)) as head:
                self.assertRaises(Lost, head.associate)
            with self.head(ciphered(key=NEW)) as head:
                head.associate()
                self.assertTrue(head.get(*ENERGY))

        await self.with_meter(change)


class BrokenTests(CipheredCase):
    async def broken(self, fault: str) -> list[str]:
        """Why our client throws the answers of a broken meter away."""

        def read() -> list[str]:
            with self.head(ciphered(), timeout=0.3) as head:
                head.associate()
                self.assertTrue(head.get(*ENERGY))
                self.simulator.board.obey(f"1001 {fault}")
                self.assertRaises(Silent, head.get, *ENERGY)
                return head.discarded

        await self.with_meter(lambda: None)
        return await self.in_thread(read)

    async def test_forged_tag(self) -> None:
        self.assertIn("tag", (await self.broken("forged"))[0])

    async def test_replayed_counter(self) -> None:
        self.assertIn("replay", (await self.broken("replayed"))[0])

    async def test_answer_in_clear(self) -> None:
        self.assertIn("in clear", (await self.broken("clear"))[0])
