"""Moving averages of variables."""

from ..._modes import no_grad
from .._variable import Variable


class ExponentialMovingAverage:
    """Averages: `apply` makes each decay * average + (1 - decay) * variable. With `num_updates` the
    decay is no more than (1 + num_updates) / (10 + num_updates); with `zero_debias` averages of
    tensors begin at 0, and what that takes away is made up for."""

    def __init__(self, decay, num_updates=None, zero_debias=False,
                 name="ExponentialMovingAverage"):
        self._decay, self._updates = decay, num_updates
        self._debiases, self.name = zero_debias, name
        self._averages, self._held, self._counts = {}, {}, {}

    def _now(self):
        decay = float(self._decay)
        if self._updates is None:
            return decay
        updates = float(self._updates)
        return min(decay, (1 + updates) / (10 + updates))

    def apply(self, var_list=None):
        """Updates the averages of these variables, which begin as their values."""
        if not var_list:
            raise ValueError("apply(): var_list says which variables; without a graph they aren't "
                             "known")
        decay = self._now()
        with no_grad():
            for variable in var_list:
                if not variable.is_floating_point():
                    raise TypeError("The variables must be half, float, or double: "
                                    f"{variable.dtype}")
                if id(variable) not in self._averages:
                    start = variable.detach().clone()
                    self._averages[id(variable)] = Variable(
                        start * 0 if self._debiases else start, trainable=False,
                        name=f"{variable.path}/{self.name}")
                    self._held[id(variable)], self._counts[id(variable)] = variable, 0
                average = self._averages[id(variable)]
                average.assign_sub((average - variable.detach()) * (1 - decay))
                self._counts[id(variable)] += 1

    def average(self, var):
        """The average of a variable; None before `apply` saw it."""
        average = self._averages.get(id(var))
        if average is None or not self._debiases:
            return average
        return average / (1 - self._now() ** self._counts[id(var)])

    def average_name(self, var):
        """The name that its average has."""
        return f"{var.name}/{self.name}"

    def variables_to_restore(self, moving_avg_variables=None):
        """Averages by their names."""
        return {average.name: self._held[key] for key, average in self._averages.items()}
