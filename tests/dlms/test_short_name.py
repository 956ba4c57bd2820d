from __future__ import annotations

from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.apdu import decode
from hesd.dlms.base_name import ASSOCIATION, ShortNamedObject, short_named_objects
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.errors import APDUError
from hesd.dlms.selective_access import EntryDescriptor
from hesd.dlms.short_name import (
    BlockNumberAccess,
    DataBlockResult,
    ParameterisedAccess,
    ReadRequest,
    ReadResponse,
    VariableName,
    WriteRequest,
    WriteResponse,
    decode_read_results,
    encode_read_results,
)
from hesd.model.obis import OBIS


class ShortNameTests(SynchronousTestCase):
    def test_by_hand(self) -> None:
        self.assertEqual(ReadRequest((VariableName(0xFA08),)).encode().hex(), "050102fa08")
        access = ParameterisedAccess(0x2008, EntryDescriptor(1, 10).access)
        self.assertEqual(
            ReadRequest((access,)).encode().hex(), "05010420080202040600000001060000000a120001120000"
        )
        self.assertEqual(
            decode(bytes.fromhex("0c01000600001391")),
            ReadResponse((Data.of(DataType.DOUBLE_LONG_UNSIGNED, 5009),)),
        )
        self.assertEqual(
            decode(bytes.fromhex("0c010103")), ReadResponse((DataAccessResult.READ_WRITE_DENIED,))
        )
        write = WriteRequest((VariableName(0x2008),), (Data.of(DataType.UNSIGNED, 5),))
        self.assertEqual(write.encode().hex(), "0601022008011105")
        self.assertEqual(decode(bytes.fromhex("0d0100")), WriteResponse((DataAccessResult.SUCCESS,)))
        self.assertEqual(ReadRequest((BlockNumberAccess(1),)).encode().hex(), "0501050001")

    def test_a_long_result_in_blocks(self) -> None:
        results = (Data.of(DataType.OCTET_STRING, bytes(100)), DataAccessResult.OBJECT_UNDEFINED)
        whole = encode_read_results(results)
        half = len(whole) // 2
        blocks = [DataBlockResult(False, 1, whole[:half]), DataBlockResult(True, 2, whole[half:])]
        received = [decode(ReadResponse((block,)).encode()).results[0] for block in blocks]
        self.assertEqual(decode_read_results(b"".join(block.raw for block in received)), results)


def _names(name_of: Callable[[int], int], number: int) -> list[int]:
    try:
        return [name_of(number)]
    except APDUError:
        return []


class BaseNameTests(SynchronousTestCase):
    def test_names_of_attributes_and_methods(self) -> None:
        self.assertEqual(ASSOCIATION.attribute(2), 0xFA08)
        self.assertEqual(ASSOCIATION.method(8), 0xFA58)  # reply_to_HLS_authentication
        relay = ShortNamedObject(0x1000, 70, 0, OBIS("0.0.96.3.10.255"))
        self.assertEqual((relay.attribute(1), relay.method(2)), (0x1000, 0x1028))
        with self.assertRaises(APDUError):
            ShortNamedObject(0x1000, 1, 0, OBIS("0.0.42.0.0.255")).method(1)

    def test_no_attribute_is_named_like_a_method_or_another_object(self) -> None:
        relay = ShortNamedObject(0x1000, 70, 0, OBIS("0.0.96.3.10.255"))
        self.assertEqual(relay.attribute(4), 0x1018)
        for number in (5, 6, 0, -1):
            self.assertRaises(APDUError, relay.attribute, number)
        listed = [(base, 70, 0, relay.instance.octets) for base in (0x2000, 0x1000, -0x600)]
        last, first, own = short_named_objects(listed)
        self.assertEqual((first.limit, last.limit, own.limit), (0x2000, 0xFA00, 0x10000))
        for number in range(-5, 0x300):
            names = [name for name_of in (first.attribute, first.method) for name in _names(name_of, number)]
            self.assertTrue(all(0x1000 <= name < 0x2000 for name in names))

    def test_the_object_list(self) -> None:
        listed = Data.array(Data.structure(
            Data.of(DataType.LONG, -0x5F8), Data.of(DataType.LONG_UNSIGNED, 3), Data.of(DataType.UNSIGNED, 0),
            Data.of(DataType.OCTET_STRING, OBIS("1.0.1.8.0.255").octets)))  # fmt: skip
        (energy,) = short_named_objects(listed.value)
        self.assertEqual(energy, ShortNamedObject(0xFA08, 3, 0, OBIS("1.0.1.8.0.255")))
        for broken in (None, [()], [(1, 2, 3, b"short")]):
            with self.assertRaises(APDUError):
                short_named_objects(broken)
