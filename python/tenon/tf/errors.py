"""tf.errors: TensorFlow's exceptions."""

from .._eager.errors import *  # noqa: F403

(OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS,
 PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED,
 INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED) = range(17)


class OperatorNotAllowedInGraphError(TypeError):
    """Of TensorFlow's graphs; never raised here, where the code runs."""
