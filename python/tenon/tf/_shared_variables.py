"""Variables that several programs have together, each of which holds them as tensors of its own."""

from ._variable import Variable


class SharedVariables:
    """The variables of a folder's programs, by name. A variable lies in the memory of the first
    program that has it; others take its elements before they run, where they have changed since,
    and give back what they wrote."""

    def __init__(self, programs, trainable):
        """programs: those of the folder; trainable: by the variables' names, whether training
        changes them."""
        self.by_name = {}
        self._copies = {id(program): [] for program in programs}
        for program in programs:
            for name, weight in program.state_dict().items():
                if name not in trainable:
                    continue
                if name not in self.by_name:
                    self.by_name[name] = _variable_in(weight, name, trainable[name])
                else:
                    self._copies[id(program)].append(_Copy(self.by_name[name], weight))

    def running(self, program, run):
        """run(), which runs the program, with its variables as they are now."""
        copies = self._copies[id(program)]
        for copy in copies:
            copy.take()
        made = run()
        for copy in copies:
            copy.give()
        return made

    def tree(self):
        """The variables as the module held them: objects with attributes, lists and dicts."""
        root = {}
        for name, variable in self.by_name.items():
            *around, last = name.split("/")
            node = root
            for part in around:
                node = node.setdefault(part, {})
            node[last] = variable
        return {name: _held(node) for name, node in root.items()}


def _variable_in(weight, name, trainable):
    """A variable of the very memory of a program's tensor."""
    made = Variable(weight, trainable=trainable, name=name)
    made.data = weight
    return made


def _held(node):
    if not isinstance(node, dict):
        return node
    if all(part.isdigit() for part in node):
        return [_held(node[part]) for part in sorted(node, key=int)]
    return Part({part: _held(one) for part, one in node.items()})


class Part:
    """What a saved module held by a name: more of such, and variables."""

    def __init__(self, held):
        self.__dict__.update(held)

    def __getitem__(self, name):
        return self.__dict__[name]


class _Copy:
    """A program's own tensor of a variable that lies elsewhere."""

    def __init__(self, variable, weight):
        self._variable, self._weight = variable, weight
        self._versions = None

    def _remember(self):
        self._versions = self._variable._version, self._weight._version

    def take(self):
        """Takes the variable's elements where they have changed."""
        if self._versions is None or self._versions[0] != self._variable._version:
            self._weight.copy_(self._variable.detach())
        self._remember()

    def give(self):
        """Gives the variable what the program wrote."""
        if self._versions[1] != self._weight._version:
            self._variable.assign(self._weight)
        self._remember()
