"""How a session with a meter can fail, beyond what a line can.

What a meter does with a command that brought no answer is not known, whatever came instead:
so an association that is gone and an exception-response are both a `NoReply`.
"""

from __future__ import annotations

from hesd.dlms.access_result import DataAccessResult
from hesd.dlms.acse import Diagnostic
from hesd.dlms.exception import ConfirmedServiceError, ExceptionResponse, ServiceError
from hesd.model.errors import HesdError, NoReply


class AssociationFailed(HesdError):
    """The meter refuses the association, or we refuse what it offers; never says a secret.

    `exception` is what the meter said instead of AARE, if it was that, `diagnostic` why its AARE
    says no.
    """

    def __init__(
        self,
        reason: str,
        exception: ExceptionResponse | None = None,
        diagnostic: Diagnostic | None = None,
    ) -> None:
        super().__init__(reason)
        self.exception = exception
        self.diagnostic = diagnostic


class AssociationGone(NoReply):
    """The meter has no association any more, so it has not answered what was asked last."""

    def __init__(self, reason: str, exception: ExceptionResponse | None = None) -> None:
        super().__init__(reason)
        self.exception = exception


class ServiceRejected(NoReply):
    """An exception-response or confirmed-service-error where an answer was due.

    Neither is ever protected, so anybody on the way could have sent it.
    """

    def __init__(self, exception: ExceptionResponse | ConfirmedServiceError) -> None:
        super().__init__(f"the meter rejects the service: {_text(exception)}")
        self.exception = exception


class AccessRefused(HesdError):
    """The meter answered that an attribute cannot be had; `result` says why."""

    def __init__(self, result: DataAccessResult) -> None:
        super().__init__(f"the meter refuses it: {result.text}")
        self.result = result


def is_about_counters(error: Exception) -> bool:
    """Whether the meter complains of our invocation counter."""
    exception = getattr(error, "exception", None)
    return (
        isinstance(exception, ExceptionResponse)
        and exception.service_error == ServiceError.INVOCATION_COUNTER_ERROR
    )


def _text(exception: ExceptionResponse | ConfirmedServiceError) -> str:
    if isinstance(exception, ExceptionResponse):
        return f"{exception.state_error.text}, {exception.service_error.text}"
    return f"{exception.error_class.text} error {exception.code}"
