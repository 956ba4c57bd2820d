"""gurux-dlms's own client on a socket: a head end that shares no line of code with ours."""

from __future__ import annotations

import contextlib
import io
import socket
from typing import Any

from gurux_dlms import GXByteBuffer, GXReplyData
from gurux_dlms.ecdsa.GXPrivateKey import GXPrivateKey
from gurux_dlms.ecdsa.GXPublicKey import GXPublicKey
from gurux_dlms.enums import Authentication, InterfaceType, Security
from gurux_dlms.secure.GXDLMSSecureClient import GXDLMSSecureClient

from tests.sim.dlms_head import AK, EK, TITLE


class GuruxHead:
    """Reads one meter; it blocks, so it is used from a thread, and its chatter is swallowed."""

    def __init__(
        self,
        address: tuple[str, int],
        interface: InterfaceType,
        *,
        client: int = 17,
        server: int = 1,
        level: Authentication = Authentication.LOW,
        password: str = "00000000",
        security: Security = Security.NONE,
        signing: tuple[GXPublicKey, GXPrivateKey] | None = None,
        logical_names: bool = True,
    ) -> None:
        self.client = GXDLMSSecureClient(logical_names, client, server, level, password, interface)
        self.client.ciphering.systemTitle = bytearray(TITLE)
        self.client.ciphering.blockCipherKey = bytearray.fromhex(EK)
        self.client.ciphering.authenticationKey = bytearray.fromhex(AK)
        self.client.ciphering.security = security
        self.client.ciphering.signingKeyPair = signing
        self._is_hdlc = interface is InterfaceType.HDLC
        self._high = level > Authentication.LOW
        self._socket = socket.create_connection(address, timeout=5)

    def __enter__(self) -> GuruxHead:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def associate(self) -> None:
        with quiet():
            if self._is_hdlc:
                self.client.parseUAResponse(self.ask(self.client.snrmRequest()).data)
            self.client.parseAareResponse(self.ask(self.client.aarqRequest()).data)
            if self._high:
                proof = self.ask(self.client.getApplicationAssociationRequest())
                self.client.parseApplicationAssociationResponse(proof.data)

    def objects(self) -> Any:
        """The object list of the association."""
        with quiet():
            return self.client.parseObjects(self.ask(self.client.getObjectsRequest()).data, False)

    def read(self, thing: Any, attribute: int = 2) -> Any:
        with quiet():
            value = self.ask(self.client.read(thing, attribute)).value
            return self.client.updateValue(thing, attribute, value)

    def rows(self, profile: Any, requests: Any) -> Any:
        with quiet():
            return self.client.updateValue(profile, 2, self.ask(requests).value)

    def release(self) -> None:
        with quiet():
            self.ask(self.client.releaseRequest())
            if self._is_hdlc:
                self.ask(self.client.disconnectRequest())

    def ask(self, requests: Any) -> GXReplyData:
        """Send the frames of a request; the whole answer, over all its frames and blocks."""
        reply = GXReplyData()
        for request in requests if isinstance(requests, list) else [requests]:
            reply.clear()
            self._send(request, reply)
            while reply.isMoreData():
                self._send(self.client.receiverReady(reply), reply)
        assert not reply.error, reply.error
        return reply

    def _send(self, octets: Any, reply: GXReplyData) -> None:
        self._socket.sendall(bytes(octets))
        heard = GXByteBuffer()
        while True:
            heard.set(bytearray(self._socket.recv(4096)))
            if self.client.getData(heard, reply):
                return


@contextlib.contextmanager
def quiet() -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        yield
