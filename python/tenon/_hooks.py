"""Functions that users have called before and after those of modules and optimizers."""

import itertools
import weakref

_numbers = itertools.count()


class RemovableHandle:
    """Removes a hook that was registered: `handle.remove()`, or at the end of `with handle:`."""

    def __init__(self, *registries):
        self.id = next(_numbers)
        self._registries = [weakref.ref(registry) for registry in registries]

    def remove(self):
        for reference in self._registries:
            registry = reference()
            if registry is not None:
                registry.pop(self.id, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


class HookRegistry(dict):
    """Hooks by number, in the order in which they are called."""

    def add(self, hook, *others, prepend=False):
        """Where `others` are given (registries of flags), the hook is in each of them, too."""
        handle = RemovableHandle(self, *others)
        before = list(self.items()) if prepend else ()
        if prepend:
            self.clear()
        self[handle.id] = hook
        self.update(before)
        for other in others:
            other[handle.id] = True
        return handle
