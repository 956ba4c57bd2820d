"""What has to be known to speak with a DLMS meter, and who keeps its secrets."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hesd.driver.cosem import Authentication, Ciphering, DLMSDriver, Referencing
from hesd.links.apdu_line import MeterAddress as MeterAddress
from hesd.model.secrets import Secrets as Secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class DLMSMeterSpec:
    """The counterpart of `MeterSpec` for a DLMS meter.

    `line` names the configured line it is dialled on, or the listener it dials in to; `via` is
    the serial of the concentrator that dials in for it, "" where it does so itself.
    Intervals are in seconds. Nothing is written to a meter, switched or loaded beyond the
    commands of `hesd.collect.command_jobs` unless `writes_enabled`.
    """

    serial: str
    line: str
    driver_name: str
    driver: DLMSDriver
    address: MeterAddress
    authentication: Authentication
    ciphering: Ciphering = Ciphering.NONE
    suite: int = 0
    referencing: Referencing = Referencing.LOGICAL
    interval: float
    slow_interval: float
    ratio: float = 1
    writes_enabled: bool = False
    via: str = ""


class Keyring(Protocol):
    """Where secrets and counters are kept. What it has returned from is on disk."""

    def secrets(self, serial: str) -> Awaitable[Secrets]:
        """What is known of a meter; a meter without keys has empty ones."""

    def reserve(self, serial: str, count: int, at_least: int = 0) -> Awaitable[tuple[int, int]]:
        """Reserve `count` of our invocation counters under the meter's present encryption key.

        Gives the first and the limit (not included). None of them was given before, and the
        first is not below `at_least`.
        """

    def received(self, serial: str) -> Awaitable[int]:
        """The highest counter received from the meter under its present key, -1 for none."""

    def set_received(self, serial: str, counter: int) -> Awaitable[None]:
        """Keep the highest counter received; a lower one than is kept changes nothing."""

    def set_peer_title(self, serial: str, title: bytes) -> Awaitable[None]:
        """Keep a system title that a tag has verified with."""

    def titled(self, title: bytes) -> Awaitable[Sequence[str]]:
        """The meters whose system title this is; more than one where the registry is wrong.

        Anybody may have it asked as often as they like: it is answered from memory.
        """

    def replace_keys(self, serial: str, **keys: bytes) -> Awaitable[None]:
        """Keep new keys (fields of `Secrets`); counters of a new encryption key start anew."""

    def keep_pending(self, serial: str, **keys: bytes) -> Awaitable[None]:
        """Keep keys that are about to be sent to the meter, beside those it has now."""

    def pending(self, serial: str) -> Awaitable[dict[str, bytes]]:
        """The keys the meter may have taken, by name; empty where that is known of all."""

    def settle_pending(self, serial: str, *, taken: bool) -> Awaitable[None]:
        """The meter has taken its pending keys, so they are its keys now; or it has not."""
