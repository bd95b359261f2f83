"""Optimizers, each with its formula. g is the gradient, p the variable, t the step."""

from ... import _core
from ..initializers import Constant
from ._base import Optimizer


class SGD(Optimizer):
    """p -= rate * g. With momentum: m = momentum * m - rate * g; p += m, or with Nesterov
    p += momentum * m - rate * g."""

    _rates_change_alone = True

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, **kwargs):
        super().__init__(learning_rate, **kwargs)
        if isinstance(momentum, bool) or not 0 <= momentum <= 1:
            raise ValueError(f"SGD(): momentum is a number in [0, 1], not {momentum!r}")
        self.momentum, self.nesterov = momentum, nesterov

    def build(self, variables):
        super().build(variables)
        if self.momentum:
            self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate):
        change = gradient * learning_rate
        if not self.momentum:
            variable.sub_(change)
            return
        m = self._momentums[self._get_variable_index(variable)]
        m.mul_(self.momentum).sub_(change)
        variable.add_(m * self.momentum - change if self.nesterov else m)


class _Moments(Optimizer):
    """The base of those that keep means of g and g^2: m and v."""

    _names = ("momentum", "velocity")

    def build(self, variables):
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, self._names)

    def _moments(self, gradient, variable):
        """m and v after this step."""
        i = self._get_variable_index(variable)
        m, v = self._momentums[i], self._velocities[i]
        m.add_((gradient - m) * (1 - self.beta_1))
        v.add_((gradient.square() - v) * (1 - self.beta_2))
        return m, v

    def _t(self):
        return self.iterations.number() + 1


class Adam(_Moments):
    """Kingma and Ba 2014: m = beta_1 m + (1 - beta_1) g; v = beta_2 v + (1 - beta_2) g^2;
    p -= rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon). With `amsgrad`, of
    the largest v so far."""

    _rates_change_alone = True

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False,
                 **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad

    def build(self, variables):
        super().build(variables)
        slots = {"exp_avg": self._momentums, "exp_avg_sq": self._velocities}
        if self.amsgrad:
            self._largest = self.add_optimizer_variables(variables, "velocity_hat")
            slots["max_exp_avg_sq"] = self._largest
        self._updater = _core._optim.Updater()
        self._states = {p: {name: slot[i] for name, slot in slots.items()}
                        for i, p in enumerate(self._trainable_variables)}

    def __setstate__(self, state):
        super().__setstate__(state)
        if self.built:
            self._updater = _core._optim.Updater()

    def _rates(self):
        rate, t = self._rate(), self._t()
        return rate, rate * ((1 - self.beta_2**t) ** 0.5 / (1 - self.beta_1**t))

    def _update(self, grads, variables, rate):
        """All variables in one run of C++'s formula."""
        rates = self._numbers_of_step()
        is_known = self._is_fed or isinstance(rate, float)
        if not is_known or type(self).update_step is not Adam.update_step:
            return super()._update(grads, variables, rate)
        formula = _core._optim.adam(self.beta_1, self.beta_2, self.epsilon, 0.0, self.amsgrad,
                                    False, False, bias_correction=False, capturable=self._is_fed)
        self._updater.step(formula, rates[1], variables, self._states, grads)

    def update_step(self, gradient, variable, learning_rate):
        t = self._t()
        rate = learning_rate * ((1 - self.beta_2**t) ** 0.5 / (1 - self.beta_1**t))
        m, v = self._moments(gradient, variable)
        if self.amsgrad:
            largest = self._largest[self._get_variable_index(variable)]
            v = largest.copy_(_core.maximum(largest, v))
        variable.sub_(m * rate / (v.sqrt() + self.epsilon))


class AdamW(Adam):
    """Loshchilov and Hutter 2017: p -= rate * weight_decay * p, then Adam's step."""

    def __init__(self, learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999,
                 epsilon=1e-7, amsgrad=False, **kwargs):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay,
                         **kwargs)
        if self.weight_decay is None:
            raise ValueError("AdamW(): weight_decay is a number, not None")


class Nadam(_Moments):
    """Adam with Nesterov's momentum, whose decay grows by the step: Dozat 2016."""

    _rates_change_alone = True

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def build(self, variables):
        super().build(variables)
        self._product = self.add_variable((), "ones", "float64", name="u_product")
        self._product_of = None  # a step, the product before and after it, as the host knows them

    def _decay(self, t):
        return self.beta_1 * (1 - 0.5 * 0.96**t)

    def _products(self):
        """The product of all decays before this step, and with its own."""
        t, held = self._t(), self._product_of
        if held is None or held[0] != t:
            before = held[2] if held is not None and held[0] == t - 1 else self._product.item()
            held = self._product_of = t, before, before * self._decay(t)
        return held[1:]

    def _rates(self):
        """The rate; what m, g and v are multiplied or divided by; and the product from now on."""
        t, (before, product) = self._t(), self._products()
        following = self._decay(t + 1)
        return (self._rate(), following / (1 - product * following),
                (1 - self._decay(t)) / (1 - product), 1 - self.beta_2**t, product)

    def _step(self, grads, variables):
        self._of_step = self._numbers_of_step()
        super()._step(grads, variables)
        if self._is_fed:
            self._product.copy_(self._of_step[4])
        else:
            self._product.fill_(self._of_step[4])

    def set_weights(self, weights):
        super().set_weights(weights)
        self._product_of = None

    def load_own_variables(self, store):
        super().load_own_variables(store)
        self._product_of = None

    def update_step(self, gradient, variable, learning_rate):
        _, of_m, of_g, of_v, _ = self._of_step
        m, v = self._moments(gradient, variable)
        root = (v / of_v).sqrt()
        variable.sub_((m * of_m + gradient * of_g) * learning_rate / (root + self.epsilon))


class Adamax(_Moments):
    """Kingma and Ba 2014, section 7: m as Adam's; u = max(beta_2 u, |g|);
    p -= rate / (1 - beta_1^t) * m / (u + epsilon)."""

    _names = ("momentum", "norm")
    _rates_change_alone = True

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def _rates(self):
        return self._rate(), 1 - self.beta_1 ** self._t()

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        m, u = self._momentums[i], self._velocities[i]
        m.add_((gradient - m) * (1 - self.beta_1))
        u.copy_(_core.maximum(u * self.beta_2, gradient.abs()))
        rate = learning_rate / self._numbers_of_step()[1]
        variable.sub_(m * rate / (u + self.epsilon))


class Lamb(_Moments):
    """You et al. 2019: Adam's step, times |p| / |step|."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def update_step(self, gradient, variable, learning_rate):
        t = self._t()
        m, v = self._moments(gradient, variable)
        root = (v / (1 - self.beta_2**t)).sqrt() + self.epsilon
        step = m / (1 - self.beta_1**t) / root
        sizes = variable.square().sum().sqrt(), step.square().sum().sqrt()
        ratio = _core.where((sizes[0] > 0) & (sizes[1] > 0), sizes[0] / sizes[1], 1.0)
        variable.sub_(step * ratio * learning_rate)


class RMSprop(Optimizer):
    """Hinton 2012: v = rho v + (1 - rho) g^2; p -= rate * g / sqrt(v + epsilon); centered, of
    v - mean^2. With momentum: m = momentum * m + that; p -= m."""

    _rates_change_alone = True

    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False,
                 **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def build(self, variables):
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        if self.momentum > 0:
            self._momentums = self.add_optimizer_variables(variables, "momentum")
        if self.centered:
            self._means = self.add_optimizer_variables(variables, "average_gradient")

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        v = self._velocities[i]
        v.mul_(self.rho).add_(gradient.square() * (1 - self.rho))
        spread = v
        if self.centered:
            mean = self._means[i]
            mean.mul_(self.rho).add_(gradient * (1 - self.rho))
            spread = v - mean.square()
        change = gradient * learning_rate / (spread + self.epsilon).sqrt()
        if self.momentum > 0:
            change = self._momentums[i].mul_(self.momentum).add_(change)
        variable.sub_(change)


class Adagrad(Optimizer):
    """Duchi et al. 2011: s += g^2; p -= rate * g / sqrt(s + epsilon)."""

    _rates_change_alone = True

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def build(self, variables):
        super().build(variables)
        start = Constant(self.initial_accumulator_value)
        self._sums = self.add_optimizer_variables(variables, "accumulator", start)

    def update_step(self, gradient, variable, learning_rate):
        sums = self._sums[self._get_variable_index(variable)]
        sums.add_(gradient.square())
        variable.sub_(gradient * learning_rate / (sums + self.epsilon).sqrt())


class Adadelta(Optimizer):
    """Zeiler 2012: v = rho v + (1 - rho) g^2; d = sqrt(u + epsilon) / sqrt(v + epsilon) * g;
    u = rho u + (1 - rho) d^2; p -= rate * d."""

    _rates_change_alone = True

    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-7, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.rho, self.epsilon = rho, epsilon

    def build(self, variables):
        super().build(variables)
        self._velocities, self._changes = self.add_optimizer_variables(
            variables, ("accumulated_grad", "accumulated_delta_var"))

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        v, u = self._velocities[i], self._changes[i]
        v.mul_(self.rho).add_(gradient.square() * (1 - self.rho))
        change = (u + self.epsilon).sqrt() * gradient / (v + self.epsilon).sqrt()
        u.mul_(self.rho).add_(change.square() * (1 - self.rho))
        variable.sub_(change * learning_rate)


class Ftrl(Optimizer):
    """Follow the regularized leader: McMahan et al. 2013, with its l1 and l2, and with shrinkage,
    whose l2 acts on gradients alone."""

    _rates_change_alone = True

    def __init__(self, learning_rate=0.001, learning_rate_power=-0.5, initial_accumulator_value=0.1,
                 l1_regularization_strength=0.0, l2_regularization_strength=0.0,
                 l2_shrinkage_regularization_strength=0.0, beta=0.0, **kwargs):
        super().__init__(learning_rate, **kwargs)
        strengths = (l1_regularization_strength, l2_regularization_strength,
                     l2_shrinkage_regularization_strength)
        if learning_rate_power > 0 or initial_accumulator_value < 0 or min(strengths) < 0:
            raise ValueError("Ftrl(): learning_rate_power isn't positive, and "
                             "initial_accumulator_value and strengths aren't negative")
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength, self.l2_regularization_strength = strengths[:2]
        self.l2_shrinkage_regularization_strength, self.beta = strengths[2], beta

    def build(self, variables):
        super().build(variables)
        start = Constant(self.initial_accumulator_value)
        self._sums, self._linears = self.add_optimizer_variables(
            variables, ("accumulator", "linear"), (start, "zeros"))

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        sums, linear = self._sums[i], self._linears[i]
        power, l1 = -self.learning_rate_power, self.l1_regularization_strength
        grown = sums + gradient.square()
        shrunk = gradient + variable * (2 * self.l2_shrinkage_regularization_strength)
        linear.add_(shrunk - (grown.pow(power) - sums.pow(power)) / learning_rate * variable)
        l2 = self.l2_regularization_strength + self.beta / (2.0 * learning_rate)
        variable.copy_((linear.clamp(-l1, l1) - linear) /
                       (grown.pow(power) / learning_rate + 2 * l2))
        sums.copy_(grown)


class Lion(Optimizer):
    """Chen et al. 2023: p -= rate * sign(beta_1 m + (1 - beta_1) g); m = beta_2 m + (1 - beta_2)
    g."""

    _rates_change_alone = True

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.99, **kwargs):
        super().__init__(learning_rate, **kwargs)
        if not 0 < beta_1 <= 1:
            raise ValueError(f"Lion(): beta_1 is in (0, 1], not {beta_1}")
        self.beta_1, self.beta_2 = beta_1, beta_2

    def build(self, variables):
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate):
        m = self._momentums[self._get_variable_index(variable)]
        variable.sub_((m * self.beta_1 + gradient * (1 - self.beta_1)).sign() * learning_rate)
        m.mul_(self.beta_2).add_(gradient * (1 - self.beta_2))


class Adafactor(Optimizer):
    """Shazeer and Stern 2018: of matrices' g^2, the means of rows and columns are kept."""

    def __init__(self, learning_rate=0.001, beta_2_decay=-0.8, epsilon_1=1e-30, epsilon_2=1e-3,
                 clip_threshold=1.0, relative_step=True, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.beta_2_decay, self.epsilon_1, self.epsilon_2 = beta_2_decay, epsilon_1, epsilon_2
        self.clip_threshold, self.relative_step = clip_threshold, relative_step

    def build(self, variables):
        super().build(variables)
        self._rows, self._columns, self._velocities = [], [], []
        for p in variables:
            shape = tuple(p.shape)
            is_matrix = len(shape) > 1
            self._rows.append(self.add_variable(shape[:-1], dtype=p.dtype, name="r")
                              if is_matrix else None)
            self._columns.append(self.add_variable((*shape[:-2], shape[-1]), dtype=p.dtype,
                                                   name="c")
                                 if is_matrix else None)
            self._velocities.append(None if is_matrix else
                                    self.add_variable_from_reference(p, "velocity"))

    def update_step(self, gradient, variable, learning_rate):
        i, t = self._get_variable_index(variable), self.iterations.number() + 1
        limit = t**-0.5
        is_tensor = isinstance(learning_rate, _core.Tensor)
        rate = learning_rate.clamp_max(limit) if is_tensor else min(learning_rate, limit)
        rate = _root_mean_square(variable).clamp_min(self.epsilon_2) * rate
        beta = 1 - t**self.beta_2_decay
        squares = gradient.square() + self.epsilon_1
        if self._rows[i] is not None:
            r = self._rows[i].mul_(beta).add_(squares.mean(-1) * (1 - beta))
            c = self._columns[i].mul_(beta).add_(squares.mean(-2) * (1 - beta))
            v = (r / r.mean(-1, keepdim=True)).unsqueeze(-1) * c.unsqueeze(-2)
        else:
            v = self._velocities[i].mul_(beta).add_(squares * (1 - beta))
        step = gradient / v.sqrt()
        step = step / (_root_mean_square(step) / self.clip_threshold).clamp_min(1.0)
        variable.sub_(step * rate)


def _root_mean_square(x):
    return x.square().mean().sqrt()
