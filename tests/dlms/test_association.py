"""Two associations, mouth to ear; and gurux-dlms's client against ours as the meter."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace

from gurux_dlms.enums import Authentication, InterfaceType, Security
from gurux_dlms.objects import GXDLMSRegister
from gurux_dlms.secure.GXDLMSSecureClient import GXDLMSSecureClient
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from twisted.trial.unittest import SynchronousTestCase

from hesd.dlms import acse, get
from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.acse import Context, Mechanism
from hesd.dlms.apdu import decode
from hesd.dlms.association import (
    APDUDiscarded,
    APDUReceived,
    Associated,
    AssociationEvent,
    AssociationLost,
    AssociationRefused,
    NotificationReceived,
    Released,
    Terms,
)
from hesd.dlms.association_states import State
from hesd.dlms.base_name import ASSOCIATION
from hesd.dlms.client_association import ClientAssociation
from hesd.dlms.conformance import WITH_SHORT_NAMES
from hesd.dlms.data import Data
from hesd.dlms.data_type import DataType
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.dlms.errors import AssociationError
from hesd.dlms.protection import Protection
from hesd.dlms.security import CounterReserve, Key
from hesd.dlms.server_association import ServerAssociation
from hesd.dlms.short_name import ReadRequest, VariableName
from hesd.model.obis import OBIS
from tests.dlms.gurux_peer import exchange
from tests.dlms.strategies import apdus
from tests.dlms.vectors import octets

EK, AK = bytes(range(16)), bytes(range(0xD0, 0xE0))
CLIENT, METER = b"HSD\x00\x00\x00\x00\x01", b"MTR\x00\x00\x00\x00\x02"
CTOS, STOC = b"0123456789abcdef", b"fedcba9876543210"
ENERGY = AttributeDescriptor(3, OBIS("1.0.1.8.0.255"), 2)
VALUE = Data.of(DataType.DOUBLE_LONG_UNSIGNED, 123456)
quietly = contextlib.redirect_stdout(io.StringIO())
HIGH = (Mechanism.HLS_MD5, Mechanism.HLS_SHA1, Mechanism.HLS_GMAC, Mechanism.HLS_SHA256)


def pair(
    mechanism: Mechanism = Mechanism.NONE,
    ciphered: bool = False,
    dedicated: bytes | None = None,
    general: bool = False,
) -> tuple[ClientAssociation, ServerAssociation]:
    context = Context.LOGICAL_NAMES_CIPHERED if ciphered else Context.LOGICAL_NAMES

    def terms(own: bytes, peer: bytes, challenge: bytes) -> Terms:
        protection = Protection(own, peer, Key(EK, AK), CounterReserve(1, 99), general=general)
        keyed = ciphered or mechanism is Mechanism.HLS_GMAC
        return Terms(
            context,
            mechanism,
            b"00000000",
            challenge,
            system_title=own,
            protection=protection if keyed else None,
        )

    ours = replace(terms(CLIENT, METER, CTOS), dedicated_key=dedicated)
    return ClientAssociation(ours), ServerAssociation(replace(terms(METER, CLIENT, STOC), max_pdu=200))


def talk(
    client: ClientAssociation, server: ServerAssociation
) -> tuple[list[AssociationEvent], list[AssociationEvent]]:
    heard: tuple[list[AssociationEvent], list[AssociationEvent]] = ([], [])
    while True:
        requests = client.pdus_to_send()
        for pdu in requests:
            for event in server.receive(pdu):
                heard[1].append(event)
                if isinstance(event, APDUReceived) and isinstance(event.apdu, get.GetRequestNormal):
                    server.send(get.GetResponseNormal(event.apdu.invoke, VALUE))
        responses = server.pdus_to_send()
        for pdu in responses:
            heard[0].extend(client.receive(pdu))
        if not requests and not responses:
            return heard


# Ciphered or not, with a dedicated key, in the general forms.
FORMS = ((False, None, False), (True, None, False), (True, AK, False), (True, None, True))


class ConversationTests(SynchronousTestCase):
    def test_every_mechanism_in_clear_and_ciphered(self) -> None:
        for mechanism in (Mechanism.NONE, Mechanism.LLS, *HIGH):
            for ciphered, dedicated, general in FORMS:
                client, server = pair(mechanism, ciphered, dedicated, general)
                client.associate()
                heard, by_server = talk(client, server)
                self.assertEqual([type(event) for event in heard], [Associated], (mechanism, ciphered))
                self.assertEqual([type(event) for event in by_server], [Associated])
                self.assertEqual(client.agreed.max_pdu, 200)
                client.send(get.GetRequestNormal(0xC1, ENERGY))
                self.assertEqual(talk(client, server)[0], [APDUReceived(get.GetResponseNormal(0xC1, VALUE))])
                client.release()
                self.assertEqual(talk(client, server), ([Released()], [Released()]))
                self.assertEqual((client.state, server.state), (State.IDLE, State.IDLE))

    def test_again_after_release(self) -> None:
        client, server = pair(Mechanism.HLS_GMAC, ciphered=True)
        for _ in range(3):
            client.associate()
            talk(client, server)
            client.release()
            self.assertEqual(talk(client, server)[0], [Released()])

    def test_notifications_come_in_any_state(self) -> None:
        client, _ = pair()
        push = octets("push-plain-ldn-clock-u32")
        self.assertEqual(client.receive(push), [NotificationReceived(decode(push))])


class RefusalTests(SynchronousTestCase):
    def refused(self, client: ClientAssociation, server: ServerAssociation) -> str:
        client.associate()
        (event,) = talk(client, server)[0]
        self.assertIsInstance(event, AssociationRefused)
        self.assertIs(client.state, State.IDLE)
        return event.reason

    def test_passwords_and_secrets(self) -> None:
        for mechanism in (Mechanism.LLS, Mechanism.HLS_MD5, Mechanism.HLS_SHA256):
            client, server = pair(mechanism)
            client.terms = replace(client.terms, secret=b"wrong")
            reason = self.refused(client, server)
            self.assertNotIn("wrong", reason)
            self.assertIs(server.state, State.IDLE)

    def test_what_the_meter_does_not_offer(self) -> None:
        client, server = pair(Mechanism.LLS)[0], pair(Mechanism.HLS_MD5)[1]
        self.assertIn("mechanism", self.refused(client, server))
        self.assertIn("mechanism-name-required", self.refused(pair()[0], pair(Mechanism.LLS)[1]))
        self.assertIn("context", self.refused(pair(ciphered=True)[0], pair()[1]))
        self.assertIn("context", self.refused(pair()[0], pair(ciphered=True)[1]))

    def test_another_key(self) -> None:
        client, server = pair(ciphered=True)
        server.terms.protection.key = Key(AK, EK)
        self.refused(client, server)

    def test_a_meter_that_does_not_know_the_secret(self) -> None:
        for mechanism in HIGH:
            client, server = pair(mechanism)
            client.associate()
            (aarq,) = client.pdus_to_send()
            server.receive(aarq)
            client.receive(*server.pdus_to_send())
            client.pdus_to_send()
            forged = bytes.fromhex("c701c100 0100 0911 10 00000001") + bytes(12)
            (event,) = client.receive(forged)
            self.assertIsInstance(event, AssociationRefused)

    def test_no_silent_downgrade(self) -> None:
        client, server = pair(ciphered=True)
        clear = pair()[1]
        client.associate()
        (aarq,) = client.pdus_to_send()
        server.receive(aarq)
        (aare,) = server.pdus_to_send()
        accepted = decode(aare)
        clear.receive(pair_request(pair()[0]))
        (clear_aare,) = clear.pdus_to_send()
        inside = decode(clear_aare).user_information
        for answer in (
            clear_aare,  # accepted, but without ciphering
            # Ciphered, it says; the proposal in clear.
            structs.replace(accepted, user_information=inside).encode(),
            structs.replace(accepted, user_information=accepted.user_information[:-1] + b"\x00").encode(),
            structs.replace(accepted, user_information=None).encode(),
            structs.replace(accepted, responding_ap_title=b"STRANGER").encode(),
        ):
            victim, _ = pair(ciphered=True)
            victim.associate()
            (event,) = victim.receive(answer)
            self.assertIsInstance(event, AssociationRefused)
        self.assertIsInstance(client.receive(aare)[0], Associated)

    def test_clear_replayed_and_forged_answers(self) -> None:
        client, server = pair(ciphered=True)
        client.associate()
        talk(client, server)
        client.send(get.GetRequestNormal(0xC1, ENERGY))
        server.receive(*client.pdus_to_send())
        answer = get.GetResponseNormal(0xC1, VALUE)
        server.send(answer)
        (sent,) = server.pdus_to_send()
        for wrong in (answer.encode(), sent[:-1] + bytes((sent[-1] ^ 1,)), b"", b"\xff"):
            self.assertIsInstance(client.receive(wrong)[0], APDUDiscarded)
        self.assertEqual(client.receive(sent), [APDUReceived(answer)])
        self.assertIsInstance(client.receive(sent)[0], APDUDiscarded)  # once more: a replay

    def test_requests_without_association(self) -> None:
        _, server = pair()
        server.receive(get.GetRequestNormal(0xC1, ENERGY).encode())
        self.assertEqual(server.pdus_to_send(), [octets("exception-response-2b")])
        client, server = pair(Mechanism.HLS_MD5)
        client.associate()
        server.receive(*client.pdus_to_send())
        server.pdus_to_send()
        server.receive(get.GetRequestNormal(0xC1, ENERGY).encode())  # before it has proved itself
        self.assertEqual(server.pdus_to_send(), [octets("exception-response-2b")])

    def test_a_lost_association(self) -> None:
        client, server = pair()
        client.associate()
        talk(client, server)
        self.assertIsInstance(client.receive(octets("exception-response-2b"))[0], AssociationLost)
        with self.assertRaises(AssociationError):
            client.send(get.GetRequestNormal(0xC1, ENERGY))

    def test_requests_out_of_place(self) -> None:
        client, _ = pair()
        with self.assertRaises(AssociationError):
            client.release()
        client.associate()
        with self.assertRaises(AssociationError):
            client.associate()
        for terms in (Terms(Context.LOGICAL_NAMES_CIPHERED), Terms(Context.SHORT_NAMES, Mechanism.HLS_MD5)):
            with self.assertRaises(AssociationError):
                ClientAssociation(terms)

    def test_the_counter_a_meter_wants(self) -> None:
        client, _ = pair(ciphered=True)
        client.associate()
        (event,) = client.receive(octets("exception-response-ic"))
        self.assertIsInstance(event, AssociationLost)
        self.assertEqual(event.exception.invocation_counter, 4660)

    def test_other_terms_are_kept_to_at_once(self) -> None:
        client, server = pair(Mechanism.HLS_GMAC)
        for context in (Context.LOGICAL_NAMES_CIPHERED, Context.LOGICAL_NAMES):
            for end in (client, server):
                end.terms = replace(end.terms, context=context)
            client.associate()
            self.assertIsInstance(talk(client, server)[0][0], Associated)
            request = get.GetRequestNormal(0xC1, ENERGY)
            client.send(request)
            (sent,) = client.pdus_to_send()
            self.assertEqual(sent == request.encode(), context is Context.LOGICAL_NAMES)
            client.release()
            talk(client, server)

    def test_short_names(self) -> None:
        client, server = pair(Mechanism.LLS)
        client.terms = replace(client.terms, context=Context.SHORT_NAMES, conformance=WITH_SHORT_NAMES)
        server.terms = replace(server.terms, context=Context.SHORT_NAMES, conformance=WITH_SHORT_NAMES)
        client.associate()
        self.assertIsInstance(talk(client, server)[0][0], Associated)
        request = ReadRequest((VariableName(ASSOCIATION.attribute(2)),))
        client.send(request)
        self.assertEqual(talk(client, server)[1], [APDUReceived(request)])

    @given(st.booleans(), st.lists(apdus, max_size=6))
    def test_any_apdus_leave_both_alive(self, ciphered: bool, sent: list) -> None:
        client, server = pair(ciphered=ciphered)
        client.associate()
        for apdu in sent:
            client.receive(apdu.encode())
            server.receive(apdu.encode())
        server.reset()
        client.reset()
        client, server = pair(Mechanism.HLS_GMAC, ciphered)
        client.associate()
        self.assertIsInstance(talk(client, server)[0][-1], Associated)


def pair_request(client: ClientAssociation) -> bytes:
    client.associate()
    (aarq,) = client.pdus_to_send()
    return aarq


class GuruxTests(SynchronousTestCase):
    """gurux-dlms reads a meter that is our server association."""

    def gurux(self, level: Authentication, ciphered: bool) -> GXDLMSSecureClient:
        client = GXDLMSSecureClient(True, 16, 1, level, "00000000", InterfaceType.PDU)
        client.ciphering.systemTitle = bytearray(CLIENT)
        client.ciphering.blockCipherKey = bytearray(EK)
        client.ciphering.authenticationKey = bytearray(AK)
        if ciphered:
            client.ciphering.security = Security.AUTHENTICATION_ENCRYPTION
        return client

    def test_it_associates_and_reads(self) -> None:
        for level, mechanism, ciphered in (
            (Authentication.NONE, Mechanism.NONE, False),
            (Authentication.LOW, Mechanism.LLS, False),
            (Authentication.HIGH_MD5, Mechanism.HLS_MD5, False),
            (Authentication.HIGH_SHA1, Mechanism.HLS_SHA1, False),
            (Authentication.LOW, Mechanism.LLS, True),
            (Authentication.HIGH_GMAC, Mechanism.HLS_GMAC, True),
            (Authentication.HIGH_SHA256, Mechanism.HLS_SHA256, True),
        ):
            with quietly:
                gurux, (_, server) = self.gurux(level, ciphered), pair(mechanism, ciphered)
                (request,) = gurux.aarqRequest()
                gurux.parseAareResponse(exchange(gurux, server, request, VALUE).data)
                if mechanism.is_high:
                    (request,) = gurux.getApplicationAssociationRequest()
                    gurux.parseApplicationAssociationResponse(exchange(gurux, server, request, VALUE).data)
                self.assertIs(server.state, State.ASSOCIATED, (level, ciphered))
                (request,) = gurux.read(GXDLMSRegister("1.0.1.8.0.255"), 2)
                self.assertEqual(exchange(gurux, server, request, VALUE).value, 123456)

    def test_a_wrong_password(self) -> None:
        gurux, (_, server) = self.gurux(Authentication.LOW, False), pair(Mechanism.LLS)
        server.terms = replace(server.terms, secret=b"another")
        (request,) = gurux.aarqRequest()
        server.receive(bytes(request))
        answer = decode(*server.pdus_to_send())
        self.assertEqual(answer.diagnostic, acse.Diagnostic.AUTHENTICATION_FAILURE)
        self.assertEqual(DataAccessResult(3).text, "read-write-denied")
