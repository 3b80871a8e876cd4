"""`tf.errors`: the error classes that programs name in `except` clauses.

TensorFlow raises `InvalidArgumentError` when it runs an op and `ValueError` or
`TypeError` when it traces one; here both are the one class, which is a `ValueError`.
"""

from __future__ import annotations

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


class OpError(Exception):
    """The base of all of them.

    Accepts both `Error(message)` and TensorFlow's `Error(node_def, op, message)`.
    """

    code = UNKNOWN

    def __init__(self, *args: object) -> None:
        node, op, message = (None, None, *args) if len(args) == 1 else (*args,)[:3]
        super().__init__(message)
        self.node_def = node
        self.op = op

    @property
    def message(self) -> str:
        """The text of the error."""
        return str(self.args[0])

    @property
    def error_code(self) -> int:
        """The number of the error's class, as in TensorFlow."""
        return self.code


class CancelledError(OpError):
    code = CANCELLED


class UnknownError(OpError):
    code = UNKNOWN


class InvalidArgumentError(OpError, ValueError):
    code = INVALID_ARGUMENT


class DeadlineExceededError(OpError):
    code = DEADLINE_EXCEEDED


class NotFoundError(OpError):
    code = NOT_FOUND


class AlreadyExistsError(OpError):
    code = ALREADY_EXISTS


class PermissionDeniedError(OpError):
    code = PERMISSION_DENIED


class ResourceExhaustedError(OpError):
    code = RESOURCE_EXHAUSTED


class FailedPreconditionError(OpError):
    code = FAILED_PRECONDITION


class AbortedError(OpError):
    code = ABORTED


class OutOfRangeError(OpError):
    code = OUT_OF_RANGE


class UnimplementedError(OpError):
    code = UNIMPLEMENTED


class InternalError(OpError):
    code = INTERNAL


class UnavailableError(OpError):
    code = UNAVAILABLE


class DataLossError(OpError):
    code = DATA_LOSS


class UnauthenticatedError(OpError):
    code = UNAUTHENTICATED


class OperatorNotAllowedInGraphError(TypeError):
    """A traced tensor was used where Python needs its value."""


class ValueNeeded(OperatorNotAllowedInGraphError):
    """An op needs the value of a traced tensor to know the size of its result.

    TensorFlow's graphs have tensors of unknown size; compiled JAX code has not.
    """


class InaccessibleTensorError(ValueError):
    """A tensor of a finished trace was used outside it."""


class MissingNameError(AttributeError):
    """A name of TensorFlow, Sonnet or TRFL that this package does not have.

    Args:
      name: the dotted name; or, alone, the whole message.
      reason: what is known of it, and what to do.
      place: the file and line that asked for it, or "".
    """

    def __init__(self, name: str, reason: str = "", place: str = "") -> None:
        where = f" ({place})" if place else ""
        super().__init__(f"compat has no {name}{where}: {reason}" if reason else name)
        self.reason = reason or name
