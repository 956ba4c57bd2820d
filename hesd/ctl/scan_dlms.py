"""`hesctl scan` for DLMS meters: where they are, who they say they are, and the best driver for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, Self, TypeVar

import click

from hesd.ctl.conversation import HDLC, LineOptions, converse_dlms, mode_e_option
from hesd.ctl.dlms_search import FoundMeter, Heard, Search
from hesd.ctl.driver_choice import known_drivers
from hesd.ctl.printing import print_json, print_table
from hesd.ctl.progress import Progress
from hesd.ctl.ranges import Ranges
from hesd.ctl.recognise_dlms import GENERIC
from hesd.dlms.octet_text import octet_text
from hesd.driver.cosem import DLMSDriver
from hesd.driver.loading import of_kind, usable
from hesd.links.apdu_line import APDULine
from hesd.model.errors import LinkDown

F = TypeVar("F", bound=Callable[..., Any])

_LAST_PORT: Final = 0xFFFF
_LAST_CLIENT_OF_HDLC: Final = 0x7F
_LAST_OF_HDLC: Final = 0x3FFF
_TIMEOUT_MS: Final = 2000  # it may be behind a modem
# The public client, then those under which most meters are managed.
_CLIENTS: Final = (16, 1, 17)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where to look, as the options say it; None where they do not."""

    servers: tuple[int, ...] | None = None
    physical: tuple[int, ...] | None = None
    client: tuple[int, ...] | None = None

    @classmethod
    def of(cls, options: dict[str, Any]) -> Self:
        """Take what `options` gave out of a command's options."""
        return cls(**{name: options.pop(name) for name in cls.__dataclass_fields__})

    @property
    def clients(self) -> tuple[int, ...]:
        return self.client or _CLIENTS

    def addresses(self, protocol: str) -> tuple[tuple[int, ...], tuple[int | None, ...]]:
        """Server access points, and physical addresses to combine with them. Raises `UsageError`.

        Without a physical address all meters of a bus would answer at once, so that is tried only
        where none is named.
        """
        servers = self.servers or (1,)
        if protocol != HDLC:
            if self.physical:
                raise click.UsageError(f"--physical is for {HDLC}: through the wrapper meters have --servers")
            return servers, (None,)
        for name, numbers, last in (
            ("--servers", servers, _LAST_OF_HDLC),
            ("--client", self.clients, _LAST_CLIENT_OF_HDLC),
        ):
            if max(numbers) > last:
                raise click.BadParameter(f"with HDLC they are 1 to {last}", param_hint=name)
        return servers, self.physical or (None,)


def options(command: F) -> F:
    """Options that say where to look for DLMS meters; `Places.of` takes all but --mode-e."""
    for option in (
        mode_e_option,
        click.option(
            "--client",
            type=Ranges(1, _LAST_PORT),
            help="DLMS clients to ask as, 16,1,17 if they are left out.",
        ),
        click.option(
            "--physical",
            type=Ranges(0, _LAST_OF_HDLC),
            help="HDLC lower addresses, for a bus of DLMS meters.",
        ),
        click.option(
            "--servers", type=Ranges(1, _LAST_PORT), help="DLMS server access points, 1 if they are left out."
        ),
    ):
        command = option(command)
    return command


def scan(endpoint: str, line: LineOptions, places: Places, timeout: int | None, *, as_json: bool) -> None:
    """Look for meters and print them; `timeout` is in milliseconds.

    Raises `ClickException` where there are none, and for a line that went down, after what was found.
    """
    known = of_kind(usable(known_drivers()), DLMSDriver)
    drivers = {name: driver for name, driver in known.items() if not driver.template}
    protocol = line.line(endpoint, dlms=True).protocol
    if line.mode_e and protocol != HDLC:
        raise click.UsageError(f"--mode-e opens {HDLC}, and that is {protocol}")
    servers, physical = places.addresses(protocol)
    patience = (timeout or _TIMEOUT_MS) / 1000

    async def talk(link: APDULine, reactor: Any) -> tuple[list[FoundMeter], str]:
        search = Search(link, reactor, places.clients, drivers, patience)
        progress = Progress(len(servers) * len(physical), reactor.seconds)
        found: list[FoundMeter] = []
        with progress:
            for address in product(servers, physical):
                try:
                    each = await search.look_for(*address)
                except LinkDown as error:
                    return found, str(error)
                if each is not None:
                    found.append(each)
                    progress.say(_sentence(each))
                progress.step(f"{_place(*address)}, {len(found)} found")
        return found, "" if found else f"no meter answers on {endpoint}: {search.silence}"

    found, problem = converse_dlms(endpoint, line, talk)
    described = [_described(each) for each in found]
    if as_json:
        print_json(described)
    elif found:
        is_refused = any(each["refused"] for each in described)
        print_table(described, (*_COLUMNS, *([("REFUSED", "refused")] if is_refused else [])))
    if problem:
        raise click.ClickException(problem)


def _place(server: int, physical: int | None) -> str:
    return f"server {server}{_below(physical)}"


def _sentence(found: FoundMeter) -> str:
    known = found.serial or octet_text(found.introduction.device_name) or found.heard[0].refusal
    driver = found.candidates[0].driver if found.candidates else "no driver fits"
    return f"{_place(found.server, found.physical)} answers: {driver}" + (f", {known}" if known else "")


def _described(found: FoundMeter) -> dict[str, Any]:
    best = found.candidates[0] if found.candidates else None
    name = found.introduction.device_name
    return {
        "server": found.server,
        "physical": found.physical,
        "client": next((each.client for each in found.heard if not each.refusal), None),
        "clients": [_heard(each) for each in found.heard],
        "device_name": octet_text(name) if name else None,
        "manufacturer": found.introduction.manufacturer or None,
        "serial": found.serial,
        "refused": list(found.refused),
        "driver": best.driver if best else None,
        "certain": best.certain if best else False,
        "candidates": [{"driver": each.driver, "score": round(each.score, 1)} for each in found.candidates],
    }


def _heard(heard: Heard) -> dict[str, Any]:
    return {
        "client": heard.client,
        "associates": not heard.refusal,
        "referencing": heard.referencing.value if heard.knows_names else None,
        "refusal": heard.refusal or None,
        "diagnostic": heard.diagnostic.text if heard.diagnostic is not None else None,
    }


def _clients(described: Mapping[str, Any]) -> Iterator[str]:
    for each in described["clients"]:
        by = " by short names" if each["referencing"] == "short" else ""
        yield f"{each['client']} {each['refusal'] or 'associates'}{by}"


def _others(described: Mapping[str, Any]) -> Iterator[str]:
    yield from (each["driver"] for each in described["candidates"][1:3] if each["driver"] != GENERIC)


def _below(physical: int | None) -> str:
    return "" if physical is None else f"/{physical}"


_COLUMNS: Final = (
    ("SERVER", lambda each: f"{each['server']}" + _below(each["physical"])),
    ("DEVICE NAME", "device_name"),
    ("SERIAL", "serial"),
    ("DRIVER", lambda each: each["driver"] or "none fits"),
    ("FIT", lambda each: "certain" if each["certain"] else "likely" if each["driver"] != GENERIC else ""),
    ("ALSO POSSIBLE", lambda each: ", ".join(_others(each))),
    ("CLIENTS", lambda each: "; ".join(_clients(each))),
)
