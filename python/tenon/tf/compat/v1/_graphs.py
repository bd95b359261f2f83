"""What TensorFlow 1 had around graphs: variables by name, and what can't be without graphs."""

import contextlib

from .... import _core
from ...._eager import convert
from ..._variable import Variable
from ....keras import initializers

AUTO_REUSE = "auto_reuse"


def _refusing(name, message=None):
    text = message or (f"tf.compat.v1.{name} needs graphs, which aren't there: code runs as it is "
                       "written")

    def function(*_, **__):
        raise RuntimeError(text)

    function.__name__, function.__doc__ = name, "Of graphs: a RuntimeError."
    return function


placeholder = _refusing("placeholder", "tf.placeholder() is not compatible with eager execution.")
placeholder_with_default = _refusing("placeholder_with_default")
disable_eager_execution = _refusing("disable_eager_execution")
disable_v2_behavior = _refusing("disable_v2_behavior")
get_default_graph = _refusing("get_default_graph")


class _Refused:
    """Of graphs: a RuntimeError."""

    def __init__(self, *_, **__):
        raise RuntimeError(f"tf.compat.v1.{type(self).__name__} needs graphs, which aren't there: "
                           "code runs as it is written")


class Session(_Refused):
    """Of graphs: a RuntimeError."""


class InteractiveSession(_Refused):
    """Of graphs: a RuntimeError."""


class Graph(_Refused):
    """Of graphs: a RuntimeError."""


class GraphDef(_Refused):
    """Of graphs: a RuntimeError."""


def _nothing(name, text):
    def function(*_, **__):
        return None

    function.__name__, function.__doc__ = name, text
    return function


_AS_IT_IS = "Nothing: that is how it is."
enable_eager_execution = _nothing("enable_eager_execution", _AS_IT_IS)
enable_v2_behavior = _nothing("enable_v2_behavior", _AS_IT_IS)
enable_resource_variables = _nothing("enable_resource_variables", _AS_IT_IS)
disable_resource_variables = _nothing("disable_resource_variables", "Nothing: there is one kind.")
enable_control_flow_v2 = _nothing("enable_control_flow_v2", _AS_IT_IS)
disable_control_flow_v2 = _nothing("disable_control_flow_v2", "Nothing: the code runs.")
enable_v2_tensorshape = _nothing("enable_v2_tensorshape", _AS_IT_IS)
disable_v2_tensorshape = _nothing("disable_v2_tensorshape", "Nothing: sizes are numbers.")
reset_default_graph = _nothing("reset_default_graph", "Nothing: there is no graph.")
get_default_session = _nothing("get_default_session", "None: there is no session.")
global_variables_initializer = _nothing("global_variables_initializer",
                                        "Nothing: variables have their values.")
local_variables_initializer = initialize_all_variables = tables_initializer = \
    variables_initializer = global_variables_initializer


class _Settings:
    """Named settings, which change nothing."""

    def __init__(self, **settings):
        self.__dict__.update(settings)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        made = self.__dict__[name] = _Settings()
        return made


class ConfigProto(_Settings):
    """Settings of sessions."""


class GPUOptions(_Settings):
    """Settings of GPUs."""


class RunOptions(_Settings):
    """Settings of runs."""


class RunMetadata(_Settings):
    """What is known of runs."""


class GraphKeys:
    """Names of collections."""

    GLOBAL_VARIABLES, LOCAL_VARIABLES = "variables", "local_variables"
    TRAINABLE_VARIABLES, MODEL_VARIABLES = "trainable_variables", "model_variables"
    REGULARIZATION_LOSSES, LOSSES, SUMMARIES = "regularization_losses", "losses", "summaries"
    UPDATE_OPS, GLOBAL_STEP = "update_ops", "global_step"


_collections = {}


def get_collection(key, scope=None):
    """What was added to a collection; variables aren't by themselves."""
    return list(_collections.get(key, ()))


def add_to_collection(name, value):
    """Adds to a collection."""
    _collections.setdefault(name, []).append(value)


def trainable_variables(scope=None):
    """None: without a graph, objects hold their variables."""
    return []


global_variables = local_variables = model_variables = trainable_variables


class Dimension(int):
    """A size."""

    @property
    def value(self):
        return int(self)


# Variables by name: within a scope that reuses, the same.


class _Scope:
    def __init__(self, name, reuse, initializer, regularizer):
        self.name, self.reuse = name, reuse
        self.initializer, self.regularizer = initializer, regularizer

    def reuse_variables(self):
        """Variables of this scope are there from here on."""
        self.reuse = True


_scopes = [_Scope("", False, None, None)]
_variables = {}


@contextlib.contextmanager
def variable_scope(name_or_scope=None, default_name=None, values=None, initializer=None,
                   regularizer=None, reuse=None, **_):
    """Within `with`, names of variables begin with this one."""
    around = _scopes[-1]
    if isinstance(name_or_scope, _Scope):
        name = name_or_scope.name
    else:
        name = "/".join(part for part in (around.name, name_or_scope or default_name) if part)
    scope = _Scope(name, around.reuse if reuse is None else reuse,
                   initializer or around.initializer,
                   regularizer or around.regularizer)
    _scopes.append(scope)
    try:
        yield scope
    finally:
        _scopes.pop()


def get_variable_scope():
    """The scope that this stands in."""
    return _scopes[-1]


def get_variable(name, shape=None, dtype=None, initializer=None, regularizer=None, trainable=True,
                 **_):
    """The variable of this name where the scope reuses, else a new one."""
    scope = _scopes[-1]
    path = f"{scope.name}/{name}" if scope.name else name
    if scope.reuse and path in _variables:
        found = _variables[path]
        if shape is not None and tuple(found.shape) != tuple(convert.sizes(shape)):
            raise ValueError(f"Trying to share variable {path}, but specified shape "
                             f"{tuple(convert.sizes(shape))} and found shape {tuple(found.shape)}.")
        return found
    if scope.reuse is True:
        raise ValueError(f"Variable {path} does not exist, or was not created with "
                         "tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in VarScope?")
    made = Variable(_initial(initializer or scope.initializer, shape, dtype), trainable=trainable,
                    name=path)
    _variables[path] = made
    return made


def _initial(initializer, shape, dtype):
    if initializer is None:
        initializer = initializers.GlorotUniform()
    if not callable(initializer) or isinstance(initializer, _core.Tensor):
        return convert.constant(initializer, dtype)
    if shape is None:
        raise ValueError("get_variable(): the shape is wanted where the initializer is a function")
    initializer = initializer() if isinstance(initializer, type) else initializer
    return initializer(tuple(convert.sizes(shape)), dtype=dtype or _core.float32)


get_local_variable = get_variable
