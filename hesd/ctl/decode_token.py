"""A prepayment token explained without any key, and never shown whole."""

from __future__ import annotations

from typing import Any

from hesd.ctl.decode_layer import STS
from hesd.dialin.explain import Explanation
from hesd.dlms.errors import TokenError
from hesd.dlms.sts_token import TokenClass, mask, parse_token


def explain_token(digits: str) -> Explanation:
    """Its class, and of a test token what can be read; `error` says why it is none."""
    found = Explanation(STS)
    try:
        token = parse_token(digits)
    except TokenError as refusal:
        found.frames.append({"layer": STS, "kind": "no token", "token": mask(digits), "valid": False})
        found.error = str(refusal)
        return found
    class_name = token.token_class.name.lower()
    fields: dict[str, Any] = {
        "layer": STS,
        "kind": f"{class_name} token",
        "token": str(token),
        "valid": True,
        "class": int(token.token_class),
        "class_name": class_name,
        "needs_permission": token.needs_permission,
    }
    if token.token_class is TokenClass.TEST:
        fields |= {"subclass": token.subclass, "crc16_ok": True}
    found.frames.append(fields)
    return found
