"""What a driver or the registry says of a meter's names and security, as APDUs have it.

Without the manufacturers' own HLS.
"""

from __future__ import annotations

from typing import Final

from hesd.dlms.acse import Context, Mechanism
from hesd.dlms.security import SecurityControl
from hesd.driver.cosem import Authentication, Ciphering, Referencing

# By referencing: in clear, ciphered.
CONTEXTS: Final = {
    Referencing.LOGICAL: (Context.LOGICAL_NAMES, Context.LOGICAL_NAMES_CIPHERED),
    Referencing.SHORT: (Context.SHORT_NAMES, Context.SHORT_NAMES_CIPHERED),
}
MECHANISMS: Final = {
    Authentication.NONE: Mechanism.NONE,
    Authentication.LLS: Mechanism.LLS,
    Authentication.HLS_MD5: Mechanism.HLS_MD5,
    Authentication.HLS_SHA1: Mechanism.HLS_SHA1,
    Authentication.HLS_GMAC: Mechanism.HLS_GMAC,
    Authentication.HLS_SHA256: Mechanism.HLS_SHA256,
    Authentication.HLS_ECDSA: Mechanism.HLS_ECDSA,
}
CONTROLS: Final = {
    Ciphering.AUTHENTICATION: SecurityControl.AUTHENTICATED,
    Ciphering.ENCRYPTION: SecurityControl.ENCRYPTED,
    Ciphering.BOTH: SecurityControl.AUTHENTICATED_ENCRYPTED,
}
