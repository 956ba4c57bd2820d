"""What can go wrong between the head end and a meter.

The three kinds lead to different decisions, so they are three types:
`ProtocolError` means bytes came and broke a rule, `NoReply` that the meter may
or may not have done what was asked (its state is *unknown*), `LinkDown` that
the request never left this machine.
"""


class HesdError(Exception):
    """Base of every error hesd raises on purpose."""


class ProtocolError(HesdError):
    """Bytes from outside broke a rule; the only family that leaves a protocol core."""


class NoReply(HesdError):
    """A request was sent and nothing usable came back in time: its effect is unknown."""


class LinkDown(HesdError):
    """There is no connection, so the request was not sent."""
