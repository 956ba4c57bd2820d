"""gurux-dlms's client reads the simulated meter: wrapper and HDLC, LLS, HLS-GMAC ciphered, HLS-ECDSA."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from gurux_dlms import GXDateTime
from gurux_dlms.ecdsa.GXPrivateKey import GXPrivateKey
from gurux_dlms.ecdsa.GXPublicKey import GXPublicKey
from gurux_dlms.enums import Authentication, InterfaceType, Security
from gurux_dlms.objects import (
    GXDLMSClock,
    GXDLMSData,
    GXDLMSDisconnectControl,
    GXDLMSProfileGeneric,
    GXDLMSRegister,
)
from gurux_dlms.objects.enums import SortMethod

from hesd.dlms.security import Suite
from tests.dlms.signing_pairs import METER_PAIR, OUR_PAIR
from tests.sim.dlms_case import SMALL, DLMSCase, entry
from tests.sim.dlms_head import AK, EK
from tests.sim.gurux_head import GuruxHead, quiet

SERIAL = "46000755036"
KEYS = {"encryption_key": EK, "authentication_key": AK}
INTERFACES = {"wrapper": InterfaceType.WRAPPER, "hdlc": InterfaceType.HDLC}


class GuruxTests(DLMSCase):
    async def everywhere(self, work: Callable[[GuruxHead], None], **fields: object) -> None:
        """Play a meter behind each framing and let gurux work on it."""
        level = fields.pop("level", Authentication.LOW)
        security = fields.pop("security", Security.NONE)
        signing = fields.pop("signing", None)
        self.play(
            dlms=[
                {"name": framing, "framing": framing, "meters": [entry(SERIAL[:-1] + str(number), **fields)]}
                for number, framing in enumerate(INTERFACES)
            ]
        )

        def run() -> None:
            for framing, interface in INTERFACES.items():
                address = self.port(framing)
                with GuruxHead(address, interface, level=level, security=security, signing=signing) as head:
                    head.associate()
                    work(head)
                    head.release()

        await self.in_thread(run)

    def read_everything(self, head: GuruxHead) -> None:
        found = {str(each.logicalName): each for each in head.objects()}
        self.assertLessEqual({str(each.obis) for each in SMALL.objects}, set(found))
        energy = found["1.0.1.8.0.255"]
        head.read(energy, 3)
        self.assertEqual((energy.scaler, int(energy.unit)), (10, 30))
        self.assertGreaterEqual(head.read(energy), 10_000)
        self.assertTrue(215 < self.scaled(head, "1.0.32.7.0.255") < 245)
        self.assertEqual(bytes(head.read(GXDLMSData("0.0.96.1.0.255")))[:5], bytes.fromhex("0460007550"))
        relay = GXDLMSDisconnectControl("0.0.96.3.10.255")
        self.assertTrue(head.read(relay))
        clock = GXDLMSClock("0.0.1.0.0.255")
        head.read(clock)
        offset = abs(clock.time.value - dt.datetime.now(dt.UTC))
        self.assertLess(offset, dt.timedelta(seconds=30))

    def scaled(self, head: GuruxHead, obis: str) -> float:
        register = GXDLMSRegister(obis)
        head.read(register, 3)
        return float(head.read(register))

    async def test_lls(self) -> None:
        await self.everywhere(self.read_everything, energy=1000.0)

    async def test_hls_gmac_ciphered(self) -> None:
        await self.everywhere(
            self.read_everything,
            energy=1000.0,
            authentication="hls-gmac",
            ciphering="both",
            level=Authentication.HIGH_GMAC,
            security=Security.AUTHENTICATION_ENCRYPTION,
            **KEYS,
        )

    async def test_hls_ecdsa(self) -> None:
        """On P-256, which is all it signs on."""
        ours, theirs = OUR_PAIR[Suite.AES_128_P256], METER_PAIR[Suite.AES_128_P256]
        await self.everywhere(
            self.read_everything,
            energy=1000.0,
            authentication="hls-ecdsa",
            suite=1,
            meter_signing_key=theirs.pkcs8,
            client_public_key=ours.public_pem,
            level=Authentication.HIGH_ECDSA,
            signing=(
                GXPublicKey.fromRawBytes(b"\x04" + theirs.point),
                GXPrivateKey.fromRawBytes(ours.number),
            ),
        )

    async def test_lls_ciphered(self) -> None:
        await self.everywhere(
            self.read_everything,
            energy=1000.0,
            ciphering="both",
            security=Security.AUTHENTICATION_ENCRYPTION,
            **KEYS,
        )

    async def test_the_newest_rows_by_number(self) -> None:
        def read(head: GuruxHead) -> None:
            profile = GXDLMSProfileGeneric("1.0.99.1.0.255")
            for attribute in (3, 4, 5, 6, 7):
                head.read(profile, attribute)
            first = 1 if profile.sortMethod is SortMethod.LIFO else profile.entriesInUse - 9
            with quiet():
                requests = head.client.readRowsByEntry(profile, first, 10)
            times = sorted(row[0].value.timestamp() for row in head.rows(profile, requests))
            self.assertEqual(times, [times[0] + 900 * later for later in range(10)])
            self.assertTrue(0 <= dt.datetime.now(dt.UTC).timestamp() - times[-1] < 910)

        for newest_first in (False, True):
            await self.everywhere(read, newest_first=newest_first)

    async def test_a_day_of_the_load_profile(self) -> None:
        def read(head: GuruxHead) -> None:
            profile = GXDLMSProfileGeneric("1.0.99.1.0.255")
            head.read(profile, 3)
            self.assertEqual(len(profile.captureObjects), 4)
            end = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
            start = end - dt.timedelta(hours=12)
            with quiet():
                requests = head.client.readRowsByRange(profile, GXDateTime(start), GXDateTime(end))
            rows = head.rows(profile, requests)
            self.assertEqual(len(rows), 49)
            self.assertEqual(rows[0][0].value.astimezone(dt.UTC), start)
            energies = [row[2] for row in rows]
            self.assertEqual(energies, sorted(energies))

        await self.everywhere(read)
