"""TensorFlow's exceptions."""


class OpError(Exception):
    """The base of all: what went wrong in an op. `message` says it."""

    error_code = None

    def __init__(self, *arguments):
        # TensorFlow's own are made as (node_def, op, message); ours by the message alone.
        self.message = str(arguments[2] if len(arguments) >= 3 else arguments[-1] if arguments
                           else "")
        self.node_def, self.op = arguments[:2] if len(arguments) >= 3 else (None, None)
        super().__init__(self.message)


def _error(name, code, base=RuntimeError, *, doc):
    """An exception of TensorFlow's that is one of Python's, too."""
    return type(name, (OpError, base), {"error_code": code, "__doc__": doc, "__module__": __name__})


CancelledError = _error("CancelledError", 1, doc="An operation was cancelled.")
UnknownError = _error("UnknownError", 2, doc="None of the others.")
InvalidArgumentError = _error("InvalidArgumentError", 3, ValueError,
                              doc="An argument has a shape, dtype or value that the op refuses.")
DeadlineExceededError = _error("DeadlineExceededError", 4, doc="Time ran out.")
NotFoundError = _error("NotFoundError", 5, FileNotFoundError, doc="A file or name isn't there.")
AlreadyExistsError = _error("AlreadyExistsError", 6, FileExistsError, doc="It is there already.")
PermissionDeniedError = _error("PermissionDeniedError", 7, PermissionError, doc="Not allowed to.")
ResourceExhaustedError = _error("ResourceExhaustedError", 8, MemoryError, doc="Out of memory.")
FailedPreconditionError = _error("FailedPreconditionError", 9, doc="Not in the state for this.")
AbortedError = _error("AbortedError", 10, doc="Given up.")
OutOfRangeError = _error("OutOfRangeError", 11, doc="Past the end, as of a dataset.")
UnimplementedError = _error("UnimplementedError", 12, NotImplementedError,
                            doc="What isn't offered.")
InternalError = _error("InternalError", 13, doc="An invariant is broken.")
UnavailableError = _error("UnavailableError", 14, doc="Not to be reached now.")
DataLossError = _error("DataLossError", 15, ValueError, doc="Data is damaged or cut off.")
UnauthenticatedError = _error("UnauthenticatedError", 16, doc="Without the credentials.")
