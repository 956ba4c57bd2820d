"""Why the store did not do what it was asked."""

from __future__ import annotations

from hesd.model.errors import HesdError


class StoreUnusable(HesdError):
    """This database cannot be used as it is configured or as it lies on disk: a start fails."""


class StoreDown(HesdError):
    """The database does not answer now (disk full or gone, locked, closed): try again later."""


class Refused(HesdError):
    """A record was not taken: `field` names the culprit, `reason` what is wrong with it.

    In a `conflict` nothing is wrong with it but that something else is there already.
    """

    def __init__(self, field: str, reason: str, *, conflict: bool = False) -> None:
        super().__init__(f"{field}: {reason}")
        self.conflict = conflict
        self.field = field
        self.reason = reason


class Unknown(HesdError):
    """There is no such record."""

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"no {kind} {key}")
        self.kind = kind
        self.key = key


class Changed(HesdError):
    """Somebody else edited the record since it was read; `version` is the one it has now."""

    def __init__(self, kind: str, key: object, version: int) -> None:
        super().__init__(f"{kind} {key} has been changed meanwhile (it is at version {version})")
        self.version = version
