"""What the two ends of an association do alike: states, ciphering where it was agreed, PDUs to send."""

from __future__ import annotations

from hesd.dlms.acse import Mechanism
from hesd.dlms.association import Associated, Terms
from hesd.dlms.association_states import State
from hesd.dlms.hls import Proof
from hesd.dlms.signing import check_pair


class AssociationEnd:
    """One end; it wants to associate on its `terms`, and `agreed` is what holds once both have spoken.

    Raises `SecurityError` where the terms are to sign and their keys cannot.
    """

    __slots__ = ("_ciphering", "_out", "_proof", "_terms", "agreed", "state")

    def __init__(self, terms: Terms) -> None:
        if terms.mechanism is Mechanism.HLS_ECDSA:
            suite = None if terms.protection is None else terms.protection.key.suite
            check_pair(terms.signing_key, terms.peer_public_key, suite)
        self.terms = terms
        self.state = State.IDLE
        self.agreed: Associated | None = None
        self._proof: Proof | None = None
        self._out: list[bytes] = []

    @property
    def terms(self) -> Terms:
        return self._terms

    @terms.setter
    def terms(self, terms: Terms) -> None:
        self._terms = terms
        # What ciphers the APDUs of this association, None where they go in clear.
        self._ciphering = terms.protection if terms.context.is_ciphered else None

    def reset(self) -> None:
        """The link is gone: idle again, with nothing to send."""
        self.state = State.IDLE
        self._out.clear()
        self._proof = self.agreed = None

    def pdus_to_send(self) -> list[bytes]:
        """What the link has to send now; each is given once."""
        pdus, self._out = self._out, []
        return pdus

    def _send(self, apdu: bytes) -> None:
        ciphering = self._ciphering
        self._out.append(apdu if ciphering is None else ciphering.protect(apdu))
