"""Steps of training, evaluation and prediction: compiled, and run again without their code where
nothing in it can change."""

from ... import _core
from ..._compile import compile as compile_function
from ..._eager.recording import Moves, live_tapes
from .. import _tree
from .._tracking import Structure
from .replayable import is_replayable

Tensor = _core.Tensor


class Step:
    """step(data), compiled. Of a model that is made of this package's parts alone, the code does
    the same in each call for batches of the same sizes: after a few of those, what its ops were
    runs without it, as a step of Keras's does. A change of what the model holds, or of an attribute
    of its layers, metrics or optimizer, has the code run again.

    optimizer: what the step trains with, whose rate is then fed to it; None where it doesn't train.
    """

    _CALLS_BEFORE = 3  # that variables are made in, and what comes once only goes no further
    _MOST_KINDS = 2  # of batches that are run again: full ones and those that end an epoch

    def __init__(self, model, name, function, optimizer=None):
        self._model, self._name = model, name
        self._function, self._optimizer = function, optimizer
        self._compiled = compile_function(function)
        self._version = self._settings = self._moves = None
        self._can_replay = False
        self._kinds = {}  # of batches: how often they came, or their _Replay

    def __call__(self, data):
        if (self._version != Structure.version or self._settings != Structure.settings
                or self._moves != Moves.count):
            self._begin()
        if self._can_replay and not live_tapes:
            kind, tensors = _kind_of(data)
            replay = self._kinds.get(kind, 0)
            if type(replay) is int:
                replay = self._count(kind, replay)
            if replay is not None:
                return replay(data, tensors)
        return self._compiled(data)

    def _begin(self):
        """Forgets what was kept of the model as it was."""
        was_other = self._version != Structure.version
        self._version, self._settings = Structure.version, Structure.settings
        self._moves = Moves.count
        if was_other or self._can_replay:
            self._can_replay = is_replayable(self._model, self._name, self._optimizer)
        self._kinds = {}

    def _count(self, kind, calls):
        """Counts a call with such a batch; the _Replay it is to go on with, None as long as there
        is none."""
        self._kinds[kind] = calls + 1
        made = sum(type(one) is _Replay for one in self._kinds.values())
        if calls < self._CALLS_BEFORE or made == self._MOST_KINDS:
            if len(self._kinds) > 64:  # sizes that come once each
                self._kinds = {one: held for one, held in self._kinds.items()
                               if type(held) is _Replay}
            return None
        self._kinds[kind] = _Replay(self._function, self._optimizer, self._refuse)
        return self._kinds[kind]

    def _refuse(self):
        self._can_replay = False

    def explain(self):
        """What was planned of calls that ran their code, then of those that didn't."""
        replays = [one for one in self._kinds.values() if type(one) is _Replay]
        return "".join([self._compiled.explain(), *(one.pure.explain() for one in replays)])

    def counters(self):
        """How many calls, plans and so on there were; "replays" are calls without the code."""
        total = dict(self._compiled.counters())
        for one in self._kinds.values():
            if type(one) is _Replay:
                for name, count in one.pure.counters().items():
                    total[name] += count
        return total


def _kind_of(data):
    """What batches have in common that the same ops are right for, and their tensors; those whose
    memory begins elsewhere are copied."""
    is_plain = type(data) is tuple and all([isinstance(one, Tensor) for one in data])
    tensors = data if is_plain else [one for one in _tree.flatten(data) if isinstance(one, Tensor)]
    tensors = [one.clone() if one.storage_offset() else one for one in tensors]
    kind = tuple([(one.shape, one.stride(), one.dtype) for one in tensors])
    return kind if is_plain else (kind, repr(_tree.map_structure(_form, data))), tensors


def _form(value):
    return "tensor" if isinstance(value, Tensor) else type(value)


class _CannotReplay(Exception):
    """Raised after a step whose ops can't be run again."""


class _Replay:
    """A step for batches of one kind. Its first call runs the code and keeps what its ops were;
    later ones run these."""

    def __init__(self, function, optimizer, refuse):
        self._function, self._optimizer, self._refuse = function, optimizer, refuse
        self._data = self._made = None
        self._names = self._form = None  # of the results: of a dict of tensors, or of others
        self._has_run = False
        self.pure = _core.CompiledFunction(self._run, [], True, False, 0)

    def __call__(self, data, tensors):
        if self._optimizer is not None:
            self._optimizer._feed()
        if self._has_run:
            results = self.pure(*tensors)
            if self._names is not None:
                return dict(zip(self._names, results))
            return _tree.pack_as(self._form, results)
        return self._first(data, tensors)

    def _first(self, data, tensors):
        self._data = data, tensors
        try:
            self.pure(*tensors)
            self._has_run = True
        except (_CannotReplay, _core.ValueError) as error:
            # The step was done, and it is only for being run again that it doesn't do.
            if self._made is None or not (isinstance(error, _CannotReplay)
                                          or "a pure function" in str(error)):
                raise
            self._refuse()
        made, self._made, self._data = self._made, None, None
        return made

    def _run(self, *_):
        if self._has_run:
            raise RuntimeError("a step that was to run again without its code can't: its batch "
                               "lies in the memory of a variable")
        data, tensors = self._data
        tensors = iter(tensors)
        data = _tree.pack_as(data, [next(tensors) if isinstance(one, Tensor) else one
                                    for one in _tree.flatten(data)])
        if self._optimizer is None:
            made = self._function(data)
        else:
            with self._optimizer._fed():
                made = self._function(data)
        self._made = made
        if not all(isinstance(one, Tensor) for one in _tree.flatten(made)):
            raise _CannotReplay
        if type(made) is dict and all(isinstance(one, Tensor) for one in made.values()):
            self._names = list(made)
            return list(made.values())
        self._form = _tree.map_structure(lambda _: None, made)
        return _tree.flatten(made)
