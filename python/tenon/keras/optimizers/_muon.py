"""Muon: matrices by orthogonal steps, other variables by Adam's."""

import re

from ... import _core
from ._base import Optimizer


class Muon(Optimizer):
    """Jordan et al. 2024. Of matrices: m = momentum * m + g; the step s of m, or with Nesterov of
    g + momentum * m, is brought near to an orthogonal matrix by `ns_steps` rounds of Newton and
    Schulz's iteration; p -= rate * s * sqrt(max(rows, columns)) * rms_rate (Liu et al. 2025).

    Variables that aren't matrices, those of embeddings, and those in whose paths one of the
    expressions `exclude_layers` is found, take AdamW's steps with the rate times adam_lr_ratio.
    """

    _rates_change_alone = True

    def __init__(self, learning_rate=0.001, adam_beta_1=0.9, adam_beta_2=0.999,
                 adam_weight_decay=0.004, epsilon=1e-7, weight_decay=0.004, exclude_layers=None,
                 exclude_embeddings=True, muon_a=3.4445, muon_b=-4.7750, muon_c=2.0315,
                 adam_lr_ratio=1, momentum=0.95, ns_steps=5, nesterov=True, rms_rate=0.2,
                 **kwargs):
        super().__init__(learning_rate, weight_decay=weight_decay, **kwargs)
        self.adam_beta_1, self.adam_beta_2, self.epsilon = adam_beta_1, adam_beta_2, epsilon
        self.adam_weight_decay, self.adam_lr_ratio = adam_weight_decay, adam_lr_ratio
        self.exclude_layers = list(exclude_layers or ())
        self.exclude_embeddings = exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c = muon_a, muon_b, muon_c
        self.momentum, self.ns_steps, self.nesterov = momentum, ns_steps, nesterov
        self.rms_rate = rms_rate

    def _is_adams(self, variable):
        path = getattr(variable, "path", "")
        return (variable.dim() != 2 or self.exclude_embeddings and "embedding" in path.lower()
                or any(re.search(part, path) for part in self.exclude_layers))

    def build(self, variables):
        super().build(variables)
        self._momentums, self._velocities = [], []
        for variable in self._trainable_variables:
            self._momentums.append(self.add_variable_from_reference(variable, "momentum"))
            self._velocities.append(self.add_variable_from_reference(variable, "velocity")
                                    if self._is_adams(variable) else None)

    def _decay_of(self, variable):
        is_adams = self._velocities[self._get_variable_index(variable)] is not None
        return self.adam_weight_decay if is_adams else self.weight_decay

    def _rates(self):
        t = self.iterations.number() + 1
        return self._rate(), (1 - self.adam_beta_2**t) ** 0.5 / (1 - self.adam_beta_1**t)

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        m, v = self._momentums[i], self._velocities[i]
        if v is None:
            m.mul_(self.momentum).add_(gradient)
            step = _core.detach(m)
            if self.nesterov:
                step = _core.add(gradient, step, alpha=self.momentum)
            scale = 1.0 if self.rms_rate is None else max(variable.shape) ** 0.5 * self.rms_rate
            variable.sub_(self._orthogonal(step) * scale * learning_rate)
            return
        m.add_((gradient - m) * (1 - self.adam_beta_1))
        v.add_((gradient.square() - v) * (1 - self.adam_beta_2))
        rate = learning_rate * self.adam_lr_ratio * self._numbers_of_step()[1]
        variable.sub_(m * rate / (v.sqrt() + self.epsilon))

    def _orthogonal(self, x):
        is_tall = x.shape[0] > x.shape[1]
        x = x.t() if is_tall else x
        x = x / (x.norm() + 1e-7)
        for _ in range(self.ns_steps):
            gram = x @ x.t()
            x = x * self.muon_a + (gram * self.muon_b + (gram @ gram) * self.muon_c) @ x
        return x.t() if is_tall else x
