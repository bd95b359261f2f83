"""Checkpoints: the variables of objects, as safetensors files."""

import json
import os
import re

from ... import _core, nn
from ..._eager.errors import InvalidArgumentError, NotFoundError
from ..._eager.tensor import own
from ..._modes import no_grad
from .._module import _parts
from .._variable import Variable
from ..random import Generator

_STATE = "checkpoint"  # the file that tells which checkpoints a directory has


class _Position:
    """Where an iterator over a dataset is, as a variable."""

    shape, dtype = (), _core.int64

    def __init__(self, iterator):
        self._iterator = iterator

    def detach(self):
        return _core.tensor_of_data(self._iterator.position, _core.int64)

    def copy_(self, position):
        self._iterator.go_to(int(position))


class _Random:
    """The state of a random generator, as a variable."""

    def __init__(self, generator):
        self._generator = generator
        self.shape, self.dtype = tuple(generator.state.shape), generator.state.dtype

    def detach(self):
        return self._generator.state

    def copy_(self, state):
        self._generator.reset(state)


def _as_variable(value):
    """What isn't a variable, but is saved as one; None of others."""
    if hasattr(value, "go_to"):
        return _Position(value)
    return _Random(value) if isinstance(value, Generator) else None


def _is_trackable(value):
    """Whether a checkpoint can hold something of a value."""
    kinds = (_core.Tensor, Checkpoint, Generator, nn.Module, dict, list, tuple)
    return isinstance(value, kinds) or hasattr(value, "go_to") or hasattr(value, "variables")


def _children(value):
    """What an object of a checkpoint holds, by name."""
    if isinstance(value, Checkpoint):
        return list(value._children().items())
    if not isinstance(value, nn.Module):
        return _parts(value)
    graph = getattr(value, "_graph", None)
    if graph is not None or hasattr(value, "pop") and hasattr(value, "layers"):
        # Keras's names of layers differ between models that are alike: by their order.
        named = [(f"layer-{i}", layer) for i, layer in enumerate(value.layers)]
    else:
        named = _parts(value) + [(key, buffer) for key, buffer in value._buffers.items()
                                 if buffer is not None]
    optimizer = getattr(value, "optimizer", None)
    return named if optimizer is None else [*named, ("optimizer", optimizer)]


def _variables(value, path=(), around=()):
    """Paths and variables of what a checkpoint holds: modules, optimizers, lists, dicts, variables,
    iterators. What is found by several paths comes several times."""
    if isinstance(value, _core.Tensor):
        yield "/".join(path), value
        return
    if id(value) in around:
        return
    around = (*around, id(value))
    single = _as_variable(value)
    if single is not None:
        yield "/".join(path), single
        return
    found = set()
    for key, part in _children(value):
        for name, one in _variables(part, (*path, str(key)), around):
            found.add(id(one))
            yield name, one
    if isinstance(value, nn.Module) and hasattr(value, "weights"):
        more = value.weights
    elif not isinstance(value, (nn.Module, Checkpoint, dict, list, tuple)):
        held = getattr(value, "variables", ())  # optimizers and metrics
        more = held() if callable(held) else held
    else:
        return
    for i, one in enumerate(more):
        if id(one) not in found:
            yield "/".join((*path, str(i))), one


def _unfinished(value, around=()):
    """The objects whose variables may come later: layers and optimizers that aren't built, and
    checkpoints."""
    if id(value) in around or isinstance(value, _core.Tensor):
        return
    if isinstance(value, Checkpoint) or getattr(value, "built", None) is False:
        yield value
    for _, part in _children(value):
        yield from _unfinished(part, (*around, id(value)))


class CheckpointOptions:
    """TensorFlow's settings of files; taken and not needed."""

    def __init__(self, **options):
        self.__dict__.update(options)


class _Status:
    """What `restore` matched, and matches when variables are made later."""

    def __init__(self, checkpoint=None, saved=None):
        self._checkpoint, self._saved, self._done = checkpoint, saved or {}, set()

    def take(self):
        """Sets the variables that are there now and haven't been set."""
        held = self._checkpoint._held()
        found = [(name, one) for name, one in held
                 if name in self._saved and (name, id(one)) not in self._done]
        shapes = [f"{name}: {tuple(self._saved[name].shape)} in the file, {tuple(one.shape)} in "
                  "the program" for name, one in found
                  if tuple(self._saved[name].shape) != tuple(one.shape)]
        if shapes:
            raise ValueError(f"restore(): shapes differ: {'; '.join(shapes[:5])}")
        others = [f"{name}: {self._saved[name].dtype} in the file, {one.dtype} in the program"
                  for name, one in found if self._saved[name].dtype is not one.dtype]
        if others:
            raise InvalidArgumentError(f"restore(): dtypes differ: {'; '.join(others[:5])}")
        with no_grad():
            for name, one in found:
                one.copy_(self._saved[name])
                self._done.add((name, id(one)))
        if set(self._saved) - {name for name, _ in held}:
            for one in _unfinished(self._checkpoint):
                one.__dict__["_restores_later"] = self.take

    def _missing(self):
        if self._checkpoint is None:
            raise AssertionError("No checkpoint specified (save_path=None); nothing is being "
                                 "restored.")
        return [name for name, _ in self._checkpoint._held() if name not in self._saved]

    def assert_consumed(self):
        """Raises AssertionError unless everything in the file and in the objects found its
        other."""
        self.assert_existing_objects_matched()
        held = {name for name, _ in self._checkpoint._held()}
        unused = sorted(set(self._saved) - held)
        if unused:
            raise AssertionError(f"Unresolved in the checkpoint: {', '.join(unused[:5])}")
        return self

    def assert_existing_objects_matched(self):
        """Raises AssertionError unless every variable was in the file."""
        missing = self._missing()
        if missing:
            raise AssertionError(f"No checkpointed value was found for {', '.join(missing[:5])}")
        return self

    def assert_nontrivial_match(self):
        """Raises AssertionError unless some variable was in the file."""
        missing = self._missing()
        if len(missing) == len(self._checkpoint._held()):
            raise AssertionError("Nothing to load: none of the checkpoint's variables "
                                 f"({', '.join(sorted(self._saved)[:5])}) is one of the program's "
                                 f"({', '.join(missing[:5])})")
        return self

    def expect_partial(self):
        """It is known that not everything matches."""
        return self

    def initialize_or_restore(self, session=None):
        """Done already."""


class Checkpoint:
    """Objects whose variables are saved together: `Checkpoint(model=model,
    optimizer=optimizer)`."""

    def __init__(self, root=None, **kwargs):
        self.__dict__["_counter"] = None
        if root is not None:
            self.root = root
        for name, value in kwargs.items():
            if not _is_trackable(value):
                raise ValueError(f"`Checkpoint` was expecting {name} to be a trackable object (a "
                                 "variable, module, layer, optimizer, metric, iterator, list or "
                                 f"dict), got {value!r}.")
            setattr(self, name, value)

    @property
    def save_counter(self):
        """How often it was saved, a variable."""
        if self._counter is None:
            self.__dict__["_counter"] = Variable(0, dtype=_core.int64, trainable=False,
                                                 name="save_counter")
        return self._counter

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)
        later = self.__dict__.get("_restores_later")
        if later is not None and not name.startswith("_"):
            later()

    def _children(self):
        return {key: value for key, value in vars(self).items() if not key.startswith("_")}

    def _held(self):
        return list(_variables(self))

    def write(self, file_prefix, options=None):
        """Writes a file with exactly this name and '.safetensors' behind it; gives the name."""
        prefix = os.fspath(file_prefix)
        os.makedirs(os.path.dirname(prefix) or ".", exist_ok=True)
        tensors, names, others = {}, {}, {}
        held = self._held()
        for name, one in held:
            if names.setdefault(id(one), name) == name:
                tensors[name] = one.detach()
            else:
                others[name] = names[id(one)]
        _core.save_tensors(tensors, _file(prefix), {"save_counter": str(int(self.save_counter)),
                                                    "other_names": json.dumps(others)})
        return prefix

    def save(self, file_prefix, options=None):
        """Writes a file with the number of this save behind its name, which it gives."""
        return self._save(file_prefix)

    def _save(self, file_prefix, number=None):
        """As `save`, with another number where one is given."""
        self.save_counter.assign_add(1)
        number = int(self.save_counter if number is None else number)
        prefix = self.write(f"{os.fspath(file_prefix)}-{number}")
        directory = os.path.dirname(prefix)
        names = [name for name in _state(directory) if name != os.path.basename(prefix)]
        _write_state(directory, [*names, os.path.basename(prefix)])
        return prefix

    def read(self, save_path, options=None):
        """Sets the variables from what `write` wrote."""
        return self._take(save_path)

    def restore(self, save_path, options=None):
        """Sets the variables from what `save` wrote, those of layers and optimizers that aren't
        built when they are; nothing for None."""
        return _Status() if save_path is None else self._take(save_path)

    def _take(self, save_path):
        saved, metadata = _loaded(save_path)
        for name, of in json.loads(metadata.get("other_names", "{}")).items():
            saved[name] = saved[of]
        status = _Status(self, saved)
        status.take()
        self.save_counter.assign(int(metadata.get("save_counter", 0)))
        return status


def _file(prefix):
    return f"{prefix}.safetensors"


def _loaded(save_path):
    path = _file(os.fspath(save_path))
    if not os.path.exists(path):
        raise NotFoundError(f"Could not find checkpoint {path}")
    return dict(_core.load_tensors(path)), dict(_core.load_metadata(path))


def _state(directory):
    path = os.path.join(directory, _STATE)
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return json.load(file)["checkpoints"]


def _write_state(directory, names):
    path = os.path.join(directory, _STATE)
    with open(f"{path}.new", "w") as file:
        json.dump({"checkpoints": names}, file)
    os.replace(f"{path}.new", path)


def latest_checkpoint(checkpoint_dir, latest_filename=None):
    """The name of the last checkpoint that was saved in a directory; None without one."""
    directory = os.fspath(checkpoint_dir)
    names = [name for name in _state(directory)
             if os.path.exists(_file(os.path.join(directory, name)))]
    return os.path.join(directory, names[-1]) if names else None


def get_checkpoint_state(checkpoint_dir, latest_filename=None):
    """What a directory's checkpoints are: `model_checkpoint_path`, `all_model_checkpoint_paths`."""
    import types

    directory = os.fspath(checkpoint_dir)
    paths = [os.path.join(directory, name) for name in _state(directory)]
    return types.SimpleNamespace(model_checkpoint_path=paths[-1],
                                 all_model_checkpoint_paths=paths) if paths else None


def _resolved(path):
    path = os.fspath(path)
    return latest_checkpoint(path) if os.path.isdir(path) else path


def list_variables(ckpt_dir_or_file):
    """(name, shape) of all variables of a checkpoint."""
    saved, _ = _loaded(_resolved(ckpt_dir_or_file))
    return [(name, list(saved[name].shape)) for name in sorted(saved)]


def load_variable(ckpt_dir_or_file, name):
    """A variable of a checkpoint, as an array."""
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name)


def _own_name(name):
    """A variable's name, without what TensorFlow has behind it."""
    return name.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE")


class _Reader:
    """The variables of a checkpoint; their names may be TensorFlow's."""

    def __init__(self, path):
        self._saved, _ = _loaded(path)

    def get_tensor(self, name):
        """A variable as an array."""
        if not self.has_tensor(name):
            raise NotFoundError(f"Key {name} not found in checkpoint")
        return own(self._saved[_own_name(name)]).numpy()

    def has_tensor(self, name):
        """Whether there is such a variable."""
        return _own_name(name) in self._saved

    def get_variable_to_shape_map(self):
        """Shapes by names."""
        return {name: list(one.shape) for name, one in self._saved.items()}

    def get_variable_to_dtype_map(self):
        """Dtypes by names."""
        return {name: one.dtype for name, one in self._saved.items()}


def load_checkpoint(ckpt_dir_or_file):
    """A reader of a checkpoint."""
    return _Reader(_resolved(ckpt_dir_or_file))


def checkpoints_iterator(checkpoint_dir, min_interval_secs=0, timeout=None, timeout_fn=None):
    """The checkpoints of a directory as they come, until none comes for `timeout` seconds."""
    import time

    last, since = None, time.monotonic()
    while True:
        path = latest_checkpoint(checkpoint_dir)
        if path is not None and path != last:
            last, since = path, time.monotonic()
            yield path
        elif timeout is not None and time.monotonic() - since > timeout:
            if timeout_fn is None or timeout_fn():
                return
            since = time.monotonic()
        time.sleep(max(min_interval_secs, 0.05))


class CheckpointManager:
    """Saves checkpoints into a directory and keeps the last `max_to_keep`."""

    def __init__(self, checkpoint, directory, max_to_keep, keep_checkpoint_every_n_hours=None,
                 checkpoint_name="ckpt", step_counter=None, checkpoint_interval=None, init_fn=None):
        if max_to_keep is not None and max_to_keep <= 0:
            raise ValueError("Expected a positive integer or `None` for `max_to_keep`, got "
                             f"{max_to_keep}.")
        self.checkpoint, self.directory = checkpoint, os.fspath(directory)
        self._max_to_keep, self._name = max_to_keep, checkpoint_name
        self._step, self._interval, self._last = step_counter, checkpoint_interval, None
        self._init_fn = init_fn
        if checkpoint_interval is not None and step_counter is None:
            raise ValueError("`step_counter` should be passed if `checkpoint_interval` is not "
                             "None.")

    @property
    def checkpoint_interval(self):
        """How many steps lie between two that are saved; None for any number."""
        return self._interval

    @property
    def checkpoints(self):
        """The names of those that are kept, the oldest first."""
        pattern = re.compile(re.escape(self._name) + r"-\d+$")
        return [os.path.join(self.directory, name) for name in _state(self.directory)
                if pattern.match(name)]

    @property
    def latest_checkpoint(self):
        """The last one's name; None without one."""
        found = self.checkpoints
        return found[-1] if found else None

    def save(self, checkpoint_number=None, check_interval=True, options=None):
        """Saves, with a number of its own where one is given, and removes what is too old."""
        if self._interval is not None and check_interval and self._last is not None and \
                int(self._step) - self._last < self._interval:
            return None
        self._last = None if self._step is None else int(self._step)
        path = self.checkpoint._save(os.path.join(self.directory, self._name), checkpoint_number)
        found = self.checkpoints
        if self._max_to_keep is not None:
            old = found[:-self._max_to_keep]
            for one in old:
                os.remove(_file(one))
            gone = {os.path.basename(one) for one in old}
            _write_state(self.directory, [name for name in _state(self.directory)
                                          if name not in gone])
        return path

    def restore_or_initialize(self):
        """Restores the last one; where there is none, calls init_fn and gives None."""
        path = self.latest_checkpoint
        if path is not None:
            self.checkpoint.restore(path)
        elif self._init_fn is not None:
            self._init_fn()
        return path
