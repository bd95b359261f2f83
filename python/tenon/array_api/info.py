"""What the namespace can do."""

from .. import _core, _dtypes
from ._support import DTYPES, KINDS, default_float

__all__ = ["__array_namespace_info__"]


class _Info:
    """Devices, dtypes and abilities."""

    def capabilities(self):
        """Masks as indices, results whose shapes depend on data, and how many axes there may be."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 63}

    def default_device(self):
        return _core.device("cpu")

    def default_dtypes(self, *, device=None):
        """The dtypes of arrays that are made without one."""
        return {"real floating": default_float(), "complex floating": _dtypes.default_complex(),
                "integral": _core.int64, "indexing": _core.int64}

    def devices(self):
        return [_core.device("cpu")]

    def dtypes(self, *, device=None, kind=None):
        """Dtypes by name, of all kinds or those given."""
        if kind is None:
            chosen = DTYPES
        else:
            kinds = kind if isinstance(kind, tuple) else (kind,)
            if unknown := set(kinds) - set(KINDS):
                raise _core.ValueError(f"[dtypes] no kind is called {min(unknown)!r}; they are "
                                       f"{', '.join(KINDS)}")
            chosen = [dtype for one in kinds for dtype in KINDS[one]]
        return {str(dtype).rpartition(".")[2]: dtype for dtype in chosen}


def __array_namespace_info__():
    """What arrays of this namespace can be and do."""
    return _Info()
