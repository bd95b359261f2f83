"""What compile() makes of a module: one that computes the same, compiled."""

from .._compile import compile as compile_function, draw
from .modules.module import Module


#: What the wrapper has for itself; any other attribute is that of the module within.
_OWN = {"_orig_mod", "_options", "_compiled"}


class CompiledModule(Module):
    """Calls of this module are compiled calls of `_orig_mod`, whose attributes are this one's,
    too, to read and to set."""

    def __init__(self, module, **options):
        super().__init__()
        self._orig_mod = module
        self._options = options
        self._make_compiled()

    def _make_compiled(self):
        module = self._orig_mod
        self._compiled = compile_function(lambda *args, **kwargs: module(*args, **kwargs),
                                          **self._options)

    def forward(self, *args, **kwargs):
        return self._compiled(*args, **kwargs)

    @property
    def training(self):
        """Whether the module within is in training."""
        return self._orig_mod.training

    @training.setter
    def training(self, mode):
        self._orig_mod.training = mode

    def _is_own(self, name):
        return name in _OWN or hasattr(type(self), name)

    def __setattr__(self, name, value):
        if self._is_own(name):
            super().__setattr__(name, value)
        else:
            setattr(self._orig_mod, name, value)

    def __delattr__(self, name):
        if self._is_own(name):
            super().__delattr__(name)
        else:
            delattr(self._orig_mod, name)

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            module = self.__dict__.get("_modules", {}).get("_orig_mod")
            if module is None:
                raise
            return getattr(module, name)

    def __getstate__(self):
        return {name: value for name, value in super().__getstate__().items()
                if name != "_compiled"}

    def __setstate__(self, state):
        super().__setstate__(state)
        self._make_compiled()

    def explain(self):
        """What was planned."""
        return self._compiled.explain()

    def explain_svg(self):
        """The graphs that were planned, as a drawing in SVG, which notebooks show."""
        return draw(self._compiled)

    def graphs(self, drawn=False):
        """The graphs that were planned, as texts."""
        return self._compiled.graphs(drawn)

    def counters(self):
        """How many calls, plans and so on there were."""
        return self._compiled.counters()
