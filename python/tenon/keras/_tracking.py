"""Lists and dicts of a layer that tell it when they change, so that it knows the layers in them."""

from ..nn.modules.module import Module
from ..nn.parameter import Parameter


class Structure:
    """Counts changes of what any layer holds, or of what is trainable: lists of variables that were
    made under the same count hold still. `settings` counts changes of other attributes of layers,
    metrics and optimizers, which decide what they compute."""

    version = 0
    settings = 0

    @classmethod
    def changed(cls):
        cls.version += 1


def members_of(value, path):
    """Paths and values of the modules, parameters and metrics in lists and dicts."""
    if isinstance(value, (Module, Parameter)) or is_metric(value):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from members_of(item, f"{path}.{key}")
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from members_of(item, f"{path}.{i}")


def is_metric(value):
    """Whether this has a metric's methods."""
    return hasattr(value, "update_state") and hasattr(value, "reset_state")


class _Tracked:
    """The part of lists and dicts that tells their layer."""

    def _belongs_to(self, owner, name):
        self._owner, self._name = owner, name
        return self

    def _changed(self):
        owner = self.__dict__.get("_owner")
        if owner is not None:
            owner._track_members(self._name, self)


def _telling(method):
    """The method, after which the owner is told."""

    def changed(self, *args, **kwargs):
        result = method(self, *args, **kwargs)
        self._changed()
        return result

    changed.__name__, changed.__doc__ = method.__name__, method.__doc__
    return changed


def _all_telling(kind, names):
    return {name: _telling(getattr(kind, name)) for name in names}


_list_methods = _all_telling(list, ("append", "extend", "insert", "pop", "remove", "clear",
                                    "reverse", "sort", "__setitem__", "__delitem__", "__iadd__",
                                    "__imul__"))
_dict_methods = _all_telling(dict, ("update", "pop", "popitem", "clear", "setdefault",
                                    "__setitem__", "__delitem__", "__ior__"))


class TrackedList(_Tracked, list):
    """A list that is a layer's attribute."""

    vars().update(_list_methods)

    def __reduce_ex__(self, protocol):
        return type(self), (list(self),), self.__dict__


class TrackedDict(_Tracked, dict):
    """A dict that is a layer's attribute."""

    vars().update(_dict_methods)

    def __reduce_ex__(self, protocol):
        return type(self), (dict(self),), self.__dict__


def tracked(value, owner, name):
    """A list or dict as one that tells its layer; other values as they are."""
    if type(value) is list:
        return TrackedList(value)._belongs_to(owner, name)
    if type(value) is dict:
        return TrackedDict(value)._belongs_to(owner, name)
    return value
