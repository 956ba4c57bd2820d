"""`hesctl read` of a DLMS meter: an association of its own, made once and given back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, Final, TypeVar

import click

from hesd.collect.dlms_desk import DLMSDesk
from hesd.collect.dlms_meter import DLMSMeter, NotProven
from hesd.collect.dlms_spec import DLMSMeterSpec, MeterAddress, Secrets
from hesd.collect.session_terms import needs_keys
from hesd.ctl.conversation import mode_e_option
from hesd.ctl.decode import SecretHex
from hesd.ctl.one_time_keyring import OneTimeKeyring
from hesd.ctl.read_result import Result, code_of
from hesd.ctl.secret_files import METER_PUBLIC_KEY, OUR_SIGNING_KEY, SECRET_FILE, secrets_given
from hesd.dlms.security import TITLE_LENGTH
from hesd.driver.cosem import Authentication, Ciphering, CosemObject, DLMSDriver
from hesd.links.apdu_line import APDULine
from hesd.links.modbus_link import Priority
from hesd.model.obis import OBIS
from hesd.model.quantities import quantity
from hesd.model.reading import Source
from hesd.store import keys

F = TypeVar("F", bound=Callable[..., Any])

_DAY: Final = 86_400.0  # an interval, which somebody who reads once has no use for
# The first octets of a system title name who made it; the others are random, for under one key
# no title may use a counter twice, and this program remembers none.
_MAKER: Final = b"HSD"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessOptions:
    """How a DLMS meter is spoken to, as the options of a command say it; None is as the driver has it."""

    client: int | None
    physical: int | None
    auth: str | None
    ciphering: str
    suite: int
    counter: int
    title: bytes | None
    secrets: Mapping[str, str]

    @classmethod
    def of(cls, options: dict[str, Any]) -> AccessOptions:
        """Take what `access_options` gave out of a command's options. Raises `UsageError`."""
        files = {name: options.pop(name) for name in tuple(options) if name.endswith("_file")}
        secrets = secrets_given(options.pop("password_stdin"), files)
        given = {name: options.pop(name) for name in cls.__dataclass_fields__ if name != "secrets"}
        return cls(secrets=secrets, **given)

    def spec(self, driver: DLMSDriver, line: str, server: int | None) -> DLMSMeterSpec:
        """The meter behind the server access point `server`."""
        return DLMSMeterSpec(
            serial=line,
            line=line,
            driver_name="",
            driver=driver,
            address=MeterAddress(
                client=driver.client_sap if self.client is None else self.client,
                logical=driver.server_sap if server is None else server,
                physical=self.physical,
            ),
            authentication=driver.authentication if self.auth is None else Authentication(self.auth),
            ciphering=Ciphering(self.ciphering),
            suite=self.suite,
            interval=_DAY,
            slow_interval=_DAY,
        )

    def keyring(self, spec: DLMSMeterSpec) -> OneTimeKeyring:
        """What the options named, kept as long as this process. Raises `KeyRefused`, and `UsageError`
        for a title that counters would be used under."""
        if self.title is not None and needs_keys(spec):
            raise click.UsageError("--title is for what is only signed: under keys it could repeat a counter")
        read: dict[str, Any] = {name.value: secret for name, secret in keys.read(self.secrets).items()}
        title = self.title or _MAKER + token_bytes(TITLE_LENGTH - len(_MAKER))
        return OneTimeKeyring(Secrets(**read, own_title=title), self.counter)


def access_options(command: F) -> F:
    """Options that say how a DLMS meter is spoken to; `AccessOptions.of` takes them."""
    for option in (
        mode_e_option,
        click.option("--meter-public-key-file", type=SECRET_FILE, help=METER_PUBLIC_KEY),
        click.option("--signing-key-file", type=SECRET_FILE, help=OUR_SIGNING_KEY),
        click.option("--authentication-key-file", type=SECRET_FILE, help="The authentication key, in hex."),
        click.option("--encryption-key-file", type=SECRET_FILE, help="The encryption key, in hex."),
        click.option("--password-file", type=SECRET_FILE, help="The same in a file."),
        click.option("--password-stdin", is_flag=True, help="The first line of standard input."),
        click.option(
            "--counter",
            type=click.IntRange(0, 2**32 - 2),
            default=1,
            help="Invocation counter to begin with.",
        ),
        click.option(
            "--title",
            type=SecretHex(TITLE_LENGTH),
            help="Our system title in hex, where the meter knows whose signature it expects.",
        ),
        click.option("--suite", type=click.IntRange(0, 2), default=0, help="The security suite."),
        click.option("--ciphering", type=click.Choice([way.value for way in Ciphering]), default="none"),
        click.option("--auth", type=click.Choice([way.value for way in Authentication])),
        click.option("--physical", type=click.IntRange(0, 0x3FFF), help="The HDLC lower address."),
        click.option("--client", type=click.IntRange(0, 0xFFFF), help="Our client access point."),
    ):
        command = option(command)
    return command


def wanted(driver: DLMSDriver, names: Sequence[str], settings: bool) -> list[OBIS]:
    """Which objects to read, each once; none is all that is polled. Raises `BadParameter`."""
    known: dict[str, CosemObject] = {str(quantity(each.obis).name): each for each in driver.objects}
    if settings and not names:
        return [each.obis for each in driver.objects if each.tier is None and not each.secret]
    return list(dict.fromkeys(code_of(known, name) for name in names))


async def read(
    spec: DLMSMeterSpec,
    codes: Sequence[OBIS],
    keyring: OneTimeKeyring,
    line: APDULine,
    reactor: Any,
    patience: float,
    retries: int,
) -> Result:
    """These objects of one meter; `patience` is in seconds, for one reply."""
    desk = DLMSDesk(reactor, keyring, on_readings=lambda _: None, on_state=lambda _: None)
    meter = desk.meter(spec, line, timeout=patience, retries=retries)
    try:
        return await _read(meter, codes)
    finally:
        await meter.session.close()


async def _read(meter: DLMSMeter, codes: Sequence[OBIS]) -> Result:
    with suppress(NotProven):  # whoever it is: nobody has said who it should be
        await meter.meet(Priority.READ)
    asked = meter.table.named(codes)
    readings = await meter.ask(asked, Source.READ, Priority.READ)
    came = {reading.obis for reading in readings}
    missing = [each.object.obis for each in asked if each.object.obis not in came]
    refused = f"{', '.join(missing)}: the meter {meter.warning}" if missing else ""
    return Result(readings, "", refused, meter.warning)
