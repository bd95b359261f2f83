"""A module's tensors by name: `state_dict` and `load_state_dict`."""

from collections import OrderedDict, namedtuple

from ..._modes import no_grad
from ... import _core
from ..parameter import Parameter, is_lazy
from ..._hooks import HookRegistry


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """The names that a module has and a state dict lacks, and the other way round."""

    __slots__ = ()

    def __repr__(self):
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


def _quoted(keys):
    return ", ".join(f'"{key}"' for key in keys)


class StateDict:
    """The part of a module that reads and writes state dicts."""

    _version = 1

    def get_extra_state(self):
        """What else belongs into the state dict; defined by subclasses, with `set_extra_state`."""
        raise RuntimeError("a module that calls get_extra_state() must define it")

    def set_extra_state(self, state):
        """Takes what `get_extra_state` returned."""
        raise RuntimeError(f"{type(self).__name__} defines get_extra_state(), but not "
                           "set_extra_state()")

    def _has_extra_state(self):
        return type(self).get_extra_state is not StateDict.get_extra_state

    def _takes_extra_state(self):
        return type(self).set_extra_state is not StateDict.set_extra_state

    def _own_state(self):
        """Parameters and persistent buffers that are this module's and not its children's."""
        yield from self._parameters.items()
        for name, buffer in self._buffers.items():
            if name not in self._non_persistent_buffers_set:
                yield name, buffer

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        """Adds this module's own tensors; subclasses with other ideas override it."""
        for name, tensor in self._own_state():
            if tensor is not None:
                kept = keep_vars or is_lazy(tensor)
                destination[prefix + name] = tensor if kept else tensor.detach()
        if self._has_extra_state():
            destination[prefix + "_extra_state"] = self.get_extra_state()

    def state_dict(self, *args, destination=None, prefix="", keep_vars=False):
        """All parameters and persistent buffers by their names, `prefix` before each. The tensors
        share memory with the module's; with `keep_vars` they are the module's."""
        if args:
            given = dict(zip(("destination", "prefix", "keep_vars"), args))
            destination = given.get("destination", destination)
            prefix, keep_vars = given.get("prefix", prefix), given.get("keep_vars", keep_vars)
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=prefix + name + ".",
                                  keep_vars=keep_vars)
        for number, hook in self._state_dict_hooks.items():
            replaced = hook(self, destination, prefix, metadata)
            if replaced is not None:
                if number not in self._state_dict_hooks_that_replace:
                    raise RuntimeError("state_dict post-hook must return None")
                destination = replaced
        return destination

    def register_state_dict_pre_hook(self, hook):
        """hook(module, prefix, keep_vars) is called before a state dict is made."""
        return self._state_dict_pre_hooks.add(hook)

    def register_state_dict_post_hook(self, hook):
        """hook(module, state_dict, prefix, local_metadata) may change the state dict in place."""
        return self._state_dict_hooks.add(hook)

    def _register_state_dict_hook(self, hook):
        """As `register_state_dict_post_hook`; what the hook returns replaces the state dict."""
        return self._state_dict_hooks.add(hook, self._state_dict_hooks_that_replace)

    def register_load_state_dict_pre_hook(self, hook):
        """hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
        error_msgs) is called before this module takes its tensors."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(self, hook, with_module=False):
        flags = [self._load_state_dict_pre_hooks_with_module] if with_module else []
        return self._load_state_dict_pre_hooks.add(hook, *flags)

    def register_load_state_dict_post_hook(self, hook):
        """hook(module, incompatible_keys) is called when this module and its children are loaded;
        it may change the lists of keys."""
        return self._load_state_dict_post_hooks.add(hook)

    def _load_tensor(self, name, key, old, new, assign):
        """Takes one tensor; what doesn't fit is described by the text that is returned."""
        if not isinstance(new, _core.Tensor):
            return (f'While copying the parameter named "{key}", expected a tensor from the '
                    f"checkpoint, got {type(new).__name__}.")
        if is_lazy(old) and is_lazy(new):
            return None
        if is_lazy(old):
            with no_grad():
                old.materialize(new.shape)
        elif not is_lazy(new) and old.dim() == 0 and tuple(new.shape) == (1,):
            new = new[0]  # as files of old versions have scalars
        if is_lazy(new) or new.shape != old.shape:
            return (f"size mismatch for {key}: copying a param with shape "
                    f"{'unknown' if is_lazy(new) else repr(new.shape)} from checkpoint, the "
                    f"shape in current model is {old.shape!r}.")
        if assign:
            if isinstance(old, Parameter) and not isinstance(new, Parameter):
                new = Parameter(new, requires_grad=old.requires_grad)
            setattr(self, name, new)
        else:
            with no_grad():
                old.copy_(new)
        return None

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, missing_keys,
                              unexpected_keys, error_msgs):
        """Takes this module's own tensors; subclasses that know older layouts override it."""
        for number, hook in self._load_state_dict_pre_hooks.items():
            module = (self,) if number in self._load_state_dict_pre_hooks_with_module else ()
            hook(*module, state_dict, prefix, local_metadata, strict, missing_keys,
                 unexpected_keys, error_msgs)
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, old in list(self._own_state()):
            key = prefix + name
            if old is None:
                continue
            if key in state_dict:
                error = self._load_tensor(name, key, old, state_dict[key], assign)
                if error:
                    error_msgs.append(error)
            elif strict:
                missing_keys.append(key)
        key = prefix + "_extra_state"
        if self._takes_extra_state():
            if key in state_dict:
                self.set_extra_state(state_dict[key])
            elif strict:
                missing_keys.append(key)
        elif strict and key in state_dict:
            unexpected_keys.append(key)
        if strict:
            unexpected_keys.extend(self._unknown_keys(state_dict, prefix))

    def _unknown_keys(self, state_dict, prefix):
        known = {name for name, tensor in self._own_state() if tensor is not None}
        for key in state_dict:
            if not key.startswith(prefix) or key == prefix + "_extra_state":
                continue
            first, *rest = key[len(prefix):].split(".", 1)
            if not (first in self._modules if rest else first in known):
                yield key

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Copies tensors into parameters and buffers of the same names. With `strict`, names must
        be the same on both sides; with `assign`, the given tensors take the place of the module's.
        Returns the names that one side lacks."""
        if not hasattr(state_dict, "items"):
            raise TypeError(f"load_state_dict() takes a dict, not {type(state_dict).__name__}")
        metadata = getattr(state_dict, "_metadata", None) or {}
        state_dict = OrderedDict(state_dict)
        missing, unexpected, errors = [], [], []

        def load(module, local_state, prefix=""):
            local_metadata = dict(metadata.get(prefix[:-1], {}))
            if assign:
                local_metadata["assign_to_params_buffers"] = True
            module._load_from_state_dict(local_state, prefix, local_metadata, True, missing,
                                         unexpected, errors)
            for name, child in module._modules.items():
                if child is not None:
                    below = prefix + name + "."
                    load(child, {key: value for key, value in local_state.items()
                                 if key.startswith(below)}, below)
            incompatible = _IncompatibleKeys(missing, unexpected)
            for hook in module._load_state_dict_post_hooks.values():
                if hook(module, incompatible) is not None:
                    raise RuntimeError("hooks of register_load_state_dict_post_hook change the "
                                       "keys in place and return None")

        load(self, state_dict)
        if strict:
            if unexpected:
                errors.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
            if missing:
                errors.insert(0, f"Missing key(s) in state_dict: {_quoted(missing)}. ")
        if errors:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" +
                               "\n\t".join(errors))
        return _IncompatibleKeys(missing, unexpected)

    def _make_state_dict_hooks(self):
        for name in ("_state_dict_hooks", "_state_dict_hooks_that_replace",
                     "_state_dict_pre_hooks", "_load_state_dict_pre_hooks",
                     "_load_state_dict_pre_hooks_with_module", "_load_state_dict_post_hooks"):
            object.__setattr__(self, name, HookRegistry())
