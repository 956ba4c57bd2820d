"""The states of an HDLC link, as one table for each end.

A meter is a *secondary station* in *normal response mode* (IEC 62056-46, 6.4.3): it
speaks only when spoken to. Whoever may speak passes that right on with the poll/final
bit of the last frame of a burst. So a link needs few states; what looks like more, the
sequence numbers, is arithmetic that `hdlc_link` does inside `CONNECTED`.

::

              connect()               UA
    CLOSED ------------> CONNECTING -------> CONNECTED
       ^  ^       DM          |                | |  disconnect()
       |  +-------------------+       DM, FRMR | +-----------------> DISCONNECTING
       +---------------------------------------+                          |
       +------------------------------------------------------------------+
                                   UA, DM

That is the client. Three things in it are easy to get wrong:

* **DM is an answer, not noise.** A meter that restarted, or timed us out, has no link
  and says so to the first I frame it sees. Waiting for a better answer waits for ever.
* **UA counts only when it was asked for.** A late second UA, after a repeated SNRM,
  must not reset sequence numbers that are in use; it is thrown away.
* **A push is not part of the link.** UI frames arrive in any state and leave it alone;
  some meters push in I frames without any link, so an I frame in `CLOSED` is a push too.

The meter's table has two states, because it never waits. SNRM always wins: a head end
that lost its link starts again while the meter still believes in the old one. I, RR and
RNR without a link are answered DM, unknown frames on a link FRMR.

A pair that is not in a table is thrown away and reported, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, auto
from typing import Final

from hesd.dlms.hdlc_frame import FrameKind as Kind
from hesd.dlms.link import Role


class State(IntEnum):
    CLOSED = auto()
    CONNECTING = auto()
    CONNECTED = auto()
    DISCONNECTING = auto()


class Action(IntEnum):
    """What a received frame makes the link do; `hdlc_link` does it."""

    OPEN = auto()  # take the parameters of UA, reset the sequence numbers
    ACCEPT = auto()  # SNRM: negotiate, reset, answer UA
    INFORMATION = auto()  # check N(S) and N(R), collect segments
    READY = auto()  # check N(R), go on sending
    BUSY = auto()  # check N(R), hold back
    PUSH = auto()  # an APDU outside the link
    REFUSED = auto()
    LOST = auto()
    REJECTED = auto()
    RELEASED = auto()
    ACKNOWLEDGE_RELEASE = auto()  # DISC: answer UA
    DENY = auto()  # answer DM
    REJECT = auto()  # answer FRMR


Table = Mapping[tuple[State, Kind], tuple[Action, State]]

_CLIENT: Final[Table] = {
    (State.CLOSED, Kind.I): (Action.PUSH, State.CLOSED),
    (State.CLOSED, Kind.UI): (Action.PUSH, State.CLOSED),
    (State.CONNECTING, Kind.UA): (Action.OPEN, State.CONNECTED),
    (State.CONNECTING, Kind.DM): (Action.REFUSED, State.CLOSED),
    (State.CONNECTING, Kind.UI): (Action.PUSH, State.CONNECTING),
    (State.CONNECTED, Kind.I): (Action.INFORMATION, State.CONNECTED),
    (State.CONNECTED, Kind.RR): (Action.READY, State.CONNECTED),
    (State.CONNECTED, Kind.RNR): (Action.BUSY, State.CONNECTED),
    (State.CONNECTED, Kind.UI): (Action.PUSH, State.CONNECTED),
    (State.CONNECTED, Kind.DM): (Action.LOST, State.CLOSED),
    (State.CONNECTED, Kind.FRMR): (Action.REJECTED, State.CLOSED),
    (State.DISCONNECTING, Kind.UA): (Action.RELEASED, State.CLOSED),
    (State.DISCONNECTING, Kind.DM): (Action.RELEASED, State.CLOSED),
    (State.DISCONNECTING, Kind.UI): (Action.PUSH, State.DISCONNECTING),
}

_SERVER: Final[Table] = {
    (State.CLOSED, Kind.SNRM): (Action.ACCEPT, State.CONNECTED),
    (State.CLOSED, Kind.DISC): (Action.DENY, State.CLOSED),
    (State.CLOSED, Kind.I): (Action.DENY, State.CLOSED),
    (State.CLOSED, Kind.RR): (Action.DENY, State.CLOSED),
    (State.CLOSED, Kind.RNR): (Action.DENY, State.CLOSED),
    (State.CLOSED, Kind.UI): (Action.PUSH, State.CLOSED),
    (State.CONNECTED, Kind.SNRM): (Action.ACCEPT, State.CONNECTED),
    (State.CONNECTED, Kind.DISC): (Action.ACKNOWLEDGE_RELEASE, State.CLOSED),
    (State.CONNECTED, Kind.I): (Action.INFORMATION, State.CONNECTED),
    (State.CONNECTED, Kind.RR): (Action.READY, State.CONNECTED),
    (State.CONNECTED, Kind.RNR): (Action.BUSY, State.CONNECTED),
    (State.CONNECTED, Kind.UI): (Action.PUSH, State.CONNECTED),
    (State.CONNECTED, Kind.UNKNOWN): (Action.REJECT, State.CONNECTED),
}

TABLES: Final[Mapping[Role, Table]] = {Role.CLIENT: _CLIENT, Role.SERVER: _SERVER}
