"""Association requests and releases in words, with the names of IEC 62056-5-3, 9.4.

A password or a challenge, and a dedicated key, are shown only to whoever asks for them.
"""

from __future__ import annotations

from typing import Any

from hesd.dlms.acse import AARE, AARQ, RLRE, RLRQ, Context, Diagnostic, DiagnosticSource, Mechanism
from hesd.dlms.explain_data import HIDDEN, explain_octets
from hesd.dlms.initiate import InitiateRequest, InitiateResponse


def explain_acse(apdu: AARQ | AARE | RLRQ | RLRE, *, reveal: bool = True) -> dict[str, Any]:
    """All fields but the user-information."""
    match apdu:
        case AARQ():
            return {
                **_context(apdu.context),
                **_octets("called_ap_title", apdu.called_ap_title),
                **_octets("calling_ap_title", apdu.calling_ap_title),
                **_octets("calling_ae_qualifier", apdu.calling_ae_qualifier),
                **_number("calling_ae_invocation_id", apdu.calling_ae_invocation_id),
                **_mechanism(apdu.mechanism),
                **_secret("calling_authentication_value", apdu.authentication, reveal),
            }
        case AARE():
            return {
                **_context(apdu.context),
                "result": int(apdu.result),
                "result_name": apdu.result.text,
                **_diagnostic(apdu.diagnostic_source, apdu.diagnostic),
                **_octets("responding_ap_title", apdu.responding_ap_title),
                **_octets("responding_ae_qualifier", apdu.responding_ae_qualifier),
                **_mechanism(apdu.mechanism),
                **_secret("responding_authentication_value", apdu.authentication, reveal),
            }
    return {} if apdu.reason is None else {"reason": int(apdu.reason), "reason_name": apdu.reason.text}


def _context(context: Context) -> dict[str, Any]:
    return {"application_context": int(context), "application_context_name": context.text}


def _mechanism(mechanism: Mechanism) -> dict[str, Any]:
    return {"mechanism": int(mechanism), "mechanism_name": mechanism.text}


def _diagnostic(source: DiagnosticSource, diagnostic: Diagnostic) -> dict[str, Any]:
    """The names are those of the service user; the provider has three codes of its own."""
    found = {"diagnostic_source": "acse-" + source.name.lower().replace("_", "-")}
    return {**found, "diagnostic": int(diagnostic), "diagnostic_name": diagnostic.text}


def _octets(name: str, octets: bytes | None) -> dict[str, Any]:
    return {} if octets is None else {name: octets.hex()}


def _number(name: str, number: int | None) -> dict[str, Any]:
    return {} if number is None else {name: number}


def _secret(name: str, octets: bytes | None, reveal: bool) -> dict[str, Any]:
    if octets is None:
        return {}
    return {name: explain_octets(octets) if reveal else HIDDEN}


def explain_initiate(apdu: InitiateRequest | InitiateResponse, *, reveal: bool = True) -> dict[str, Any]:
    """What the two sides agree on."""
    services = list(apdu.conformance.names)
    conformance = apdu.conformance.octets.hex().upper()
    if isinstance(apdu, InitiateRequest):
        key = apdu.dedicated_key
        return {
            **({} if key is None else {"dedicated_key": key.hex() if reveal else HIDDEN}),
            "response_allowed": apdu.response_allowed,
            **_number("proposed_quality_of_service", apdu.quality_of_service),
            "proposed_dlms_version_number": apdu.dlms_version,
            "proposed_conformance": conformance,
            "services": services,
            "client_max_receive_pdu_size": apdu.max_pdu,
        }
    return {
        **_number("negotiated_quality_of_service", apdu.quality_of_service),
        "negotiated_dlms_version_number": apdu.dlms_version,
        "negotiated_conformance": conformance,
        "services": services,
        "server_max_receive_pdu_size": apdu.max_pdu,
        "vaa_name": apdu.vaa_name,
    }
