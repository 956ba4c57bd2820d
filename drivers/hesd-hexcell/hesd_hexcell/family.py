"""What Hexcell's meters have in common and their list of objects does not say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hesd.driver import Authentication, DLMSDriver, SerialNumber, Tier, TokenEntry, TokenWay
from hesd.model.meter_number import NumberEncoding
from hesd.model.obis import OBIS
from hesd_hexcell.object_list import objects
from hesd_hexcell.profile_list import logs, profiles
from hesd_hexcell.vectors import VECTORS

SOURCE: Final = "Hexcell AMI System Unified OBIS List"
RELAY: Final = OBIS("0-0:96.3.10.255")
CREDIT: Final = OBIS("1-0:96.66.0.255")  # remaining energy, counted in 10 Wh
TOKEN: Final = OBIS("1-0:129.129.2.255")
_SLOW: Final = (
    "1-0:1.8.0", "1-0:2.8.0", "1-0:15.8.0", "1-0:3.8.0", "1-0:4.8.0", "1-0:13.7.0", "1-0:14.7.0",
    CREDIT, RELAY,
)  # fmt: skip
_WEST_AFRICA: Final = 60  # minutes east of Greenwich


def driver(meter_type: str, model: str, fast: Iterable[str], note: str) -> DLMSDriver:
    """The driver of a model, of whose objects `fast` are what a screen shows moving."""
    tiers = {OBIS(code): Tier.SLOW for code in _SLOW} | {OBIS(code): Tier.FAST for code in fast}
    table = objects(meter_type, tiers)
    return DLMSDriver(
        vendor="Hexcell",
        models=(model,),
        source=SOURCE,
        objects=table,
        profiles=profiles(meter_type, table),
        logs=logs(meter_type),
        client_sap=17,
        server_sap=1,
        authentication=Authentication.LLS,
        serial=SerialNumber(encoding=NumberEncoding.BCD, digits=11),
        relay=RELAY,
        token=TokenEntry(TokenWay.DATA_BCD, TOKEN),
        credit=CREDIT,
        time_zone_minutes=_WEST_AFRICA,
        vectors=VECTORS,
        note=f"{note} The password from the factory is 00000000. A clock without a deviation is taken"
        " for West Africa Time.",
    )
