"""Connections that wait for a time to pass."""

from __future__ import annotations

from collections.abc import Iterator

from hesd.links.dial_in_connection import DialInConnection


class ConnectionQueue(dict[DialInConnection, int]):
    """Connections with a time each, the earliest first: times are only ever put in as now."""

    def put(self, connection: DialInConnection, now_ms: int) -> None:
        self.pop(connection, None)
        self[connection] = now_ms

    def due(self, until_ms: int) -> Iterator[DialInConnection]:
        """Take out those put in at or before that time."""
        due = []
        for connection, since in self.items():
            if since > until_ms:
                break
            due.append(connection)
        for connection in due:
            if self.pop(connection, None) is not None:
                yield connection
