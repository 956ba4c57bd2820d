"""What a DLMS driver is put through: `hesctl drivers check NAME`, and a vendor's own tests."""

from __future__ import annotations

from collections.abc import Iterator

from hesd.dlms.descriptor import AttributeDescriptor, MethodDescriptor
from hesd.driver.check import Check, run_check
from hesd.driver.cosem import DLMSDriver, TokenWay
from hesd.driver.cosem_check import check_cosem_table


def check_cosem_driver(driver: DLMSDriver) -> tuple[Check, ...]:
    """Every check there is; only the first where the table itself is not sound."""
    table = run_check("table", f"{len(driver.objects)} objects", check_cosem_table, driver)
    if not table.passed:
        return (table,)
    return (
        table,
        run_check("descriptors", "every attribute and method", _descriptors, driver),
    )


def _descriptors(driver: DLMSDriver) -> Iterator[str]:
    """Each has to come back from the octets it is sent as."""
    attributes = [AttributeDescriptor(each.class_id, each.obis, each.attribute) for each in driver.objects]
    attributes += [AttributeDescriptor(7, each.obis, 2) for each in driver.buffers]
    if driver.relay is not None:
        MethodDescriptor(70, driver.relay, 1)
    if driver.token is not None and driver.token.way is TokenWay.GATEWAY:
        MethodDescriptor(115, driver.token.obis, 1)
    for attribute in attributes:
        if len(attribute.octets) != 9:
            yield f"{attribute.instance}: no descriptor"
