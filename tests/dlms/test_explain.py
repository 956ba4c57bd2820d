"""A conversation read along: what later APDUs mean because of earlier ones."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms import acse, action, get, notification, set, short_name
from hesd.dlms.access_result import ActionResult, DataAccessResult
from hesd.dlms.block_transfer import DataBlock, datablocks, general_blocks
from hesd.dlms.ciphered import GeneralCiphering, GeneralSigning
from hesd.dlms.conformance import Conformance
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.dlms.errors import BlockError, DLMSError, SecurityError
from hesd.dlms.explain import APDUReader
from hesd.dlms.explain_ciphered import GivenKeys
from hesd.dlms.explain_data import HIDDEN, explain_data, is_date_time
from hesd.dlms.get import GetRequestNormal, GetRequestWithList, GetResponseWithDatablock
from hesd.dlms.initiate import InitiateRequest
from hesd.dlms.protection import Protection
from hesd.dlms.security import CounterReserve, Key, SecurityControl, Suite
from hesd.dlms.selective_access import BY_ENTRY, SelectiveAccess
from hesd.dlms.short_name import BlockNumberAccess, DataBlockResult, ParameterisedAccess, VariableName
from hesd.model.obis import OBIS
from tests.dlms.vectors import octets

CLIENT, METER = b"HES\x00\x00\x00\x00\x01", b"MTR\x00\x00\x00\x00\x02"
EK, AK, DEDICATED = bytes(range(16)), bytes(range(0xD0, 0xE0)), bytes(range(0x20, 0x30))
TOKEN = "12345678901234567890"
ENERGY = AttributeDescriptor(3, OBIS("1-0:1.8.0"), 2)
UNIT = AttributeDescriptor(3, OBIS("1-0:1.8.0"), 3)
U32 = Data.of(DataType.DOUBLE_LONG_UNSIGNED, 74565)


def read(*apdus: Any, keys: GivenKeys | None = None, reveal: bool = True) -> tuple[list[Any], APDUReader]:
    reader = APDUReader(keys, reveal=reveal)
    found = []
    for apdu in apdus:
        fields: dict[str, Any] = {}
        reader.read(apdu if isinstance(apdu, bytes) else apdu.encode(), fields)
        found.append(fields)
    return found, reader


class Meanings(SynchronousTestCase):
    def test_a_response_means_what_was_asked(self) -> None:
        status = AttributeDescriptor(115, OBIS("0-0:19.40.0"), 6)
        answer = octets("resp-token-status-3")[8:]
        (_, found), reader = read(GetRequestNormal(0xC1, status), answer)
        self.assertEqual(found["meaning"], {"status": "execution-ok", "data": "0" * 16})
        self.assertEqual(reader.findings.objects, (status,))
        (_, alone), _ = read(GetRequestNormal(0xC2, status), answer)
        self.assertNotIn("meaning", alone)

    def test_a_relay_a_unit_and_a_clock(self) -> None:
        for attribute, value, meaning in (
            (AttributeDescriptor(70, OBIS("0-0:96.3.10"), 3), Data.of(DataType.ENUM, 1), "connected"),
            (
                UNIT,
                Data.structure(Data.of(DataType.INTEGER, 1), Data.of(DataType.ENUM, 30)),
                {"scaler": 1, "unit": "wh", "unit_code": 30},
            ),
            (
                AttributeDescriptor(7, OBIS("1-0:99.1.0"), 3),
                Data.array(),
                [],
            ),
        ):
            (_, found), _ = read(GetRequestNormal(1, attribute), get.GetResponseNormal(1, value))
            self.assertEqual(found["meaning"], meaning)

    def test_the_values_of_a_selection_count_until_there_is_an_answer(self) -> None:
        access = SelectiveAccess(
            BY_ENTRY, Data.structure(*[Data.of(DataType.UNSIGNED, n) for n in (1, 2, 3, 4)])
        )
        request = GetRequestNormal(1, AttributeDescriptor(7, OBIS("1-0:99.1.0"), 2), access)
        _, reader = read(request)
        self.assertEqual(reader.findings.selection, [[1, 2, 3, 4]])
        _, reader = read(request, get.GetResponseNormal(1, U32))
        self.assertEqual((reader.findings.selection, reader.findings.values), ([], [74565]))

    def test_a_selector_nobody_knows(self) -> None:
        access = SelectiveAccess(9, U32)
        (found,), _ = read(GetRequestNormal(1, ENERGY, access))
        self.assertEqual((found["access_selector"], found["access_parameters"]), (9, 74565))


class Blocks(SynchronousTestCase):
    whole = Data.array(*(Data.structure(U32, U32) for _ in range(20)))

    def responses(self, octets_: bytes) -> list[GetResponseWithDatablock]:
        return [
            GetResponseWithDatablock(1, block.last_block, block.block_number, block.raw)
            for block in datablocks(octets_, 60)
        ]

    def test_blocks_of_a_result_are_joined(self) -> None:
        request = GetRequestNormal(1, ENERGY)
        for before in ((request,), ()):
            found, reader = read(*before, *self.responses(self.whole.octets))
            self.assertEqual(found[-1]["joined"]["data"], [[74565, 74565]] * 20)
            self.assertEqual(reader.findings.values, [74565] * 40)
            self.assertEqual(reader.findings.apdu, "GetResponseWithDatablock")

    def test_requests_between_blocks_and_a_repeated_block_change_nothing(self) -> None:
        blocks = self.responses(self.whole.octets)
        said = [GetRequestNormal(1, ENERGY)]
        for block in blocks[:-1]:
            said += [block, block, get.GetRequestNext(1, block.block_number)]
        _, reader = read(*said, blocks[-1])
        self.assertEqual(reader.findings.values, [74565] * 40)

    def test_a_list_in_blocks(self) -> None:
        results = get.GetResponseWithList(1, (U32, DataAccessResult.OBJECT_UNDEFINED)).encode()[3:]
        request = GetRequestWithList(1, ((ENERGY, None), (UNIT, None)))
        for before in ((request,), ()):
            _, reader = read(*before, *self.responses(results))
            self.assertEqual(reader.findings.values, [74565, {"error": 4, "meaning": "object-undefined"}])

    def test_a_block_that_is_missing(self) -> None:
        blocks = self.responses(self.whole.octets)
        with self.assertRaises(BlockError):
            read(blocks[0], blocks[2])
        _, reader = read(*blocks[1:])
        self.assertEqual(reader.findings.values, [])

    def test_the_reason_why_there_is_no_block(self) -> None:
        refusal = GetResponseWithDatablock(1, True, 3, DataAccessResult.LONG_GET_ABORTED)
        (found,), _ = read(refusal)
        self.assertEqual((found["block_number"], found["data_access_result"]), (3, 15))

    def test_parameters_and_what_a_method_returns(self) -> None:
        first, *more = datablocks(self.whole.octets, 60)
        method = MethodDescriptor(9, OBIS("0-0:10.0.100"), 1)
        returned = action.ActionResponse(ActionResult.SUCCESS, U32).octets
        said = [
            action.ActionRequestWithFirstPblock(1, method, first),
            *(action.ActionRequestWithPblock(1, block) for block in more),
            *(action.ActionResponseWithPblock(1, block) for block in datablocks(returned, 3)),
        ]
        found, reader = read(*said)
        self.assertEqual(reader.findings.values, [74565] * 41)
        self.assertEqual(found[-1]["joined"]["result_name"], "success")
        self.assertEqual(reader.findings.objects, (method,))

    def test_several_parameters_in_blocks(self) -> None:
        values = set.encode_values((U32, self.whole))
        first, *more = datablocks(values, 60)
        attributes = ((ENERGY, None), (UNIT, None))
        said = [set.SetRequestWithListAndFirstDatablock(1, attributes, first)]
        _, reader = read(*said, *(set.SetRequestWithDatablock(1, block) for block in more))
        self.assertEqual(reader.findings.values, [74565] * 41)

    def test_general_blocks(self) -> None:
        push = notification.DataNotification(7, None, self.whole)
        blocks = general_blocks(push.encode(), 50, streaming=True)
        found, reader = read(*blocks)
        self.assertEqual(found[-1]["content"]["long_invoke_id_and_priority"], "00000007")
        self.assertEqual(bytes.fromhex(found[-1]["reassembled_apdu"]), push.encode())
        self.assertEqual(reader.findings.apdu, "DataNotification")
        with self.assertRaises(BlockError):
            read(blocks[0], blocks[2])

    def test_blocks_in_blocks_have_an_end(self) -> None:
        apdu = notification.DataNotification(7, None, U32).encode()
        for _ in range(6):
            (block,) = general_blocks(apdu, 200)
            apdu = block.encode()
        with self.assertRaises(DLMSError):
            read(apdu)


class Ciphered(SynchronousTestCase):
    keys = GivenKeys(EK, AK)

    def association(self, suite: Suite = Suite.AES_128) -> tuple[Protection, Protection]:
        key = Key(EK * (suite.key_length // 16), AK * (suite.key_length // 16), suite)
        client = Protection(CLIENT, METER, key, CounterReserve(1, 99))
        meter = Protection(METER, CLIENT, key, CounterReserve(1, 99))
        return client, meter

    def opening(self, client: Protection, dedicated: bytes | None) -> list[Any]:
        initiate = InitiateRequest(Conformance.GET, dedicated_key=dedicated).encode()
        context = acse.Context.LOGICAL_NAMES_CIPHERED
        aarq = acse.AARQ(context, client.protect(initiate), calling_ap_title=CLIENT)
        aare = acse.AARE(
            context,
            acse.AssociationResult.ACCEPTED,
            acse.Diagnostic.NULL,
            None,
            responding_ap_title=METER,
        )
        return [aarq, aare]

    def test_titles_are_those_of_the_association(self) -> None:
        client, meter = self.association()
        said = [
            *self.opening(client, None),
            client.protect(GetRequestNormal(1, ENERGY).encode()),
            meter.protect(get.GetResponseNormal(1, U32).encode()),
        ]
        found, reader = read(*said, keys=self.keys)
        self.assertEqual(found[0]["user_information"]["content"]["services"], ["get"])
        self.assertEqual([each["apdu"] for each in found[2:]], ["glo-get-request", "glo-get-response"])
        self.assertEqual(reader.findings.values, [74565])
        self.assertEqual(reader.findings.objects, (ENERGY,))
        with self.assertRaisesRegex(SecurityError, "system title is not known"):
            read(said[2], keys=self.keys)

    def test_the_dedicated_key_is_taken_from_the_association(self) -> None:
        client, _ = self.association()
        said = self.opening(client, DEDICATED)
        client.dedicated = Key(DEDICATED, AK)
        for general in (False, True):
            client.general = general
            request = client.protect(GetRequestNormal(1, ENERGY).encode())
            found, _ = read(*said, request, keys=self.keys)
            self.assertEqual(found[2]["content"]["obis"], "1.0.1.8.0.255")
            with self.assertRaises(SecurityError):
                read(request, keys=GivenKeys(EK, AK, CLIENT))
            read(request, keys=GivenKeys(DEDICATED, AK, CLIENT))

    def test_every_suite_and_protection(self) -> None:
        plain = GetRequestNormal(1, ENERGY).encode()
        for suite in Suite:
            for required in (
                SecurityControl.AUTHENTICATED,
                SecurityControl.ENCRYPTED,
                SecurityControl.AUTHENTICATED_ENCRYPTED,
            ):
                client, _ = self.association(suite)
                client.required = required
                keys = GivenKeys(client.key.encryption, client.key.authentication, CLIENT)
                (found,), _ = read(client.protect(plain), keys=keys)
                self.assertEqual(bytes.fromhex(found["plaintext"]), plain)
                self.assertEqual(found["security_suite"], suite)

    def test_without_the_authentication_key_no_tag_is_believed(self) -> None:
        client, _ = self.association()
        apdu = client.protect(GetRequestNormal(1, ENERGY).encode())
        with self.assertRaisesRegex(SecurityError, "authentication key"):
            read(apdu, keys=GivenKeys(EK, None, CLIENT))
        client.required = SecurityControl.ENCRYPTED
        (found,), _ = read(
            client.protect(GetRequestNormal(1, ENERGY).encode()), keys=GivenKeys(EK, None, CLIENT)
        )
        self.assertEqual(found["content"]["attribute"], 2)

    def test_a_refused_one_still_shows_its_header(self) -> None:
        fields: dict[str, Any] = {}
        keys = GivenKeys(EK, AK, bytes.fromhex("4d4d4d0000bc614e"))
        with self.assertRaisesRegex(SecurityError, "tag is wrong"):
            APDUReader(keys).read(octets("glo-get-request-bad-tag"), fields)
        self.assertEqual((fields["invocation_counter"], fields["security_control"]), (19088743, "30"))
        self.assertNotIn("plaintext", fields)

    def test_a_wrong_suite_or_another_service_inside(self) -> None:
        client, _ = self.association()
        apdu = bytearray(client.protect(GetRequestNormal(1, ENERGY).encode()))
        apdu[2] |= 7
        with self.assertRaisesRegex(SecurityError, "no security suite 7"):
            read(bytes(apdu), keys=GivenKeys(EK, AK, CLIENT))
        apdu = bytearray(client.protect(GetRequestNormal(1, ENERGY).encode()))
        apdu[0] = 0xC9
        with self.assertRaisesRegex(SecurityError, "another service"):
            read(bytes(apdu), keys=GivenKeys(EK, AK, CLIENT))

    def test_general_ciphering_and_signing_show_their_heads(self) -> None:
        content = b"\x30\x00\x00\x00\x07" + bytes(20)
        (found,), _ = read(
            GeneralCiphering(0xDD, b"\1", CLIENT, METER, b"", b"", None, content), keys=self.keys
        )
        self.assertEqual((found["apdu"], found["invocation_counter"]), ("general-ciphering", 7))
        self.assertEqual(found["recipient_system_title"], METER.hex())
        inside = GetRequestNormal(1, ENERGY).encode()
        (found,), reader = read(GeneralSigning(0xDF, b"", CLIENT, METER, b"", b"", inside, bytes(64)))
        self.assertEqual(found["content"]["apdu"], "GetRequestNormal")
        self.assertEqual((reader.findings.apdu, reader.findings.objects), ("general-signing", (ENERGY,)))

    def test_keys_are_never_printed(self) -> None:
        self.assertNotIn(repr(EK), repr(self.keys))
        self.assertNotIn(EK.hex(), repr(self.keys))


class Hidden(SynchronousTestCase):
    bcd = Data.of(DataType.OCTET_STRING, bytes.fromhex(TOKEN))

    def shown(self, *apdus: Any) -> str:
        found, reader = read(*apdus, reveal=False)
        return f"{found} {reader.findings}"

    def test_passwords_and_keys(self) -> None:
        secret = b"open sesame"
        aarq = acse.AARQ(
            acse.Context.LOGICAL_NAMES,
            InitiateRequest(Conformance.GET, dedicated_key=DEDICATED).encode(),
            acse.Mechanism.LLS,
            secret,
        )
        shown = self.shown(aarq)
        self.assertIn(HIDDEN, shown)
        for hidden in (secret.decode(), secret.hex(), DEDICATED.hex()):
            self.assertNotIn(hidden, shown)
            self.assertIn(hidden if hidden != secret.hex() else secret.decode(), str(read(aarq)[0]))

    def test_tokens_wherever_they_are(self) -> None:
        gateway = MethodDescriptor(115, OBIS("0-0:19.40.0"), 1)
        ascii_ = Data.of(DataType.OCTET_STRING, TOKEN.encode())
        for apdu in (
            set.SetRequestNormal(1, AttributeDescriptor(1, OBIS("1-0:129.129.2"), 2), self.bcd),
            action.ActionRequestNormal(1, gateway, self.bcd),
            action.ActionRequestNormal(1, gateway, ascii_),
            get.GetResponseNormal(1, self.bcd),
            get.GetResponseNormal(1, Data.array(Data.structure(U32, ascii_))),
            get.GetResponseNormal(1, Data.of(DataType.VISIBLE_STRING, f"token {TOKEN}")),
            notification.DataNotification(1, None, Data.structure(self.bcd)),
            short_name.ReadResponse((self.bcd,)),
            set.SetRequestWithFirstDatablock(
                1, AttributeDescriptor(1, OBIS("1-0:129.129.2"), 2), DataBlock(True, 1, self.bcd.octets)
            ),
            GetResponseWithDatablock(1, True, 1, self.bcd.octets),
            *general_blocks(get.GetResponseNormal(1, self.bcd).encode(), 99),
        ):
            self.assertNotIn(TOKEN, self.shown(apdu), apdu)
            self.assertIn(TOKEN, str(read(apdu)), apdu)

    def test_what_is_written_to_secret_objects(self) -> None:
        value = Data.of(DataType.OCTET_STRING, b"hush")
        for apdu in (
            set.SetRequestNormal(1, AttributeDescriptor(15, OBIS("0-0:40.0.1"), 7), value),
            action.ActionRequestNormal(1, MethodDescriptor(64, OBIS("0-0:43.0.0"), 2), value),
            short_name.WriteRequest((VariableName(0xFA00),), (value,)),
            short_name.ReadRequest((ParameterisedAccess(0xFA00, SelectiveAccess(1, value)),)),
        ):
            self.assertNotIn("hush", self.shown(apdu))
            self.assertIn("hush", str(read(apdu)[0]))


class ShortNames(SynchronousTestCase):
    def test_requests_and_answers(self) -> None:
        found, reader = read(
            short_name.ReadRequest((VariableName(0xFA00), BlockNumberAccess(2))),
            short_name.ReadResponse((U32, DataAccessResult.READ_WRITE_DENIED)),
            short_name.WriteResponse((DataAccessResult.SUCCESS,)),
            short_name.InformationReport(None, (VariableName(8),), (U32,)),
        )
        self.assertEqual(found[0]["variables"], [{"variable_name": "fa00"}, {"block_number": 2}])
        self.assertEqual(reader.findings.values, [74565, {"error": 3, "meaning": "read-write-denied"}, 74565])
        self.assertEqual(found[2]["results"], [{"result": 0, "result_name": "success"}])
        self.assertEqual(found[3]["date_time"], None)

    def test_a_block(self) -> None:
        (found,), _ = read(short_name.ReadResponse((DataBlockResult(False, 1, b"\1\2"),)))
        self.assertEqual(found["results"][0]["raw_data"], "0102")


class Leaves(SynchronousTestCase):
    def test_every_type(self) -> None:
        for type_, given, shown in (
            (DataType.NULL_DATA, None, None),
            (DataType.BOOLEAN, True, True),
            (DataType.LONG64_UNSIGNED, 1 << 63, 1 << 63),
            (DataType.FLOAT32, 0.5, 0.5),
            (DataType.FLOAT64, float("nan"), "nan"),
            (DataType.OCTET_STRING, b"", ""),
            (DataType.OCTET_STRING, b"abc", "abc"),
            (DataType.OCTET_STRING, b"ab\x00", "616200"),
            (DataType.OCTET_STRING, b"000000000123", "000000000123"),
            (DataType.VISIBLE_STRING, "x y", "x y"),
            (DataType.BIT_STRING, "0101", "0101"),
            (DataType.DATE, bytes.fromhex("07ea0102ff"), "2026-01-02"),
            (DataType.TIME, bytes.fromhex("0c1e00ff"), "12:30:00"),
            (DataType.DATE_TIME, bytes.fromhex("ffffffffffffffffff800000"), "????-??-??T??:??:??"),
            (DataType.OCTET_STRING, bytes.fromhex("07ea0102ff0c1e00ff800000"), "2026-01-02T12:30:00"),
            (DataType.DELTA_INTEGER, -1, -1),
            (DataType.DONT_CARE, None, "don't care"),
        ):
            self.assertEqual(explain_data(Data.of(type_, given)), shown, type_)

    def test_compact_arrays(self) -> None:
        part = Data.structure(U32, Data.of(DataType.OCTET_STRING, b"abc"))
        self.assertEqual(explain_data(Data.compact_array(part, part)), [[74565, "abc"]] * 2)

    def test_twelve_octets_that_are_no_date_time(self) -> None:
        for text in (
            "ff" * 12,
            "07ea0d02ff0c1e00ff800000",
            "07ea0102ff1900ffff800000",
            "30" * 12,
            "07ea" + "00" * 10,
        ):
            self.assertFalse(is_date_time(bytes.fromhex(text)), text)
