"""Every type in every byte order, both directions, and what "not available" looks like."""

from __future__ import annotations

import math
import struct
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client.mixin import ModbusClientMixin
from twisted.trial.unittest import SynchronousTestCase

from hesd.driver.codec import RegisterCodec
from hesd.driver.register import Coil, DataType, Holding, Input, Order, Register
from hesd.model.errors import ProtocolError
from hesd.model.reading import Raw

_LENGTHS = {DataType.BCD: (1, 2, 4), DataType.STRING: (1, 5, 20), DataType.BITS: (1, 2, 3, 4)}
_NUMBERS: dict[DataType, st.SearchStrategy[Any]] = {
    DataType.UINT16: st.integers(0, 2**16 - 1),
    DataType.UINT32: st.integers(0, 2**32 - 1),
    DataType.UINT64: st.integers(0, 2**64 - 1),
    # One above the lowest: the lowest itself means "not available".
    DataType.INT16: st.integers(1 - 2**15, 2**15 - 1),
    DataType.INT32: st.integers(1 - 2**31, 2**31 - 1),
    DataType.INT64: st.integers(1 - 2**63, 2**63 - 1),
    DataType.FLOAT32: st.floats(width=32, allow_nan=False, allow_infinity=False),
    DataType.FLOAT64: st.floats(allow_nan=False, allow_infinity=False),
}
_LATIN = st.characters(min_codepoint=0x21, max_codepoint=0xFE)
_REGISTER_TYPES = [data_type for data_type in DataType if data_type is not DataType.BIT]


def _values(register: Register) -> st.SearchStrategy[Any]:
    size = 2 * register.length
    match register.type:
        case DataType.BCD:
            return st.integers(0, 10 ** (2 * size) - 1)
        case DataType.STRING:
            return st.text(_LATIN, max_size=size)
        case DataType.BITS:
            return st.integers(0, 2 ** (8 * size) - 1)
        case _:
            return _NUMBERS[register.type]


@st.composite
def blocks(draw: st.DrawFn) -> tuple[list[Register], int, Order, list[Raw]]:
    """Registers of any type with gaps between them, in any sequence, and a value for each."""
    base = draw(st.integers(0, 60_000))
    registers: list[Register] = []
    raws: list[Raw] = []
    at = base
    for index in range(draw(st.integers(1, 12))):
        data_type = draw(st.sampled_from(_REGISTER_TYPES))
        length = draw(st.sampled_from(_LENGTHS.get(data_type, (0,))))
        order = draw(st.none() | st.sampled_from(Order))
        at += draw(st.integers(0, 5))
        register = Holding(at, f"1-0:1.8.{index}", type=data_type, length=length, order=order)
        registers.append(register)
        raws.append(draw(_values(register)))
        at += register.length
    places = draw(st.permutations(range(len(registers))))
    order = draw(st.sampled_from(Order))
    return [registers[i] for i in places], base, order, [raws[i] for i in places]


class RoundTrip(SynchronousTestCase):
    @given(blocks())
    def test_what_is_encoded_is_decoded(self, block: tuple[list[Register], int, Order, list[Raw]]) -> None:
        registers, base, order, raws = block
        codec = RegisterCodec(registers, base, order)
        data = codec.encode(raws)
        self.assertEqual(len(data), codec.size)
        self.assertEqual(codec.decode(data), raws)
        self.assertEqual(codec.decode(data + b"\xa5\xa5"), raws)

    @given(blocks(), st.binary(min_size=200, max_size=400))
    def test_random_bytes_decode_to_values_that_encode_to_the_same_values(
        self, block: tuple[list[Register], int, Order, list[Raw]], noise: bytes
    ) -> None:
        registers, base, order, _ = block
        codec = RegisterCodec(registers, base, order)
        raws = codec.decode(noise.ljust(codec.size, b"\x5a"))
        for register, raw, again in zip(registers, raws, codec.decode(codec.encode(raws)), strict=True):
            if raw is not None or register.type.name[0] != "U":
                self.assertEqual(again, raw)

    @given(st.lists(st.booleans(), min_size=1, max_size=40), st.data())
    def test_bits(self, bits: list[bool], data: st.DataObject) -> None:
        offsets = data.draw(st.lists(st.integers(0, len(bits) - 1), min_size=1, unique=True))
        codec = RegisterCodec([Coil(100 + o, f"0-0:96.3.{o}") for o in offsets], 100, Order.ABCD)
        raws = codec.decode(tuple(bits))
        self.assertEqual(raws, [int(bits[o]) for o in offsets])
        packed = codec.encode(raws)
        self.assertEqual([packed[o // 8] >> o % 8 & 1 for o in offsets], raws)


class ByteOrder(SynchronousTestCase):
    """Written out by hand once, so that both directions cannot be wrong alike."""

    def _decode(self, order: Order, data_type: DataType, data: str, length: int = 0) -> Raw:
        codec = RegisterCodec([Input(0, "1-0:1.8.0", type=data_type, length=length)], 0, order)
        return codec.decode(bytes.fromhex(data))[0]

    def test_32_bits(self) -> None:
        for order, data in (
            (Order.ABCD, "12345678"), (Order.CDAB, "56781234"),
            (Order.BADC, "34127856"), (Order.DCBA, "78563412"),
        ):  # fmt: skip
            for data_type in (DataType.UINT32, DataType.INT32, DataType.BITS):
                self.assertEqual(self._decode(order, data_type, data, 2), 0x12345678)
            self.assertEqual(self._decode(order, DataType.BCD, data, 2), 12345678)

    def test_64_bits(self) -> None:
        for order, data in (
            (Order.ABCD, "0123456789abcdef"), (Order.CDAB, "cdef89ab45670123"),
            (Order.BADC, "23016745ab89efcd"), (Order.DCBA, "efcdab8967452301"),
        ):  # fmt: skip
            self.assertEqual(self._decode(order, DataType.UINT64, data), 0x0123456789ABCDEF)

    def test_16_bits_know_only_the_order_in_the_word(self) -> None:
        for order, data in (
            (Order.ABCD, "1234"),
            (Order.CDAB, "1234"),
            (Order.BADC, "3412"),
            (Order.DCBA, "3412"),
        ):
            self.assertEqual(self._decode(order, DataType.UINT16, data), 0x1234)

    def test_characters_come_word_by_word(self) -> None:
        for order, data in (
            (Order.ABCD, b"EM6400"),
            (Order.CDAB, b"EM6400"),
            (Order.BADC, b"ME4600"),
            (Order.DCBA, b"ME4600"),
        ):
            self.assertEqual(self._decode(order, DataType.STRING, data.hex(), 3), "EM6400")

    @given(st.floats(width=32, allow_nan=False, allow_infinity=False), st.integers(-(2**63) + 1, 2**63 - 1))
    def test_pymodbus_agrees_on_high_word_and_low_word_first(self, number: float, counter: int) -> None:
        peer = ModbusClientMixin
        registers = [Input(0, "1-0:1.7.0"), Input(2, "1-0:1.8.0", type=DataType.INT64)]
        for order, word_order in ((Order.ABCD, "big"), (Order.CDAB, "little")):
            words = peer.convert_to_registers(number, peer.DATATYPE.FLOAT32, word_order)  # type: ignore[arg-type]
            words += peer.convert_to_registers(counter, peer.DATATYPE.INT64, word_order)  # type: ignore[arg-type]
            data = struct.pack(">6H", *words)
            self.assertEqual(RegisterCodec(registers, 0, order).decode(data), [number, counter])


class NotAvailable(SynchronousTestCase):
    def _raw(self, data: str, data_type: DataType, **more: Any) -> Raw:
        return RegisterCodec([Input(0, "1-0:1.8.0", type=data_type, **more)], 0, Order.ABCD).decode(
            bytes.fromhex(data)
        )[0]

    def test_values_every_meter_means_alike(self) -> None:
        for data, data_type in (
            ("ffc00000", DataType.FLOAT32), ("7fc00000", DataType.FLOAT32), ("7f800001", DataType.FLOAT32),
            ("7f800000", DataType.FLOAT32), ("ff800000", DataType.FLOAT32),
            ("7ff8000000000000", DataType.FLOAT64),
            ("8000", DataType.INT16), ("80000000", DataType.INT32), ("8000000000000000", DataType.INT64),
        ):  # fmt: skip
            self.assertIsNone(self._raw(data, data_type), data)

    def test_bcd_and_strings(self) -> None:
        self.assertIsNone(self._raw("12a4", DataType.BCD, length=1))
        self.assertIsNone(self._raw("ffff", DataType.BCD, length=1))
        self.assertIsNone(self._raw("ffffffff", DataType.STRING, length=2))
        self.assertEqual(self._raw("00000000", DataType.STRING, length=2), "")
        self.assertEqual(self._raw("41002020", DataType.STRING, length=2), "A")

    def test_unsigned_numbers_have_none_of_their_own(self) -> None:
        self.assertEqual(self._raw("ffff", DataType.UINT16), 0xFFFF)
        self.assertIsNone(self._raw("ffff", DataType.UINT16, unavailable=(0xFFFF,)))
        self.assertEqual(self._raw("80000000", DataType.UINT32), 0x80000000)

    def test_what_the_register_lists(self) -> None:
        self.assertIsNone(self._raw("bf800000", DataType.FLOAT32, unavailable=(-1,)))
        self.assertIsNone(self._raw("0000", DataType.INT16, unavailable=(0, 7)))
        self.assertIsNone(self._raw("8000", DataType.INT16, unavailable=(0, 7)))

    def test_one_of_many_floats_leaves_the_others(self) -> None:
        registers = [Input(2 * i, f"1-0:{i}.7.0") for i in range(1, 6)]
        codec = RegisterCodec(registers, 2, Order.ABCD)
        raws: list[Raw] = [1.5, None, -2.5, math.inf, 0.0]
        data = codec.encode(raws)
        self.assertEqual(data[4:8].hex(), "ffc00000")
        self.assertEqual(codec.decode(data), [1.5, None, -2.5, None, 0.0])


class BitFields(SynchronousTestCase):
    def test_quantities_that_share_a_register(self) -> None:
        registers = [
            Holding(10, "0-0:96.3.10", type=DataType.BITS, length=1, mask=0x0001),
            Holding(10, "0-0:96.3.11", type=DataType.BITS, length=1, mask=0x0070),
            Holding(11, "1-0:32.7.0"),
        ]
        codec = RegisterCodec(registers, 10, Order.CDAB)
        data = codec.encode([1, 5, 230.5])
        self.assertEqual(data.hex(), "0051" + "80004366")
        self.assertEqual(codec.decode(data), [1, 5, 230.5])
        self.assertEqual(codec.decode(bytes.fromhex("ffae80004366")), [0, 2, 230.5])

    def test_the_whole_register_says_that_it_has_no_value(self) -> None:
        register = Holding(0, "0-0:96.3.10", type=DataType.BITS, length=1, mask=0x0300, unavailable=(0xFFFF,))
        codec = RegisterCodec([register], 0, Order.ABCD)
        self.assertEqual(codec.decode(bytes.fromhex("ffff")), [None])
        self.assertEqual(codec.decode(bytes.fromhex("fffe")), [3])
        self.assertEqual(codec.encode([None]).hex(), "ffff")
        self.assertEqual(codec.encode([2]).hex(), "0200")


class Settings(SynchronousTestCase):
    def test_whole_numbers_are_taken_for_integers(self) -> None:
        codec = RegisterCodec([Holding(0, "0-0:199.0.0", type=DataType.UINT16)], 0, Order.ABCD)
        self.assertEqual(codec.encode([2.0]), codec.encode([2]))
        with self.assertRaises(ValueError):
            codec.encode([2.5])


class Refused(SynchronousTestCase):
    def test_a_block_that_ends_too_early(self) -> None:
        codec = RegisterCodec([Input(0, "1-0:1.7.0"), Input(6, "1-0:2.7.0")], 0, Order.ABCD)
        with self.assertRaisesRegex(ProtocolError, "12 bytes, its registers need 16"):
            codec.decode(bytes(12))
        with self.assertRaisesRegex(ProtocolError, "2 bits, its registers need 4"):
            RegisterCodec([Coil(3, "0-0:96.3.10")], 0, Order.ABCD).decode((True, False))

    def test_values_that_do_not_fit_name_their_register(self) -> None:
        for data_type, raw in (
            (DataType.UINT16, 65536), (DataType.INT16, 40000), (DataType.UINT32, -1),
            (DataType.FLOAT32, 1e39), (DataType.FLOAT64, b""), (DataType.UINT16, "one"),
            (DataType.BCD, 10000), (DataType.BCD, "12"), (DataType.BITS, 65536),
            (DataType.STRING, "too long"), (DataType.STRING, "€"),
        ):  # fmt: skip
            register = Holding(4711, "1-0:1.8.0", type=data_type, length=1)
            with self.assertRaisesRegex(ValueError, f"register 4711: .* is no {data_type.name}"):
                RegisterCodec([register], 4711, Order.ABCD).encode([raw])
