"""gurux-dlms as an independent oracle: it reads what we encode, we read what it encodes.

It prints to stdout now and then, and is slow, so the examples are bounded.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from gurux_dlms import GXByteBuffer, GXDLMSClient, GXDLMSTranslator, GXReplyData
from gurux_dlms.enums import Authentication, InterfaceType, ObjectType
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.objects import GXDLMSData, GXDLMSProfileGeneric, GXDLMSRegister
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms import acse, action, get, initiate, short_name
from hesd.dlms import set as set_service
from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.apdu import APDU, decode
from hesd.dlms.base_name import ShortNamedObject
from hesd.dlms.block_transfer import datablocks
from hesd.dlms.conformance import Conformance
from hesd.dlms.cosem_time import DateTime
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.hdlc_address import ServerAddress, address_number, client_address
from hesd.dlms.hdlc_link import HDLCLink
from hesd.dlms.link import LinkParameters, PDUReceived, Role
from hesd.dlms.selective_access import CLOCK, EntryDescriptor, RangeDescriptor
from hesd.dlms.short_name import VariableName
from hesd.dlms.wrapper import WPDU, WPDUReader, encode_wpdu
from hesd.model.obis import OBIS
from tests.dlms import strategies as any_
from tests.dlms.gurux_peer import TYPES, client, heard, lists, plain, quietly, some_datas, thing

_VALUES: dict[DataType, st.SearchStrategy[Any]] = {
    **{type_: any_.SIMPLE[type_] for type_ in TYPES},
    DataType.VISIBLE_STRING: st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
    # gurux shows text beyond ASCII as hex.
    DataType.UTF8_STRING: st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
}
_typed = st.sampled_from(sorted(TYPES)).flatmap(lambda type_: st.tuples(st.just(type_), _VALUES[type_]))
_pairs = st.tuples(any_.SIMPLE[DataType.LONG], any_.SIMPLE[DataType.UNSIGNED])
_objects = st.sampled_from(
    [ObjectType.DATA, ObjectType.REGISTER, ObjectType.CLOCK, ObjectType.PROFILE_GENERIC]
)
_instances = any_.obis


def examples(count: int) -> settings:
    return settings(max_examples=max(count, settings.default.max_examples if settings.default else 0))


class DataTests(SynchronousTestCase):
    def test_it_reads_our_data(self) -> None:
        gurux = client()
        for data in some_datas(4000):
            reply = heard(gurux, get.GetResponseNormal(0xC1, data).encode())
            self.assertEqual(plain(reply.value), lists(data.value), data.octets.hex())

    @examples(1500)
    @given(_typed)
    def test_we_read_its_data(self, typed: tuple[DataType, Any]) -> None:
        type_, value = typed
        buffer = GXByteBuffer()
        _GXCommon.setData(client().settings, buffer, TYPES[type_], value)
        octets = bytes(buffer.array())
        self.assertEqual(Data.decode(octets).value, value)
        self.assertEqual(octets, Data.of(type_, value).octets)

    @given(st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2090, 1, 1)), st.integers(-720, 720))
    def test_clocks(self, moment: dt.datetime, offset: int) -> None:
        aware = moment.replace(microsecond=0, tzinfo=dt.timezone(dt.timedelta(minutes=offset)))
        ours = Data.of(DataType.DATE_TIME, DateTime.of(aware).octets)
        reply = heard(client(), get.GetResponseNormal(0xC1, ours).encode())
        self.assertEqual(plain(reply.value), aware)

    @given(
        st.lists(
            st.tuples(any_.SIMPLE[DataType.LONG], any_.SIMPLE[DataType.UNSIGNED]), min_size=1, max_size=20
        )
    )
    def test_compact_arrays(self, rows: list[tuple[int, int]]) -> None:
        parts = [Data.structure(Data.of(DataType.LONG, a), Data.of(DataType.UNSIGNED, b)) for a, b in rows]
        reply = heard(client(), get.GetResponseNormal(0xC1, Data.compact_array(*parts)).encode())
        self.assertEqual(plain(reply.value), lists(rows))


class RequestTests(SynchronousTestCase):
    @examples(1000)
    @given(_objects, _instances, st.integers(1, 15))
    def test_get(self, class_: ObjectType, instance: OBIS, attribute: int) -> None:
        (theirs,) = client().read(thing(class_, instance), attribute)
        ours = get.GetRequestNormal(0xC1, AttributeDescriptor(int(class_), instance, attribute))
        self.assertEqual(decode(bytes(theirs)), ours)
        self.assertEqual(ours.encode(), bytes(theirs))

    @given(st.lists(st.tuples(_instances, st.integers(1, 3)), min_size=1, max_size=9))
    def test_get_with_list(self, items: list[tuple[OBIS, int]]) -> None:
        wanted = [(GXDLMSRegister(str(instance)), attribute) for instance, attribute in items]
        ((theirs,),) = client().readList(wanted)
        ours = get.GetRequestWithList(
            0xC1, tuple((AttributeDescriptor(3, instance, attribute), None) for instance, attribute in items)
        )
        self.assertEqual(decode(bytes(theirs)), ours)
        self.assertEqual(ours.encode(), bytes(theirs))

    @examples(500)
    @given(_instances, _typed)
    def test_set_and_action(self, instance: OBIS, typed: tuple[DataType, Any]) -> None:
        type_, value = typed
        if type_ in (DataType.BIT_STRING, DataType.NULL_DATA):
            return
        thing = GXDLMSData(str(instance))
        thing.value = value
        thing.setDataType(2, TYPES[type_])
        (theirs,) = client().write(thing, 2)
        request = decode(bytes(theirs))
        self.assertEqual((request.attribute.instance, request.value), (instance, Data.of(type_, value)))
        self.assertEqual(request.encode(), bytes(theirs))
        (theirs,) = client().method(thing, 1, value, TYPES[type_])
        request = decode(bytes(theirs))
        self.assertEqual((request.method.method, request.parameters), (1, Data.of(type_, value)))
        self.assertEqual(request.encode(), bytes(theirs))

    @given(st.integers(1, 1 << 20), st.integers(1, 1000))
    def test_rows_by_entry(self, first: int, count: int) -> None:
        (theirs,) = client().readRowsByEntry(GXDLMSProfileGeneric("1.0.99.1.0.255"), first, count)
        request = decode(bytes(theirs))
        self.assertEqual(EntryDescriptor.of(request.access), EntryDescriptor(first, first + count - 1))
        self.assertEqual(request.encode(), bytes(theirs))

    def test_rows_by_range(self) -> None:
        start, end = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
        (theirs,) = client().readRowsByRange(GXDLMSProfileGeneric("1.0.99.1.0.255"), start, end)
        asked = RangeDescriptor.of(decode(bytes(theirs)).access)
        self.assertEqual((asked.restricting, asked.columns), (CLOCK, ()))
        self.assertEqual(DateTime.from_octets(asked.start.value).moment(), start)
        self.assertEqual(DateTime.from_octets(asked.end.value).moment(), end)


class ShortNameTests(SynchronousTestCase):
    @given(st.integers(8, 0xFF00), st.integers(1, 9), _typed.filter(lambda typed: typed[0] != 0))
    def test_read_and_write(self, base: int, attribute: int, typed: tuple[DataType, Any]) -> None:
        gurux = GXDLMSClient(False, 16, 1, Authentication.NONE, None, InterfaceType.PDU)
        thing = GXDLMSData("0.0.96.1.0.255", base)
        name = VariableName(ShortNamedObject(base, 1, 0, OBIS("0.0.96.1.0.255")).attribute(attribute))
        (theirs,) = gurux.read(thing, attribute)
        self.assertEqual(decode(bytes(theirs)), short_name.ReadRequest((name,)))
        self.assertEqual(short_name.ReadRequest((name,)).encode(), bytes(theirs))
        type_, value = typed
        if type_ is DataType.BIT_STRING:
            return
        thing.value = value
        thing.setDataType(2, TYPES[type_])
        (theirs,) = gurux.write(thing, 2)
        name = VariableName(ShortNamedObject(base, 1, 0, OBIS("0.0.96.1.0.255")).attribute(2))
        ours = short_name.WriteRequest((name,), (Data.of(type_, value),))
        self.assertEqual(decode(bytes(theirs)), ours)
        self.assertEqual(ours.encode(), bytes(theirs))

    def test_read_response(self) -> None:
        gurux = GXDLMSClient(False, 16, 1, Authentication.NONE, None, InterfaceType.PDU)
        for data in some_datas(1000, seed=2):
            reply = heard(gurux, short_name.ReadResponse((data,)).encode())
            self.assertEqual(plain(reply.value), lists(data.value), data.octets.hex())


_classes = st.builds(AttributeDescriptor, st.sampled_from([1, 3, 7, 8, 70]), _instances, st.integers(1, 9))
_calls = st.builds(MethodDescriptor, st.sampled_from([1, 3, 7, 8, 70]), _instances, st.integers(1, 9))
# What gurux's XML keeps; it forgets, for one, the length of a bit-string.
_shown = st.sampled_from([DataType.UNSIGNED, DataType.LONG_UNSIGNED, DataType.DOUBLE_LONG_UNSIGNED,
                          DataType.OCTET_STRING]).flatmap(any_.simple)  # fmt: skip
_invoke = st.just(0xC1)


class TranslatorTests(SynchronousTestCase):
    """Through gurux's XML and back, an APDU of ours is what it was, octet for octet."""

    @examples(200)
    @given(
        st.one_of(
            st.builds(get.GetRequestNormal, _invoke, _classes),
            st.builds(get.GetResponseNormal, _invoke, _shown),
            st.builds(set_service.SetRequestNormal, _invoke, _classes, _shown),
            st.builds(action.ActionRequestNormal, _invoke, _calls, _shown),
            st.builds(short_name.ReadRequest, st.tuples(st.builds(short_name.VariableName, any_.words))),
        )
    )
    def test_there_and_back(self, apdu: APDU) -> None:
        octets = apdu.encode()
        translator = GXDLMSTranslator()
        with quietly:
            xml = translator.pduToXml(GXByteBuffer(bytearray(octets)))
            back = bytes(translator.xmlToPdu(xml).array())
        self.assertEqual(back, octets)


class AssociationTests(SynchronousTestCase):
    def test_its_requests(self) -> None:
        for level, mechanism in (
            (Authentication.NONE, acse.Mechanism.NONE),
            (Authentication.LOW, acse.Mechanism.LLS),
            (Authentication.HIGH_MD5, acse.Mechanism.HLS_MD5),
            (Authentication.HIGH_SHA1, acse.Mechanism.HLS_SHA1),
        ):
            gurux = GXDLMSClient(True, 16, 1, level, "12345678", InterfaceType.PDU)
            (theirs,) = gurux.aarqRequest()
            request = decode(bytes(theirs))
            self.assertEqual(request.mechanism, mechanism)
            self.assertEqual(request.encode(), bytes(theirs))
            inside = decode(request.user_information)
            self.assertEqual((inside.max_pdu, inside.encode()), (0xFFFF, request.user_information))
            if level is Authentication.LOW:
                self.assertEqual(request.authentication, b"12345678")

    @given(any_.conformances, st.integers(64, 65535), any_.titles)
    def test_our_answers(self, conformance: Conformance, max_pdu: int, challenge: bytes) -> None:
        gurux = GXDLMSClient(True, 16, 1, Authentication.HIGH_MD5, "12345678", InterfaceType.PDU)
        gurux.aarqRequest()
        answer = acse.AARE(
            acse.Context.LOGICAL_NAMES,
            acse.AssociationResult.ACCEPTED,
            acse.Diagnostic.AUTHENTICATION_REQUIRED,
            initiate.InitiateResponse(conformance, max_pdu).encode(),
            acse.Mechanism.HLS_MD5,
            challenge,
        )
        gurux.parseAareResponse(heard(gurux, answer.encode()).data)
        self.assertEqual(gurux.maxReceivePDUSize, max_pdu)
        self.assertEqual(bytes(gurux.settings.stoCChallenge), challenge)


_LONG = Data.of(DataType.OCTET_STRING, bytes(range(250)) * 3)


class ConversationTests(SynchronousTestCase):
    def test_long_results_in_blocks(self) -> None:
        rows = [Data.structure(Data.of(DataType.DOUBLE_LONG_UNSIGNED, n)) for n in range(300)]
        whole = Data.array(*rows)
        gurux, reply = client(), GXReplyData()
        gurux.read(GXDLMSRegister("1.0.1.8.0.255"), 2)
        for block in datablocks(whole.octets, 180):
            response = get.GetResponseWithDatablock(0xC1, block.last_block, block.block_number, block.raw)
            gurux.getData(GXByteBuffer(bytearray(response.encode())), reply)
            if not block.last_block:
                more = decode(bytes(gurux.receiverReady(reply)))
                self.assertEqual(more, get.GetRequestNext(0xC1, block.block_number))
        self.assertEqual(plain(reply.value), lists(whole.value))

    def exchange(self, gurux: GXDLMSClient, meter: HDLCLink, sent: bytes) -> GXReplyData:
        """Send a frame of gurux to our link and carry octets until it has its reply."""
        reply = GXReplyData()
        for _ in range(200):
            for event in meter.receive(sent):
                if isinstance(event, PDUReceived):
                    meter.send(self.meter_answers(event.pdu))
            back = meter.data_to_send()
            assert gurux.getData(GXByteBuffer(bytearray(back)), reply)
            if not reply.isMoreData():
                return reply
            sent = bytes(gurux.receiverReady(reply))
        raise AssertionError("no end")

    def meter_answers(self, pdu: bytes) -> bytes:
        request = decode(pdu)
        if isinstance(request, acse.AARQ):
            inside = initiate.InitiateResponse(Conformance.GET, 1024).encode()
            accepted = acse.AssociationResult.ACCEPTED
            return acse.AARE(acse.Context.LOGICAL_NAMES, accepted, acse.Diagnostic.NULL, inside).encode()
        assert isinstance(request, get.GetRequestNormal)
        return get.GetResponseNormal(request.invoke, _LONG).encode()

    def test_gurux_reads_a_meter_on_our_hdlc_link(self) -> None:
        for server in (ServerAddress(1), ServerAddress(1, 17), ServerAddress(1, 6678, 4)):
            gurux = client(InterfaceType.HDLC)
            gurux.serverAddress = address_number(server.octets)
            gurux.serverAddressSize = len(server.octets)
            meter = HDLCLink(Role.SERVER, server.octets, None, LinkParameters(64, 64))
            gurux.parseUAResponse(self.exchange(gurux, meter, bytes(gurux.snrmRequest())).data)
            self.assertEqual(meter.peer, client_address(16))
            (request,) = gurux.aarqRequest()
            gurux.parseAareResponse(self.exchange(gurux, meter, bytes(request)).data)
            for _ in range(3):
                (request,) = gurux.read(GXDLMSRegister("1.0.1.8.0.255"), 2)
                self.assertEqual(
                    plain(self.exchange(gurux, meter, bytes(request)).value), bytes(range(250)) * 3
                )
            self.exchange(gurux, meter, bytes(gurux.disconnectRequest()))
            self.assertFalse(meter.is_open)

    def test_gurux_reads_a_meter_through_our_wrapper(self) -> None:
        gurux = client(InterfaceType.WRAPPER)
        (request,) = gurux.read(GXDLMSRegister("1.0.1.8.0.255"), 2)
        (frame,) = WPDUReader().feed(bytes(request))
        assert isinstance(frame, WPDU)
        self.assertEqual((frame.source, frame.destination), (16, 1))
        reply = heard(gurux, encode_wpdu(1, 16, self.meter_answers(frame.apdu)))
        self.assertEqual(plain(reply.value), _LONG.value)
        denied = get.GetResponseNormal(0xC1, DataAccessResult.READ_WRITE_DENIED).encode()
        self.assertEqual(heard(gurux, encode_wpdu(1, 16, denied)).error, 3)
