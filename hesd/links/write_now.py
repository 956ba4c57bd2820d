"""Writing without waiting for the reactor to say that it is possible."""

from __future__ import annotations

from twisted.internet.abstract import FileDescriptor
from twisted.internet.interfaces import ITransport
from twisted.internet.tcp import Connection


def write_now(transport: ITransport, data: bytes) -> None:
    """Hand over at once what the kernel takes at once: it saves a turn of the reactor.

    What it does not take goes the usual way, and so does an error.
    """
    if isinstance(transport, FileDescriptor) and transport.connected and not transport.disconnecting:
        # Nothing may overtake what is waiting already; Twisted has no public name for that.
        waiting = transport.dataBuffer or transport._tempDataLen
        written = 0 if waiting else _written(transport, data)
        if written == len(data):
            return
        data = data[written:]
    transport.write(data)


def _written(transport: FileDescriptor, data: bytes) -> int:
    """How much of it was taken."""
    if isinstance(transport, Connection):
        try:
            return transport.socket.send(data)
        except OSError:
            return 0
    written = transport.writeSomeData(data)
    return written if isinstance(written, int) else 0
