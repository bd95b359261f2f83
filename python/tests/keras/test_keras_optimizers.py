"""Optimizers and schedules, against their formulas in NumPy, in float64."""

import math

import numpy as np
import pytest

import tenon
from tenon.keras import Variable, constraints, optimizers
from tenon.keras.optimizers import schedules

START = np.array([1.0, -2.0, 3.0])
GRADS = [np.array([0.5, 1.0, -2.0]), np.array([0.1, -0.4, 0.3]), np.array([0.2, 0.2, 0.0])]


def stepped(optimizer, steps=3):
    p = Variable(START, dtype="float64", name="p")
    for gradient in GRADS[:steps]:
        optimizer.apply_gradients([(tenon.tensor(gradient), p)])
    return p.numpy()


def sgd(p, g, t, s, momentum=0.9, nesterov=False):
    s["m"] = momentum * s.get("m", 0) - 0.1 * g
    return p + (momentum * s["m"] - 0.1 * g if nesterov else s["m"])


def moments(g, s):
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["v"] = 0.999 * s.get("v", 0) + 0.001 * g * g
    return s["m"], s["v"]


def adam(p, g, t, s, amsgrad=False):
    m, v = moments(g, s)
    s["top"] = np.maximum(s.get("top", 0), v)
    v = s["top"] if amsgrad else v
    rate = 0.1 * math.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return p - rate * m / (np.sqrt(v) + 1e-7)


def nadam(p, g, t, s):
    m, v = moments(g, s)
    now, following = (0.9 * (1 - 0.5 * 0.96**k) for k in (t, t + 1))
    s["product"] = s.get("product", 1) * now
    mean = following * m / (1 - s["product"] * following) + (1 - now) * g / (1 - s["product"])
    return p - 0.1 * mean / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)


def adamax(p, g, t, s):
    m, _ = moments(g, s)
    s["u"] = np.maximum(0.999 * s.get("u", 0), np.abs(g))
    return p - 0.1 / (1 - 0.9**t) * m / (s["u"] + 1e-7)


def lamb(p, g, t, s):
    m, v = moments(g, s)
    step = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
    return p - 0.1 * step * np.linalg.norm(p) / np.linalg.norm(step)


def rmsprop(p, g, t, s):
    s["v"] = 0.9 * s.get("v", 0) + 0.1 * g * g
    s["mean"] = 0.9 * s.get("mean", 0) + 0.1 * g
    s["m"] = 0.5 * s.get("m", 0) + 0.1 * g / np.sqrt(s["v"] - s["mean"]**2 + 1e-7)
    return p - s["m"]


def adagrad(p, g, t, s):
    s["v"] = s.get("v", 0.1) + g * g
    return p - 0.1 * g / np.sqrt(s["v"] + 1e-7)


def adadelta(p, g, t, s):
    s["v"] = 0.95 * s.get("v", 0) + 0.05 * g * g
    d = np.sqrt(s.get("u", 0) + 1e-7) / np.sqrt(s["v"] + 1e-7) * g
    s["u"] = 0.95 * s.get("u", 0) + 0.05 * d * d
    return p - 0.1 * d


def ftrl(p, g, t, s):
    old = s.get("n", 0.1)
    s["n"] = old + g * g
    s["z"] = s.get("z", 0) + g - (np.sqrt(s["n"]) - np.sqrt(old)) / 0.1 * p
    return (np.clip(s["z"], -0.1, 0.1) - s["z"]) / (np.sqrt(s["n"]) / 0.1 + 2 * 0.2)


def lion(p, g, t, s):
    m = s.get("m", 0)
    s["m"] = 0.99 * m + 0.01 * g
    return p - 0.1 * np.sign(0.9 * m + 0.1 * g)


def adafactor(p, g, t, s):
    beta = 1 - t**-0.8
    s["v"] = beta * s.get("v", 0) + (1 - beta) * (g * g + 1e-30)
    step = g / np.sqrt(s["v"])
    step = step / max(1, np.sqrt(np.mean(step**2)))
    return p - max(1e-3, np.sqrt(np.mean(p**2))) * min(0.1, t**-0.5) * step


def orthogonal(x, steps=5):
    x = x.T if x.shape[0] > x.shape[1] else x
    x = x / np.linalg.norm(x)
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


def test_muon_brings_matrices_near_to_orthogonal_ones():
    rng = np.random.default_rng(0)
    p, grads = rng.normal(size=(5, 3)), rng.normal(size=(3, 5, 3))
    matrix, vector = Variable(p, dtype="float64", name="w"), Variable(p[0], dtype="float64")
    table = Variable(p, dtype="float64", name="embeddings")
    table.path = "embedding/embeddings"
    optimizer = optimizers.Muon(0.1, weight_decay=0.5, adam_weight_decay=None)
    m, state, row = 0, {}, p[0].copy()
    for t, g in enumerate(grads, 1):
        optimizer.apply([tenon.tensor(one.copy()) for one in (g, g[0], g)], [matrix, vector, table])
        m = 0.95 * m + g
        p = p - 0.1 * 0.5 * p - 0.1 * 0.2 * 5**0.5 * orthogonal(g + 0.95 * m).T
        row = adam(row, g[0], t, state)
    assert np.abs(matrix.numpy() - p).max() < 1e-6
    assert np.abs(vector.numpy() - row).max() < 1e-6
    assert np.abs(table.numpy()[0] - row).max() < 1e-6  # embeddings take Adam's steps
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()


def test_scaled_losses():
    variable = Variable([1.0, 2.0])
    inner = optimizers.SGD(0.5, loss_scale_factor=4.0)
    optimizer = optimizers.LossScaleOptimizer(inner, 8.0, dynamic_growth_steps=2)
    optimizer.build([variable])
    assert optimizer.scale_loss(tenon.tensor(3.0)).item() == 24
    optimizer.apply([tenon.tensor([8.0, 16.0])], [variable])
    assert variable.tolist() == [0.5, 1.0] and optimizer.dynamic_scale.item() == 8
    optimizer.apply([tenon.tensor([8.0, 8.0])])
    assert variable.tolist() == [0.0, 0.5] and optimizer.dynamic_scale.item() == 16
    optimizer.apply([tenon.tensor([float("inf"), 1.0])])  # left out
    assert variable.tolist() == [0.0, 0.5] and optimizer.dynamic_scale.item() == 8
    assert optimizer.iterations.item() == 2 and optimizer.learning_rate.item() == 0.5
    optimizer.learning_rate = 1.0
    assert inner.learning_rate.item() == 1
    optimizer.minimize(lambda: (variable * 3).sum(), [variable])
    assert variable.tolist() == [-3.0, -2.5]
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    again.build([variable])
    again.set_weights(optimizer.get_weights())
    assert again.dynamic_scale.item() == 8 and again.inner_optimizer.iterations.item() == 3
    with pytest.raises(ValueError, match="loss_scale_factor"):
        optimizers.LossScaleOptimizer(inner, dynamic=False)
    with pytest.raises(TypeError, match="inner_optimizer is an optimizer, not str"):
        optimizers.LossScaleOptimizer("sgd")


def test_minimize_scales_the_loss_by_the_factor():
    for factor in None, 8.0:
        variable = Variable([1.0, 2.0])
        optimizers.SGD(0.5, loss_scale_factor=factor).minimize(lambda: (variable**2).sum(),
                                                               [variable])
        assert variable.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("make, formula", [
    (lambda: optimizers.SGD(0.1), lambda p, g, t, s: p - 0.1 * g),
    (lambda: optimizers.SGD(0.1, momentum=0.9), sgd),
    (lambda: optimizers.SGD(0.1, 0.9, True), lambda *x: sgd(*x, nesterov=True)),
    (lambda: optimizers.Adam(0.1), adam),
    (lambda: optimizers.Adam(0.1, amsgrad=True), lambda *x: adam(*x, amsgrad=True)),
    (lambda: optimizers.AdamW(0.1, 0.04), lambda p, *x: adam(p - 0.1 * 0.04 * p, *x)),
    (lambda: optimizers.Nadam(0.1), nadam), (lambda: optimizers.Adamax(0.1), adamax),
    (lambda: optimizers.Lamb(0.1), lamb),
    (lambda: optimizers.RMSprop(0.1, momentum=0.5, centered=True), rmsprop),
    (lambda: optimizers.Adagrad(0.1), adagrad), (lambda: optimizers.Adadelta(0.1), adadelta),
    (lambda: optimizers.Ftrl(0.1, l1_regularization_strength=0.1, l2_regularization_strength=0.2),
     ftrl),
    (lambda: optimizers.Lion(0.1), lion), (lambda: optimizers.Adafactor(0.1), adafactor)])
def test_formulas(make, formula):
    p, state = START.copy(), {}
    for t, gradient in enumerate(GRADS, 1):
        p = formula(p, gradient, t, state)
    # The learning rate is a float32.
    assert np.abs(stepped(make()) - p).max() < 1e-6


def test_adafactor_of_matrices():
    g, p = np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2))
    variable = Variable(p, dtype="float64")
    optimizers.Adafactor(0.1).apply([tenon.tensor(g)], [variable])
    rows, columns = (g * g).mean(1), (g * g).mean(0)
    step = g / np.sqrt((rows / rows.mean())[:, None] * columns)
    step = step / max(1, np.sqrt((step**2).mean()))
    assert np.abs(variable.numpy() - (p - 0.1 * step)).max() < 1e-6


@pytest.mark.parametrize("limits, gradient", [
    ({"clipnorm": 1.0}, GRADS[0] / math.sqrt(5.25)), ({"clipnorm": 10.0}, GRADS[0]),
    ({"clipvalue": 0.7}, [0.5, 0.7, -0.7]), ({"global_clipnorm": 1.0}, GRADS[0] / math.sqrt(5.25)),
    ({"loss_scale_factor": 2.0}, GRADS[0] / 2)])
def test_limits_of_gradients(limits, gradient):
    given = stepped(optimizers.SGD(1.0, **limits), steps=1)
    assert np.abs(given - (START - np.asarray(gradient))).max() < 1e-6


def test_only_one_limit_at_a_time():
    with pytest.raises(ValueError, match="only one of clipnorm"):
        optimizers.Adam(clipnorm=1.0, clipvalue=1.0)


def test_weight_decay_leaves_out_what_is_excluded():
    kept, decayed = Variable([1.0], name="bias"), Variable([1.0], name="kernel")
    optimizer = optimizers.SGD(0.5, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.apply([tenon.zeros(1), tenon.zeros(1)], [kept, decayed])
    assert kept.item() == 1.0 and abs(decayed.item() - 0.95) < 1e-6


def test_means_of_variables():
    p = Variable([0.0])
    optimizer = optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    for _ in range(3):
        optimizer.apply([-tenon.ones(1)], [p])
    assert p.item() == 3.0
    optimizer.finalize_variable_values([p])
    assert p.item() == (((1 + 2) / 2) + 3) / 2


def test_accumulated_gradients_make_one_step():
    p = Variable([0.0])
    optimizer = optimizers.SGD(1.0, gradient_accumulation_steps=2)
    seen = []
    for gradient in 1.0, 3.0, 5.0, 7.0:
        optimizer.apply([tenon.tensor([gradient])], [p])
        seen.append(p.item())
    assert seen == [0.0, -2.0, -2.0, -8.0]


def test_constraints_hold_after_steps():
    p = Variable([1.0, 2.0], constraint=constraints.NonNeg())
    optimizers.SGD(1.0).apply([tenon.tensor([3.0, 1.0])], [p])
    assert p.tolist() == [0.0, 1.0]


def test_learning_rates_are_variables():
    optimizer = optimizers.Adam(lr=0.5)
    assert optimizer.learning_rate.numpy() == 0.5 and optimizer.lr.numpy() == 0.5
    optimizer.learning_rate = 0.25
    assert float(optimizer.learning_rate) == 0.25
    optimizer.learning_rate.assign(0.125)
    p = Variable([1.0])
    optimizer.apply([tenon.ones(1)], [p])
    assert abs(p.item() - 0.875) < 1e-6 and optimizer.iterations.numpy() == 1
    assert [v.name for v in optimizer.variables][:2] == ["iteration", "learning_rate"]
    assert len(optimizer.variables) == 4


def test_steps_within_compiled_functions_don_t_wait():
    eager, compiled = Variable([1.0, 2.0]), Variable([1.0, 2.0])
    makes = optimizers.Adam(0.1), optimizers.Adam(0.1)

    def step(optimizer, p):
        optimizer.apply([p.detach() * 2], [p])

    quick = tenon.compile(step)
    for i in range(5):
        if i == 3:
            for optimizer in makes:
                optimizer.learning_rate = 0.05
        step(makes[0], eager)
        quick(makes[1], compiled)
    assert eager.tolist() == compiled.tolist()
    assert quick.counters()["flushes"] == 5 and quick.counters()["plans"] <= 2
    assert makes[1].iterations.numpy() == 5


@pytest.mark.parametrize("schedule, values", [
    (schedules.ExponentialDecay(1.0, 10, 0.5), {0: 1.0, 5: 0.5**0.5, 10: 0.5}),
    (schedules.ExponentialDecay(1.0, 10, 0.5, staircase=True), {9: 1.0, 10: 0.5, 25: 0.25}),
    (schedules.InverseTimeDecay(1.0, 10, 0.5), {0: 1.0, 10: 1 / 1.5}),
    (schedules.PiecewiseConstantDecay([2, 4], [1.0, 0.5, 0.1]), {0: 1.0, 2: 1.0, 3: 0.5, 4: 0.5,
                                                                5: 0.1}),
    (schedules.PolynomialDecay(1.0, 10, 0.0, power=2.0), {0: 1.0, 5: 0.25, 10: 0.0, 20: 0.0}),
    (schedules.PolynomialDecay(1.0, 10, 0.0, cycle=True), {0: 1.0, 10: 0.0, 15: 0.25}),
    (schedules.CosineDecay(1.0, 10, alpha=0.1), {0: 1.0, 5: 0.55, 10: 0.1, 20: 0.1}),
    (schedules.CosineDecay(0.0, 10, warmup_target=1.0, warmup_steps=4), {2: 0.5, 4: 1.0, 9: 0.5}),
    (schedules.CosineDecayRestarts(1.0, 10, t_mul=2.0, m_mul=0.5),
     {0: 1.0, 5: 0.5, 10: 0.5, 20: 0.25,
                                                                   30: 0.25}),
    (schedules.CosineDecayRestarts(1.0, 10, t_mul=1.0), {5: 0.5, 10: 1.0})])
def test_schedules(schedule, values):
    for step, rate in values.items():
        assert abs(schedule(step) - rate) < 1e-9
        assert abs(schedule(tenon.tensor(step)).item() - rate) < 1e-6
    again = schedules.deserialize(schedules.serialize(schedule))
    assert again.get_config() == schedule.get_config()


def test_optimizers_follow_schedules():
    class Halves(schedules.LearningRateSchedule):
        def __call__(self, step):
            return 1.0 / (step.to(tenon.float32) + 1)

    for schedule in schedules.PiecewiseConstantDecay([0], [1.0, 0.5]), Halves():
        p = Variable([0.0])
        optimizer = optimizers.SGD(schedule)
        for _ in range(2):
            optimizer.apply([-tenon.ones(1)], [p])
        assert p.item() == 1.5
    with pytest.raises(TypeError, match="can't be set"):
        optimizer.learning_rate = 0.1


def test_decay_of_older_optimizers():
    p = Variable([0.0])
    optimizer = optimizers.legacy.SGD(lr=1.0, decay=1.0)
    for _ in range(2):
        optimizer.apply_gradients([(-tenon.ones(1), p)])
    assert p.item() == 1.5
    with pytest.warns(UserWarning, match="decay isn't an argument"):
        optimizers.SGD(0.1, decay=0.1)


def test_minimize():
    w = Variable(3.0)
    optimizer = optimizers.SGD(0.25)
    for _ in range(2):
        optimizer.minimize(lambda: w * w, [w])
    assert w.item() == 0.75


def test_configs_and_names():
    optimizer = optimizers.get("adamw")
    assert type(optimizer) is optimizers.AdamW and optimizer.weight_decay == 0.004
    made = optimizers.Adam(schedules.ExponentialDecay(1.0, 10, 0.5), beta_1=0.8, clipnorm=2.0)
    again = optimizers.deserialize(optimizers.serialize(made))
    assert again.get_config() == made.get_config() and again.beta_1 == 0.8 and again.clipnorm == 2.0
    assert optimizers.get({"class_name": "SGD", "config": {"momentum": 0.5}}).momentum == 0.5
    with pytest.raises(ValueError, match="optimizer 'adem' isn't known; near are: adam"):
        optimizers.get("adem")


def test_states_are_read_again():
    def trained(optimizer, p, steps):
        for gradient in steps:
            optimizer.apply([tenon.tensor(gradient)], [p])

    for kind in optimizers.Adam, optimizers.Nadam:
        one, p = kind(0.1), Variable(START, dtype="float64")
        trained(one, p, GRADS[:2])
        store = {}
        one.save_own_variables(store)
        other, q = kind(0.3), Variable(p.numpy(), dtype="float64")
        other.build([q])
        other.load_own_variables(store)
        trained(one, p, GRADS[2:])
        trained(other, q, GRADS[2:])
        assert p.tolist() == q.tolist()


def test_own_optimizers():
    class Momentum(optimizers.Optimizer):
        def build(self, variables):
            super().build(variables)
            self.speeds = self.add_optimizer_variables(variables, "speed")

        def update_step(self, gradient, variable, learning_rate):
            speed = self.speeds[self._get_variable_index(variable)]
            self.assign(speed, 0.5 * speed - learning_rate * gradient)
            self.assign_add(variable, speed)

    p = Variable([0.0])
    optimizer = Momentum(1.0)
    for _ in range(2):
        optimizer.apply([-tenon.ones(1)], [p])
    assert p.item() == 2.5


def test_mistakes():
    p = Variable([1.0], name="p")
    optimizer = optimizers.SGD(0.1)
    with pytest.raises(ValueError, match="No gradients provided"):
        optimizer.apply([None], [p])
    with pytest.raises(ValueError, match="doesn't know the variable"):
        optimizer.apply([tenon.ones(1)], [Variable([1.0])])
    with pytest.raises(ValueError, match=r"has shape \(2,\), the variable \(1,\)"):
        optimizer.apply([tenon.ones(2)], [p])
    with pytest.raises(ValueError, match="doesn't know the argument 'rate'"):
        optimizers.SGD(rate=0.1)
    other = Variable([1.0], name="q")
    with pytest.warns(UserWarning, match=r"variables \['q'\]"):
        optimizers.SGD(0.1).apply([tenon.ones(1), None], [p, other])
