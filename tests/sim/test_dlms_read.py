"""A simulated meter is read by our own client, on real sockets, in every way it can be reached."""

from __future__ import annotations

from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.acse import Mechanism
from hesd.dlms.association import Terms
from hesd.dlms.cosem_meaning import object_list
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.hdlc_address import ServerAddress
from hesd.model.obis import OBIS
from tests.sim.dlms_case import SMALL, DLMSCase, entry
from tests.sim.dlms_head import Head, Lost, Silent, hdlc, lls, wrapper

SERIAL = "46000755036"


class ReadTests(DLMSCase):
    def head(self, terms: Terms | None = None, client: int = 17) -> Head:
        return Head(self.port("house"), wrapper(client), lls() if terms is None else terms)

    async def test_every_object_of_the_table_answers(self) -> None:
        self.play(dlms=[{"name": "house", "meters": [entry(SERIAL, energy=1000.0)]}])

        def read() -> None:
            with self.head() as head:
                head.associate()
                for each in SMALL.objects:
                    if each.obis == SMALL.token.obis:  # type: ignore[union-attr]
                        continue
                    data = head.data(each.class_id, each.obis, each.attribute)
                    if each.type is not None:
                        self.assertIs(data.type, DataType[each.type.name], each)
                    if each.class_id in (3, 4):
                        self.assertEqual(head.get(each.class_id, each.obis, 3), (each.scaler, each.unit))
                self.assertEqual(head.get(1, "0.0.96.1.0.255"), bytes.fromhex("046000755036"))
                self.assertEqual(head.get(1, "0.0.42.0.0.255"), b"SMA" + SERIAL.encode())
                self.assertTrue(2200 < head.get(3, "1.0.32.7.0.255") < 2400)
                self.assertGreater(head.get(3, "1.0.1.8.0.255"), head.get(3, "1.0.1.8.0.1"))
                self.assertGreaterEqual(head.get(3, "1.0.1.8.0.1"), 100)

        await self.in_thread(read)

    async def test_list_and_blocks(self) -> None:
        self.play(dlms=[{"name": "house", "meters": [entry(SERIAL)]}])

        def read() -> None:
            with self.head() as head:
                self.assertEqual(head.associate().max_pdu, 200)
                wanted = [
                    AttributeDescriptor(each.class_id, each.obis, each.attribute) for each in SMALL.objects
                ]
                results = head.get_all([(each, None) for each in wanted])
                refused = [each for each in results if isinstance(each, DataAccessResult)]
                self.assertEqual(refused, [DataAccessResult.READ_WRITE_DENIED])  # tokens are not read
                elements = object_list(head.get(15, "0.0.40.0.0.255"))
                self.assertLessEqual(
                    {each.obis for each in SMALL.objects}, {each.instance for each in elements}
                )
                relay = next(each for each in elements if each.class_id == 70)
                self.assertEqual(relay.method_access, {1: 1, 2: 1})

        await self.in_thread(read)

    async def test_what_is_refused(self) -> None:
        self.play(dlms=[{"name": "house", "meters": [entry(SERIAL)]}])

        def read() -> None:
            with self.head() as head:
                head.associate()
                self.assertIs(head.get(3, "1.0.99.99.99.255"), DataAccessResult.OBJECT_UNDEFINED)
                self.assertIs(head.get(3, "0.0.96.1.0.255"), DataAccessResult.OBJECT_CLASS_INCONSISTENT)
                self.assertIs(head.get(3, "1.0.1.8.0.255", 9), DataAccessResult.OBJECT_UNDEFINED)
            for terms in (lls(b"00000001"), Terms()):
                with self.head(terms) as head, self.assertRaises(Lost):
                    head.associate()
            with Head(self.port("house"), wrapper(33), lls(), timeout=0.3) as head, self.assertRaises(Silent):
                head.associate()

        await self.in_thread(read)

    async def test_public_client_sees_little(self) -> None:
        self.play(dlms=[{"name": "house", "meters": [entry(SERIAL)]}])

        def read() -> None:
            with self.head(Terms(), client=16) as head:
                head.associate()
                self.assertEqual(head.get(1, "0.0.42.0.0.255"), b"SMA" + SERIAL.encode())
                self.assertIs(head.get(3, "1.0.1.8.0.255"), DataAccessResult.OBJECT_UNDEFINED)
                self.assertLess(len(head.get(15, "0.0.40.0.0.255")), 8)

        await self.in_thread(read)

    async def test_several_meters_behind_one_port(self) -> None:
        meters = [entry("1001", address=1), entry("1002", address=2)]
        self.play(
            dlms=[
                {"name": "house", "meters": meters},
                {
                    "name": "hall",
                    "framing": "hdlc",
                    "meters": [entry("2001", address=17), entry("2002", address=300)],
                },
            ]
        )

        def read() -> None:
            for sap in (1, 2):
                with Head(self.port("house"), wrapper(17, sap), lls()) as head:
                    head.associate()
                    self.assertEqual(head.get(1, "0.0.42.0.0.255"), f"SMA100{sap}".encode())
            for serial, address in (("2001", ServerAddress(1, 17)), ("2002", ServerAddress(1, 300))):
                with Head(self.port("hall"), hdlc(17, address), lls()) as head:
                    head.associate()
                    self.assertEqual(head.get(1, "0.0.42.0.0.255"), b"SMA" + serial.encode())
                    self.assertGreater(len(head.get(15, "0.0.40.0.0.255")), 10)

        await self.in_thread(read)

    async def test_hashed_secrets(self) -> None:
        kinds = {
            "hls-md5": Mechanism.HLS_MD5,
            "hls-sha1": Mechanism.HLS_SHA1,
            "hls-sha256": Mechanism.HLS_SHA256,
        }
        meters = [
            entry(f"100{index}", authentication=kind, address=index) for index, kind in enumerate(kinds, 1)
        ]
        self.play(dlms=[{"name": "house", "meters": meters}])

        def read() -> None:
            for sap, mechanism in enumerate(kinds.values(), 1):
                title = b"HSD\x00\x00\x00\x00\x01"
                for secret, fits in ((b"00000000", True), (b"12345678", False)):
                    terms = Terms(
                        mechanism=mechanism, secret=secret, challenge=b"0123456789", system_title=title
                    )
                    with Head(self.port("house"), wrapper(17, sap), terms) as head:
                        if fits:
                            head.associate()
                            self.assertTrue(head.get(3, "1.0.32.7.0.255"))
                        else:
                            self.assertRaises(Lost, head.associate)

        await self.in_thread(read)

    async def test_meter_without_a_table(self) -> None:
        self.play(dlms=[{"name": "house", "meters": [entry("77", "generic-dlms", phases=3)]}])

        def read() -> None:
            with self.head(Terms(), client=16) as head:
                head.associate()
                for element in object_list(head.get(15, "0.0.40.0.0.255")):
                    for number in element.attribute_access:
                        if element.is_readable(number):
                            value = head.get(element.class_id, element.instance, number)
                            self.assertFalse(isinstance(value, DataAccessResult), (element, number))
                self.assertTrue(head.get(3, OBIS("1.0.72.7.0.255")))

        await self.in_thread(read)
