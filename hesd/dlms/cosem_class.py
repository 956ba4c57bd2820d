"""The COSEM interface classes hesd knows: their attributes and methods by name (IEC 62056-6-2).

The names are those of the standard, so a table reads like the page it comes from. An
attribute of a class that is not here is read all the same; it is called by its number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from hesd.dlms import cosem_meaning as meaning
from hesd.dlms.errors import DataError

Meaning = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class CosemClass:
    """`attributes` and `methods` count from 1; `meanings` is by attribute name."""

    class_id: int
    name: str
    attributes: tuple[str, ...]
    methods: tuple[str, ...]
    meanings: Mapping[str, Meaning]

    def attribute_name(self, number: int) -> str:
        """The name of an attribute; of one the standard does not know, ``attribute_12``."""
        known = 1 <= number <= len(self.attributes)
        return self.attributes[number - 1] if known else f"attribute_{number}"

    def method_name(self, number: int) -> str:
        known = 1 <= number <= len(self.methods)
        return self.methods[number - 1] if known else f"method_{number}"

    def attribute_number(self, name: str) -> int:
        """Raises `KeyError` for a name the class has not."""
        if name not in self.attributes:
            raise KeyError(name)
        return self.attributes.index(name) + 1

    def meaning_of(self, number: int, value: Any) -> Any:
        """What a decoded value means; the value itself where that is all, or where it is malformed."""
        known = self.meanings.get(self.attribute_name(number))
        if known is None:
            return value
        try:
            return known(value)
        except DataError:
            return value


_ANYWHERE: Final[Mapping[str, Meaning]] = {
    "logical_name": meaning.instance,
    "scaler_unit": meaning.scaler_unit,
    "capture_time": meaning.date_time,
    "start_time_current": meaning.date_time,
    "time": meaning.date_time,
    "daylight_savings_begin": meaning.date_time,
    "daylight_savings_end": meaning.date_time,
    "capture_objects": meaning.capture_objects,
    "sort_method": partial(meaning.enumerated, meaning.SortMethod),
    "object_list": meaning.object_list,
    "association_status": partial(meaning.enumerated, meaning.AssociationStatus),
    "image_transfer_status": partial(meaning.enumerated, meaning.ImageTransferStatus),
    "activate_passive_calendar_time": meaning.date_time,
    "control_state": partial(meaning.enumerated, meaning.ControlState),
    "account_activation_time": meaning.date_time,
    "account_closure_time": meaning.date_time,
    "credit_type": partial(meaning.enumerated, meaning.CreditType),
    "credit_status": partial(meaning.enumerated, meaning.CreditStatus),
    "charge_type": partial(meaning.enumerated, meaning.ChargeType),
    "unit_charge_activation_time": meaning.date_time,
    "last_collection_time": meaning.date_time,
    "token_time": meaning.date_time,
    "token_delivery_method": partial(meaning.enumerated, meaning.DeliveryMethod),
    "token_status": meaning.token_result,
}


def _class(class_id: int, name: str, attributes: str, methods: str = "") -> CosemClass:
    names = ("logical_name", *attributes.split())
    return CosemClass(
        class_id, name, names, tuple(methods.split()), {n: m for n, m in _ANYWHERE.items() if n in names}
    )


_KNOWN: Final = (
    _class(1, "Data", "value"),
    _class(3, "Register", "value scaler_unit", "reset"),
    _class(4, "Extended register", "value scaler_unit status capture_time", "reset"),
    _class(
        5,
        "Demand register",
        "current_average_value last_average_value scaler_unit status capture_time start_time_current "
        "period number_of_periods",
        "reset next_period",
    ),
    _class(
        6,
        "Register activation",
        "register_assignment mask_list active_mask",
        "add_register add_mask delete_mask",
    ),
    _class(
        7,
        "Profile generic",
        "buffer capture_objects capture_period sort_method sort_object entries_in_use profile_entries",
        "reset capture get_buffer_by_range get_buffer_by_index",
    ),
    _class(
        8,
        "Clock",
        "time time_zone status daylight_savings_begin daylight_savings_end daylight_savings_deviation "
        "daylight_savings_enabled clock_base",
        "adjust_to_quarter adjust_to_measuring_period adjust_to_minute adjust_to_preset_time "
        "preset_adjusting_time shift_time",
    ),
    _class(9, "Script table", "scripts", "execute"),
    _class(11, "Special days table", "entries", "insert delete"),
    _class(
        15,
        "Association LN",
        "object_list associated_partners_id application_context_name xdlms_context_info "
        "authentication_mechanism_name secret association_status security_setup_reference user_list "
        "current_user",
        "reply_to_hls_authentication change_hls_secret add_object remove_object add_user remove_user",
    ),
    _class(17, "SAP assignment", "sap_assignment_list", "connect_logical_device"),
    _class(
        18,
        "Image transfer",
        "image_block_size image_transferred_blocks_status image_first_not_transferred_block_number "
        "image_transfer_enabled image_transfer_status image_to_activate_info",
        "image_transfer_initiate image_block_transfer image_verify image_activate",
    ),
    _class(
        20,
        "Activity calendar",
        "calendar_name_active season_profile_active week_profile_table_active day_profile_table_active "
        "calendar_name_passive season_profile_passive week_profile_table_passive "
        "day_profile_table_passive activate_passive_calendar_time",
        "activate_passive_calendar",
    ),
    _class(22, "Single action schedule", "executed_script type execution_time"),
    _class(
        40,
        "Push setup",
        "push_object_list send_destination_and_method communication_window "
        "randomisation_start_interval number_of_retries repetition_delay port_reference "
        "push_client_sap push_protection_parameters push_operation_method confirmation_parameters "
        "last_confirmation_date_time",
        "push reset",
    ),
    _class(
        64,
        "Security setup",
        "security_policy security_suite client_system_title server_system_title certificates",
        "security_activate global_key_transfer key_agreement generate_key_pair "
        "generate_certificate_request import_certificate export_certificate remove_certificate",
    ),
    _class(
        70,
        "Disconnect control",
        "output_state control_state control_mode",
        "remote_disconnect remote_reconnect",
    ),
    _class(
        71,
        "Limiter",
        "monitored_value threshold_active threshold_normal threshold_emergency "
        "min_over_threshold_duration min_under_threshold_duration emergency_profile "
        "emergency_profile_group_id_list emergency_profile_active actions",
    ),
    _class(
        111,
        "Account",
        "account_mode_and_status current_credit_in_use current_credit_status available_credit "
        "amount_to_clear clearance_threshold aggregated_debt credit_reference_list "
        "charge_reference_list credit_charge_configuration token_gateway_configuration "
        "account_activation_time account_closure_time currency low_credit_threshold "
        "next_credit_available_threshold max_provision max_provision_period",
        "activate_account close_account reset_account",
    ),
    _class(
        112,
        "Credit",
        "current_credit_amount credit_type priority warning_threshold limit credit_configuration "
        "credit_status preset_credit_amount credit_available_threshold period",
        "update_amount set_amount_to_value invoke_credit",
    ),
    _class(
        113,
        "Charge",
        "total_amount_paid charge_type priority unit_charge_active unit_charge_passive "
        "unit_charge_activation_time period charge_configuration last_collection_time "
        "last_collection_amount total_amount_remaining proportion",
        "update_unit_charge activate_passive_unit_charge collect update_total_amount_remaining "
        "set_total_amount_remaining",
    ),
    _class(
        115,
        "Token gateway",
        "token token_time token_description token_delivery_method token_status",
        "enter",
    ),
)

CLASSES: Final[Mapping[int, CosemClass]] = {known.class_id: known for known in _KNOWN}


def cosem_class(class_id: int) -> CosemClass:
    """The class of that number; one that is not known has a logical name and numbers."""
    return CLASSES.get(class_id) or _class(class_id, f"Class {class_id}", "")
