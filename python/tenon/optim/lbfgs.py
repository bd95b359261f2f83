"""L-BFGS (Nocedal and Wright, "Numerical Optimization", chapters 3 and 7)."""

from .. import _core
from .._modes import enable_grad, no_grad
from .optimizer import Optimizer


def _cubic_minimum(x1, f1, g1, x2, f2, g2, bounds=None):
    """The minimum within bounds of the cubic with these values and slopes (equation 3.59)."""
    low, high = bounds if bounds is not None else sorted((x1, x2))
    d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
    square = d1 * d1 - g1 * g2
    if square < 0:
        return (low + high) / 2
    d2 = square**0.5
    if x1 <= x2:
        place = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
    else:
        place = x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2))
    return min(max(place, low), high)


class _Point:
    """A place on the line: how far, the loss there, its gradient, its slope along the line."""

    def __init__(self, t, loss, grad, direction):
        self.t, self.loss, self.grad = t, loss, grad
        self.slope = grad.dot(direction).item()


class _StrongWolfe:
    """A step along a line that meets the strong Wolfe conditions (algorithms 3.5 and 3.6)."""

    C1, C2, MOST = 1e-4, 0.9, 25

    def __init__(self, evaluate, direction, start, tolerance):
        self._evaluate, self._direction, self._tolerance = evaluate, direction, tolerance
        self._start = start
        self._size = direction.abs().max().item()
        self.evaluations = 0

    def _at(self, t):
        self.evaluations += 1
        return _Point(t, *self._evaluate(t), self._direction)

    def _too_high(self, point, reference):
        start = self._start
        return (point.loss > start.loss + self.C1 * point.t * start.slope
                or (self.evaluations > 2 and point.loss >= reference.loss))

    def search(self, t):
        """The point that it ends at."""
        before, point = self._start, self._at(t)
        rounds = 0
        while rounds < self.MOST:
            if self._too_high(point, before):
                return self._zoom(before, point, rounds)
            if abs(point.slope) <= -self.C2 * self._start.slope:
                return point
            if point.slope >= 0:
                return self._zoom(before, point, rounds)
            bounds = (point.t + 0.01 * (point.t - before.t), point.t * 10)
            t = _cubic_minimum(before.t, before.loss, before.slope, point.t, point.loss,
                               point.slope, bounds)
            before, point = point, self._at(t)
            rounds += 1
        return self._zoom(self._start, point, rounds)

    def _zoom(self, a, b, rounds):
        low, high = (a, b) if a.loss <= b.loss else (b, a)
        stalled = False
        while rounds < self.MOST and abs(b.t - a.t) * self._size >= self._tolerance:
            a, b = low, high
            t = _cubic_minimum(a.t, a.loss, a.slope, b.t, b.loss, b.slope)
            left, right = sorted((a.t, b.t))
            margin = 0.1 * (right - left)
            if min(right - t, t - left) < margin:  # too close to an end: move in
                if stalled or t >= right or t <= left:
                    t = right - margin if abs(t - right) < abs(t - left) else left + margin
                    stalled = False
                else:
                    stalled = True
            else:
                stalled = False
            point = self._at(t)
            rounds += 1
            start = self._start
            if point.loss > start.loss + self.C1 * t * start.slope or point.loss >= low.loss:
                high = point
            else:
                if abs(point.slope) <= -self.C2 * start.slope:
                    return point
                if point.slope * (high.t - low.t) >= 0:
                    high = low
                low = point
            if low.loss > high.loss:
                low, high = high, low
            a, b = low, high
        return low


class LBFGS(Optimizer):
    """Steps along directions that the last `history_size` changes of the gradient give; needs a
    closure that computes the loss and its gradients anew. Has one group. With `maximize` the loss
    grows. `line_search_fn` is None (steps of `lr`) or "strong_wolfe"."""

    def __init__(self, params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-7,
                 tolerance_change=1e-9, history_size=100, line_search_fn=None, *,
                 maximize=False):
        if not 0.0 <= lr:
            raise ValueError(f"Invalid learning rate: {lr}")
        if line_search_fn not in (None, "strong_wolfe"):
            raise ValueError(f"LBFGS: line_search_fn is None or 'strong_wolfe', not "
                             f"{line_search_fn!r}")
        max_eval = max_iter * 5 // 4 if max_eval is None else max_eval
        super().__init__(params, dict(lr=lr, max_iter=max_iter, max_eval=max_eval,
                                      tolerance_grad=tolerance_grad,
                                      tolerance_change=tolerance_change,
                                      history_size=history_size, line_search_fn=line_search_fn,
                                      maximize=maximize))
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self):
        return self.param_groups[0]["params"]

    def _flat_grad(self):
        return _core.cat([(_core.zeros_like(p) if p.grad is None else p.grad).detach().reshape(-1)
                          for p in self._params], 0)

    def _set_params(self, starts, t, direction):
        """params = starts + t * direction."""
        place = 0
        for param, start in zip(self._params, starts):
            part = direction[place:place + param.numel()].reshape(param.shape)
            param.copy_(start + t * part)
            place += param.numel()

    @no_grad()
    def step(self, closure):
        """Up to `max_iter` iterations; the loss that the closure gave first is returned."""

        def evaluate():
            with enable_grad():
                loss = closure()
            grad = self._flat_grad()
            return (-loss, -grad) if maximize else (loss, grad)

        group, state = self.param_groups[0], self.state[self._params[0]]
        maximize = group.get("maximize", False)  # states of before don't have it
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        loss, grad = evaluate()
        first_loss = -loss if maximize else loss
        loss, evaluations = float(loss), 1
        state["func_evals"] += 1
        if grad.abs().max().item() <= group["tolerance_grad"]:
            return first_loss
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            direction = self._direction(state, grad, group["history_size"])
            rate = group["lr"]
            t = (min(1.0, 1.0 / grad.abs().sum().item()) * rate if state["n_iter"] == 1 else rate)
            state["prev_flat_grad"], state["prev_loss"] = grad, loss
            slope = grad.dot(direction).item()
            if slope > -group["tolerance_change"]:
                break
            loss_before = loss
            t, loss, grad, calls = self._move(group, evaluate, t, direction, loss, grad,
                                              iteration == group["max_iter"])
            state["d"], state["t"] = direction, t
            state["func_evals"] += calls
            evaluations += calls
            if (evaluations >= group["max_eval"]
                    or grad.abs().max().item() <= group["tolerance_grad"]
                    or (direction * t).abs().max().item() <= group["tolerance_change"]
                    or abs(loss - loss_before) < group["tolerance_change"]):
                break
        return first_loss

    def _move(self, group, evaluate, t, direction, loss, grad, is_last):
        """Steps along the direction: (step, loss, gradient, evaluations)."""
        starts = [param.clone() for param in self._params]
        if group["line_search_fn"] is None:
            self._set_params(starts, t, direction)
            if is_last:
                return t, loss, grad, 0
            loss, grad = evaluate()
            return t, float(loss), grad, 1

        def evaluate_at(t):
            self._set_params(starts, t, direction)
            loss, grad = evaluate()
            return float(loss), grad

        search = _StrongWolfe(evaluate_at, direction, _Point(0.0, loss, grad, direction),
                              group["tolerance_change"])
        point = search.search(t)
        self._set_params(starts, point.t, direction)
        return point.t, point.loss, point.grad, search.evaluations

    @staticmethod
    def _direction(state, grad, history_size):
        """-H grad by the two-loop recursion (algorithm 7.4)."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return -grad
        change = grad - state["prev_flat_grad"]
        step = state["d"] * state["t"]
        curvature = change.dot(step).item()
        changes, steps, ro = state["old_dirs"], state["old_stps"], state["ro"]
        if curvature > 1e-10:
            if len(changes) == history_size:
                for kept in changes, steps, ro:
                    kept.pop(0)
            changes.append(change)
            steps.append(step)
            ro.append(1.0 / curvature)
            state["H_diag"] = curvature / change.dot(change).item()
        direction, factors = -grad, []
        for change, step, inverse in zip(reversed(changes), reversed(steps), reversed(ro)):
            factors.append(step.dot(direction).item() * inverse)
            direction = direction - change * factors[-1]
        direction = direction * state["H_diag"]
        for change, step, inverse, factor in zip(changes, steps, ro, reversed(factors)):
            direction = direction + step * (factor - change.dot(direction).item() * inverse)
        return direction
