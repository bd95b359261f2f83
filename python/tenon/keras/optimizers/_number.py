"""A variable of one number that the host knows, too."""

from ..._modes import no_grad
from .._variable import Variable


class NumberVariable(Variable):
    """Its number is read from the tensor only after someone else wrote there, so that a compiled
    step goes on without waiting for it."""

    def number(self):
        """The value, as Python's."""
        if self.__dict__.get("_seen") != self._version:
            self._number, self._seen = self.detach().item(), self._version
        return self._number

    def advance(self):
        """Adds 1."""
        number = self.number() + 1
        with no_grad():
            self.add_(1)
        self._number, self._seen = number, self._version
