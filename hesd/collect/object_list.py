"""The objects of a meter's association, with names and rights: read from one meter of a model, kept for all.

Names come from the driver's table first, then from what the codes themselves say, and for the rest
from the catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hesd.collect.catalogue import Catalogue
from hesd.collect.cosem_models import Models
from hesd.collect.dlms_meter import DLMSMeter
from hesd.dlms.base_name import ASSOCIATION_CLASS, short_named_objects
from hesd.dlms.cosem_class import cosem_class
from hesd.dlms.cosem_meaning import ObjectListElement, object_list
from hesd.dlms.data import Data
from hesd.dlms.descriptor import AttributeDescriptor
from hesd.driver.cosem import DLMSDriver, Referencing
from hesd.model.job import JSON
from hesd.model.obis import OBIS, InvalidOBIS
from hesd.model.quantities import quantity

_ASSOCIATION: Final = OBIS("0.0.40.0.0.255")
_ASSOCIATION_LN: Final = 15
_OBJECT_LIST: Final = 2
_PROFILE: Final = 7
_LOGS: Final = (99, 98)  # value groups C and D
_READ, _WRITE = 1, 2


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object of the list, and what the catalogue calls it where nobody else has a name."""

    element: ObjectListElement
    name: str = ""


class ObjectLists:
    """The lists by model; `models` keeps them, and of which model each meter is."""

    def __init__(self, models: Models, catalogue: Catalogue) -> None:
        self._models = models
        self._catalogue = catalogue

    async def read(self, meter: DLMSMeter) -> list[ListedObject]:
        """Have the meter list its objects, and keep the list.

        Raises what `DLMSMeter.meet` and `Session.get_long` raise, `AccessRefused`, `DLMSError`.
        """
        await meter.meet()
        short = meter.spec.referencing is Referencing.SHORT
        class_id = ASSOCIATION_CLASS if short else _ASSOCIATION_LN
        read = await meter.session.get_long(AttributeDescriptor(class_id, _ASSOCIATION, _OBJECT_LIST))
        if read.problem is not None:
            raise read.problem
        value = Data.decode(read.octets).value
        elements = tuple(_short_named(value)) if short else object_list(value)
        listed = await self._named(meter.spec.driver, elements)
        await self._models.save(_key(meter.model), [_to_json(each) for each in listed])
        await self._models.save(_meter_key(meter.spec.serial), meter.model)
        return listed

    async def of(self, meter: DLMSMeter) -> list[ListedObject]:
        """The list of the meter's model, which is read where it is not known yet."""
        await meter.meet()
        return await self._kept(meter.model) or await self.read(meter)

    async def shown(self, serial: str, driver: DLMSDriver) -> JSON:
        """What is kept of a meter of this driver, as `described`; None where nothing is."""
        model = await self._models.load(_meter_key(serial))
        listed = await self._kept(model) if isinstance(model, str) else []
        return [described(each, driver) for each in listed] or None

    async def _kept(self, model: str) -> list[ListedObject]:
        """What is kept of a model; anything that is no list is taken for none."""
        try:
            return [_from_json(each) for each in await self._models.load(_key(model)) or ()]
        except (TypeError, ValueError, AttributeError, InvalidOBIS):
            return []

    async def _named(self, driver: DLMSDriver, elements: Iterable[ObjectListElement]) -> list[ListedObject]:
        wanted = list(elements)
        nameless = [each for each in wanted if not _own_name(each, driver)]
        names = await self._catalogue.names([(each.class_id, each.instance) for each in nameless])
        found = {each.instance: name for each, name in zip(nameless, names, strict=True)}
        return [ListedObject(each, found.get(each.instance, "")) for each in wanted]


def described(listed: ListedObject, driver: DLMSDriver) -> JSON:
    """An object as JSON: class, code and name, its attributes and methods with what one may do to them."""
    element = listed.element
    known = cosem_class(element.class_id)
    return {
        "class_id": element.class_id,
        "class_name": known.name,
        "version": element.version,
        "obis": str(element.instance),
        "name": _own_name(element, driver) or listed.name,
        "attributes": [
            {
                "number": number,
                "name": known.attribute_name(number),
                "readable": element.is_readable(number),
                "writable": mode & _WRITE != 0,
            }
            for number, mode in element.attribute_access.items()
        ],
        "methods": [
            {"number": number, "name": known.method_name(number), "callable": mode != 0}
            for number, mode in element.method_access.items()
        ],
    }


def event_logs(listed: Iterable[ListedObject]) -> list[OBIS]:
    """The logs of events among the objects: profiles at x-b:99.98.e."""
    elements = (each.element for each in listed)
    return [
        each.instance for each in elements if each.class_id == _PROFILE and each.instance.groups[2:4] == _LOGS
    ]


def _own_name(element: ObjectListElement, driver: DLMSDriver) -> str:
    """What the driver's table calls an object, else what its code says."""
    objects = (each.name for each in driver.objects if each.obis == element.instance)
    buffers = (each.name for each in driver.buffers if each.obis == element.instance)
    label = quantity(element.instance).label
    return next(filter(None, (*buffers, *objects)), "" if label == element.instance else label)


def _short_named(value: Any) -> Iterable[ObjectListElement]:
    """Lists of short names tell no rights: all that the class has is offered."""
    for each in short_named_objects(value):
        known = cosem_class(each.class_id)
        attributes = dict.fromkeys(range(1, len(known.attributes) + 1), _READ)
        methods = dict.fromkeys(range(1, len(known.methods) + 1), 1)
        yield ObjectListElement(each.class_id, each.version, each.instance, attributes, methods)


def _key(model: str) -> str:
    return f"{model}/objects"


def _meter_key(serial: str) -> str:
    return f"meter {serial}/model"


def _to_json(listed: ListedObject) -> JSON:
    each = listed.element
    rights = [sorted(each.attribute_access.items()), sorted(each.method_access.items())]
    return [each.class_id, each.version, str(each.instance), *rights, listed.name]


def _from_json(kept: Any) -> ListedObject:
    class_id, version, obis, attributes, methods, name = kept
    element = ObjectListElement(int(class_id), int(version), OBIS(obis), _modes(attributes), _modes(methods))
    return ListedObject(element, str(name))


def _modes(kept: Any) -> Mapping[int, int]:
    return {int(number): int(mode) for number, mode in kept}
