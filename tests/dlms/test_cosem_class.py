from __future__ import annotations

import gurux_dlms.objects as gurux
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms.cosem_class import CLASSES, cosem_class
from hesd.dlms.cosem_meaning import ControlState, ScalerUnit, SortMethod, TokenStatus
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.selective_access import CaptureObject
from hesd.model.obis import OBIS
from hesd.model.units import Unit
from tests.dlms.strategies import datas
from tests.dlms.vectors import apdu_of

# What each class is called there. Its versions of 15, 40 and 64 are older or newer than ours.
_GURUX = {
    1: gurux.GXDLMSData, 3: gurux.GXDLMSRegister, 4: gurux.GXDLMSExtendedRegister,
    5: gurux.GXDLMSDemandRegister, 6: gurux.GXDLMSRegisterActivation, 7: gurux.GXDLMSProfileGeneric,
    8: gurux.GXDLMSClock, 9: gurux.GXDLMSScriptTable, 11: gurux.GXDLMSSpecialDaysTable,
    17: gurux.GXDLMSSapAssignment, 18: gurux.GXDLMSImageTransfer, 20: gurux.GXDLMSActivityCalendar,
    22: gurux.GXDLMSActionSchedule, 70: gurux.GXDLMSDisconnectControl, 71: gurux.GXDLMSLimiter,
    111: gurux.GXDLMSAccount, 112: gurux.GXDLMSCredit, 113: gurux.GXDLMSCharge,
    115: gurux.GXDLMSTokenGateway,
}  # fmt: skip


class TableTests(SynchronousTestCase):
    def test_gurux_counts_the_same_attributes(self) -> None:
        for class_id, theirs in _GURUX.items():
            thing = theirs()
            self.assertEqual(int(thing.objectType), class_id)
            self.assertEqual(len(CLASSES[class_id].attributes), thing.getAttributeCount(), class_id)

    def test_names_are_unique(self) -> None:
        for known in CLASSES.values():
            self.assertEqual(len(set(known.attributes)), len(known.attributes), known.name)
            self.assertEqual(len(set(known.methods)), len(known.methods), known.name)

    def test_numbers_and_names(self) -> None:
        relay = cosem_class(70)
        self.assertEqual(
            (relay.method_name(1), relay.method_name(2)), ("remote_disconnect", "remote_reconnect")
        )
        self.assertEqual(relay.attribute_name(3), "control_state")
        self.assertEqual(cosem_class(7).attribute_number("capture_objects"), 3)
        with self.assertRaises(KeyError):
            relay.attribute_number("colour")
        unknown = cosem_class(8192)
        self.assertEqual(
            (unknown.attribute_name(1), unknown.attribute_name(9)), ("logical_name", "attribute_9")
        )
        self.assertEqual(unknown.method_name(1), "method_1")


class MeaningTests(SynchronousTestCase):
    def test_from_vectors(self) -> None:
        value = apdu_of("resp-scaler-unit").result.value
        self.assertEqual(cosem_class(3).meaning_of(3, value), ScalerUnit(1, Unit.WH, 30))
        clock = cosem_class(8).meaning_of(2, apdu_of("w-get-clock-resp").result.value)
        self.assertEqual(str(clock), "2025-11-19T17:16:59+01:00")
        for status in (0, 3, 5, 6, 8):
            result = cosem_class(115).meaning_of(6, apdu_of(f"resp-token-status-{status}").result.value)
            self.assertEqual((result.status, len(result.data)), (TokenStatus(status), 16))

    def test_others(self) -> None:
        self.assertIs(cosem_class(70).meaning_of(3, 1), ControlState.CONNECTED)
        self.assertIs(cosem_class(7).meaning_of(5, 2), SortMethod.LIFO)
        column = CaptureObject(3, OBIS("1.0.1.8.0.255"), 2)
        self.assertEqual(cosem_class(7).meaning_of(3, [column.data.value]), (column,))
        self.assertEqual(cosem_class(3).meaning_of(3, (0, 58)), ScalerUnit(0, Unit.OTHER, 58))
        self.assertEqual(cosem_class(1).meaning_of(1, b"\x00\x00\x2a\x00\x00\xff"), "0.0.42.0.0.255")

    def test_an_object_list(self) -> None:
        right = Data.structure(
            Data.of(DataType.INTEGER, 2), Data.of(DataType.ENUM, 1), Data.of(DataType.NULL_DATA)
        )
        method = Data.structure(Data.of(DataType.INTEGER, 1), Data.of(DataType.BOOLEAN, True))
        listed = Data.array(Data.structure(
            Data.of(DataType.LONG_UNSIGNED, 3), Data.of(DataType.UNSIGNED, 0),
            Data.of(DataType.OCTET_STRING, OBIS("1.0.1.8.0.255").octets),
            Data.structure(Data.array(right), Data.array(method))))  # fmt: skip
        (energy,) = cosem_class(15).meaning_of(2, listed.value)
        self.assertEqual(
            (energy.class_id, energy.instance, energy.method_access), (3, "1.0.1.8.0.255", {1: 1})
        )
        self.assertEqual((energy.is_readable(2), energy.is_readable(3)), (True, False))

    @given(st.sampled_from(sorted(CLASSES)), st.integers(-3, 20), datas)
    def test_malformed_values_stay_as_they_are(self, class_id: int, number: int, data: Data) -> None:
        found = cosem_class(class_id).meaning_of(number, data.value)
        if type(found) is type(data.value):
            self.assertEqual(found, data.value)
