"""Walks over a module, its children and theirs."""


class Tree:
    """The part of a module that lists what it holds. What is shared is listed once."""

    def _named_members(self, members, prefix="", recurse=True, remove_duplicate=True):
        """Names and members of this module and, with `recurse`, of those below; `members` lists
        those of one module."""
        seen = set()
        modules = (self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse
                   else [(prefix, self)])
        for path, module in modules:
            for name, value in members(module):
                if value is None or id(value) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(value))
                yield (f"{path}.{name}" if path else name), value

    def parameters(self, recurse=True):
        """All parameters."""
        seen = set()  # without names, which take most of the time
        for module in self.modules() if recurse else (self,):
            for parameter in module._parameters.values():
                if parameter is not None and id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield parameter

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """All parameters with their names."""
        yield from self._named_members(lambda module: module._parameters.items(), prefix, recurse,
                                       remove_duplicate)

    def buffers(self, recurse=True):
        """All buffers."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """All buffers with their names."""
        yield from self._named_members(lambda module: module._buffers.items(), prefix, recurse,
                                       remove_duplicate)

    def children(self):
        """The modules right below this one."""
        for _, module in self.named_children():
            yield module

    def named_children(self):
        """The modules right below this one, with their names."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def modules(self, remove_duplicate=True):
        """This module and all below it."""
        seen, left = set(), [self]
        while left:
            module = left.pop()
            if module is None or module in seen:
                continue
            if remove_duplicate:
                seen.add(module)
            yield module
            left += reversed(module._modules.values())

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """This module and all below it, with their names; this one's is `prefix`."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, path, remove_duplicate)

    def get_submodule(self, target):
        """The module below this one with that name, such as "layers.0.linear"; itself for ""."""
        module = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Tree):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def set_submodule(self, target, module, strict=False):
        """Puts `module` in the place of the one with that name; with `strict`, there must be
        one."""
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not isinstance(getattr(parent, name, None), Tree):
            raise AttributeError(f"{type(parent).__name__} has no attribute `{name}`")
        setattr(parent, name, module)

    def _member(self, target, registry, what):
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if name not in getattr(module, registry):
            raise AttributeError(f"`{name}` is not {what}")
        return getattr(module, registry)[name]

    def get_parameter(self, target):
        """The parameter with that name, such as "linear.weight"."""
        return self._member(target, "_parameters", "an nn.Parameter")

    def get_buffer(self, target):
        """The buffer with that name."""
        return self._member(target, "_buffers", "a buffer")
