"""Writing without waiting for the reactor to say that it is possible."""

from __future__ import annotations

from twisted.internet.abstract import FileDescriptor
from twisted.internet.interfaces import ITransport


def write_now(transport: ITransport, data: bytes) -> None:
    """Hand over at once what the kernel takes at once: it saves a turn of the reactor.

    What it does not take goes the usual way, and so does an error.
    """
    if isinstance(transport, FileDescriptor) and transport.connected and not transport.disconnecting:
        # Nothing may overtake what is waiting already; Twisted has no public name for that.
        waiting = transport.dataBuffer or transport._tempDataLen
        written = 0 if waiting else transport.writeSomeData(data)
        if isinstance(written, int):
            data = data[written:]
    if data:
        transport.write(data)
