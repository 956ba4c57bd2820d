"""The states of an association, as one table for each end.

An association is what makes a meter listen: AARQ and AARE agree on names, sizes, services
and on how each proves who it is. With a high level mechanism AARE is only half of it; the
meter takes nothing but the client's proof until it has that (IEC 62056-5-3, 7.3).

::

            associate()           AARE                  pass 4
    IDLE -------------> WAITING --------> PROVING --------------> ASSOCIATED
      ^                   | |                |                       |
      |   refused         | +-- AARE, no HLS-|---------------------->|
      +-------------------+------------------+                       | release()
      ^        exception, refused            |                       v
      +------------------------------------- | ----------------- RELEASING
                                             +---- RLRE, exception

What the client must not do wrong:

* **An answer only counts in the state that waits for it.** An AARE while associated, or a
  GET response while the proof is out, is thrown away.
* **The other side's proof is as important as ours.** Pass 4 wrong means that the meter is
  not the meter: the association is over although the meter thinks it stands.
* **An exception-response means it is lost**, whatever was asked: meters answer so after a
  power cut. In `ASSOCIATED` only "service not allowed" says that; others are answers.
* **Notifications come in any state.**

The server's table is the mirror. AARQ is taken in any state and ends what was before, for
a head end that starts anew has lost its side of the old association.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, auto
from typing import Final


class State(IntEnum):
    IDLE = auto()
    WAITING = auto()  # AARQ is out
    PROVING = auto()  # pass 3 is out (client) or due (server)
    ASSOCIATED = auto()
    RELEASING = auto()  # RLRQ is out


class Kind(IntEnum):
    """What arrived, as far as states care."""

    AARQ = auto()
    AARE = auto()
    RLRQ = auto()
    RLRE = auto()
    PROOF = auto()  # ACTION on the association object, method 1, or its response
    SERVICE = auto()  # any other request or response
    NOTIFICATION = auto()
    EXCEPTION = auto()


class Action(IntEnum):
    """What it makes an end do."""

    CONCLUDE = auto()  # look at AARE
    CHECK_PROOF = auto()  # pass 4
    DELIVER = auto()  # to whoever asked
    JUDGE = auto()  # an exception-response: an answer, or all is lost
    NOTIFY = auto()
    LOSE = auto()
    RELEASED = auto()
    CONSIDER = auto()  # AARQ: accept or refuse
    CHECK_AND_PROVE = auto()  # pass 3
    RELEASE = auto()  # answer RLRE
    DENY = auto()  # answer exception-response


Table = Mapping[tuple[State, Kind], Action]

CLIENT: Final[Table] = {
    (State.WAITING, Kind.AARE): Action.CONCLUDE,
    (State.WAITING, Kind.EXCEPTION): Action.LOSE,
    (State.PROVING, Kind.PROOF): Action.CHECK_PROOF,
    (State.PROVING, Kind.EXCEPTION): Action.LOSE,
    (State.ASSOCIATED, Kind.SERVICE): Action.DELIVER,
    (State.ASSOCIATED, Kind.PROOF): Action.DELIVER,
    (State.ASSOCIATED, Kind.EXCEPTION): Action.JUDGE,
    (State.RELEASING, Kind.RLRE): Action.RELEASED,
    (State.RELEASING, Kind.EXCEPTION): Action.RELEASED,
    **{(state, Kind.NOTIFICATION): Action.NOTIFY for state in State},
}

SERVER: Final[Table] = {
    **{(state, Kind.AARQ): Action.CONSIDER for state in State},
    **{(state, Kind.RLRQ): Action.RELEASE for state in State},
    (State.PROVING, Kind.PROOF): Action.CHECK_AND_PROVE,
    (State.ASSOCIATED, Kind.SERVICE): Action.DELIVER,
    (State.ASSOCIATED, Kind.PROOF): Action.DELIVER,
    (State.ASSOCIATED, Kind.NOTIFICATION): Action.NOTIFY,
    (State.IDLE, Kind.SERVICE): Action.DENY,
    (State.IDLE, Kind.PROOF): Action.DENY,
    (State.PROVING, Kind.SERVICE): Action.DENY,
}
