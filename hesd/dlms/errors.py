"""What can be wrong with bytes a meter sent, or with what we are asked to send."""

from __future__ import annotations

from hesd.model.errors import ProtocolError


class DLMSError(ProtocolError):
    """Base of every error that leaves `hesd.dlms`."""


class FrameError(DLMSError):
    """An HDLC frame or wrapper header that breaks its format."""


class LinkError(DLMSError):
    """A request the data link cannot take in its present state."""


class LinkRefused(LinkError):
    """The meter will not open a link: DM, FRMR, or an association that it refuses."""


class OpeningError(DLMSError):
    """An identification message that does not open a mode E session."""


class DataError(DLMSError):
    """Octets that are no A-XDR data, or a value its data type cannot hold."""


class APDUError(DLMSError):
    """Octets that are no APDU, or an APDU that cannot be encoded."""


class ACSEError(APDUError):
    """An association or release APDU that breaks its format."""


class BlockError(DLMSError):
    """A block transfer that lost its order or grew beyond its limit."""


class TokenError(DLMSError):
    """Digits that are no STS token."""


class SecurityError(DLMSError):
    """An APDU that must not be trusted: forged, replayed, in clear, or for another key."""


class CounterError(SecurityError):
    """An invocation counter that was used before, or none left that may be used."""


class AssociationError(DLMSError):
    """A request the association cannot take in its present state."""
