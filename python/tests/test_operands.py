"""What operands of other dtypes become: values and dtypes after PyTorch 2, eager and compiled."""

import math

import pytest
import tenon as torch
from tenon import array_api, keras

HALVES = [torch.float16, torch.bfloat16]
MASK = torch.tensor([True, False, True])


def both(fn, *arguments):
    """The result, which a compiled function gives to the bit, at its second call, too."""
    result = fn(*arguments)
    compiled = torch.compile(fn)
    for _ in range(3):
        again = compiled(*arguments)
        assert again.dtype == result.dtype
        assert again.tolist() == pytest.approx(result.tolist(), rel=0, abs=0, nan_ok=True)
    return result


def test_factors_and_divisors_beside_halves_keep_their_digits():
    h = torch.tensor([1, 0, 0.001, 3], dtype=torch.float16)
    for scale in 65536.0, 65536:
        assert both(lambda x: x * scale, h).tolist() == [math.inf, 0, 65.5625, math.inf]
        assert both(lambda x: scale * x, h).tolist() == [math.inf, 0, 65.5625, math.inf]
        assert both(lambda x: x.clone().mul_(scale), h)[1].item() == 0
    again = both(lambda x: x / 1e6 * 1e6, h).tolist()
    assert again == pytest.approx([1.0136719, 0, 0, 2.980], rel=1e-3)
    assert both(lambda x: torch.floor_divide(x, 0.1), h).tolist() == [9, 0, 0, 29]
    assert both(lambda x: 70000.0 / x, h[3:]).tolist() == [23328]


@pytest.mark.parametrize("dtype", HALVES)
def test_a_product_with_a_number_is_that_with_its_float32(dtype):
    x = torch.linspace(0.5, 3, 500).to(dtype)
    third = torch.tensor(1 / 3)
    assert both(lambda x: x * (1 / 3), x).tolist() == (x.float() * third).to(dtype).tolist()
    assert both(lambda x: x / 3.3, x).tolist() == (x.float() / torch.tensor(3.3)).to(dtype).tolist()
    wanted = (x.float() + third * -x.float()).to(dtype).tolist()
    assert both(lambda x: torch.lerp(x, x * 0, 1 / 3), x).tolist() == wanted
    x.requires_grad_()
    (x * 70000.0).sum().backward()
    assert x.grad.dtype == dtype


@pytest.mark.parametrize("dtype", HALVES)
def test_other_numbers_beside_halves_are_halves(dtype):
    x = torch.tensor([0.1, 1.0], dtype=dtype)
    assert both(lambda x: x == 0.1, x).tolist() == [True, False]
    assert both(lambda x: x >= 0.1, x).tolist() == [True, True]
    assert both(lambda x: x + 1e-9, x).tolist() == x.tolist()


def test_alpha_multiplies_in_the_dtype_of_the_result():
    hundreds = torch.tensor([100, 50], dtype=torch.int8)
    assert both(lambda x: torch.zeros(2).add_(x, alpha=2), hundreds).tolist() == [200, 100]
    assert both(lambda x: torch.sub(torch.zeros(2), x, alpha=2), hundreds).tolist() == [-200, -100]
    assert torch.rsub(hundreds, torch.zeros(2), alpha=2).tolist() == [-200, -100]
    wrapped = torch.add(hundreds, hundreds, alpha=2)
    assert wrapped.dtype == torch.int8 and wrapped.tolist() == [44, -106]
    assert torch.add(MASK, MASK, alpha=2).tolist() == [True, False, True]
    few = torch.add(torch.tensor([1, 2, 3], dtype=torch.uint8), MASK, alpha=2)
    assert few.dtype == torch.uint8 and few.tolist() == [3, 2, 5]
    with pytest.raises(torch.DTypeError, match="whole number"):
        torch.add(hundreds, hundreds, alpha=1.5)


def test_products_of_addcmul_are_of_the_result():
    hundreds = torch.tensor([100, 50], dtype=torch.int8)
    ones = torch.ones(2, dtype=torch.int32)
    sums = both(lambda a, b: torch.addcmul(a, b, b, value=2), ones, hundreds)
    assert sums.dtype == torch.int32 and sums.tolist() == [20001, 5001]
    zeros, threes = torch.zeros(2, dtype=torch.float64), hundreds * 0 + 3
    assert torch.addcdiv(zeros, hundreds, threes).tolist() == [100 / 3, 50 / 3]


def test_masked_fill_keeps_the_dtype():
    numbers = torch.tensor([0, 2**40 + 1, 2])
    filled = both(lambda x: x.masked_fill(MASK, 2.7), numbers)
    assert filled.dtype == torch.int64 and filled.tolist() == [2, 2**40 + 1, 2]
    value = torch.tensor(2.7)
    for fill in lambda x: x.masked_fill(MASK, value), lambda x: x.clone().masked_fill_(MASK, 2.7):
        assert both(fill, numbers).tolist() == filled.tolist()
    none = both(lambda x: x.masked_fill(x, 0), MASK)
    assert none.dtype == torch.bool and none.tolist() == [False] * 3
    assert both(lambda x: x.masked_fill(~x, 0.5), MASK).tolist() == [True] * 3
    assert torch.tensor([1, 2, 3], dtype=torch.int8).masked_fill(MASK, -3.5).tolist() == [-3, 2, -3]
    halves = torch.zeros(3, dtype=torch.float16)
    assert halves.masked_fill(MASK, torch.tensor(2.5, dtype=torch.float64)).dtype == torch.float16
    with pytest.raises(torch.DTypeError, match="holds no values of complex64"):
        torch.zeros(3).masked_fill(MASK, 1j)
    with pytest.raises(torch.DTypeError, match="bool holds no values of float32"):
        MASK.masked_fill(MASK, torch.tensor(0.5))


@pytest.mark.parametrize("value", [0.5, -0.25, math.nan, 0.5j, 3, True])
def test_bools_are_filled_with_whether_a_number_is_not_0(value):
    assert both(lambda x: x.clone().fill_(value), MASK).tolist() == [True] * 3
    assert both(lambda: torch.full((2,), value, dtype=torch.bool)).tolist() == [True] * 2
    assert both(lambda x: torch.full_like(x, value), MASK).tolist() == [True] * 3
    written = MASK.clone()
    written[1] = value
    assert written.tolist() == [True] * 3
    assert both(lambda x: x.clone().fill_(0.0), MASK).tolist() == [False] * 3


def test_logarithms_are_of_the_dtype_that_both_promote_to():
    one, three = torch.tensor([1.0], dtype=torch.float64), torch.tensor([3])
    assert both(torch.xlogy, one, three).item() == pytest.approx(math.log(3), rel=1e-15)
    assert both(torch.special.xlog1py, one, three).item() == pytest.approx(math.log(4), rel=1e-15)
    for op, wanted in ((torch.xlogy, math.log(3)), (torch.special.xlog1py, math.log(4)),
                       (torch.logaddexp2, math.log2(10))):
        result = both(op, one.half(), three)
        assert result.dtype == torch.float16
        assert result.item() == torch.tensor(wanted, dtype=torch.float16).item()
    a = torch.tensor([0.0, 0, 0, 2], requires_grad=True)
    b = torch.tensor([0.0, math.inf, -1, 3], requires_grad=True)
    torch.xlogy(a, b).sum().backward()
    assert a.grad.tolist() == pytest.approx([0, 0, 0, math.log(3)])
    assert b.grad.tolist() == pytest.approx([0, 0, 0, 2 / 3])
    assert torch.xlogy(0.0, torch.tensor([math.nan, -1])).tolist()[1] == 0
    assert torch.logaddexp2(torch.tensor(-math.inf), torch.tensor(-math.inf)).item() == -math.inf


def test_isclose_of_integers():
    three, four = (torch.tensor([x], dtype=torch.uint8) for x in (3, 4))
    assert both(lambda a, b: torch.isclose(a, b, atol=1.0), three, four).item()
    assert not both(lambda a, b: torch.isclose(a, b, atol=0.5), three, four).item()
    low, high = (torch.tensor([x], dtype=torch.int8) for x in (-128, 127))
    assert not torch.isclose(low, high, atol=254.0).item()
    assert torch.isclose(low, high, atol=255.0).item() and torch.isclose(high, low, rtol=2).item()
    last = torch.tensor([2**63 - 1])
    assert not torch.isclose(last, -last, atol=1e10).item()
    assert not torch.isclose(torch.tensor([2**53 + 1]), torch.tensor([2**53]), 0, 0).item()
    assert torch.isclose(MASK, MASK).tolist() == [True] * 3
    assert torch.isclose(MASK, ~MASK).tolist() == [False] * 3


def test_quotients_cut_off():
    def cut(a, b):
        return torch.div(a, b, rounding_mode="trunc")

    assert both(cut, torch.tensor([0.5, 1, -1]), torch.tensor(0.1)).tolist() == [5, 10, -10]
    assert both(lambda x: cut(x, 0.0), torch.tensor([3.0, -3])).tolist() == [math.inf, -math.inf]
    assert both(lambda x: cut(x, 2), torch.tensor([math.inf])).tolist() == [math.inf]
    # As a half, the quotient would be 1.
    assert both(lambda x: cut(x, 1.0001), torch.ones(1, dtype=torch.bfloat16)).tolist() == [0]
    assert cut(torch.tensor([-7, 7]), 2).tolist() == [-3, 3]
    assert cut(7, torch.tensor([2, -2])).tolist() == [3, -3]


def test_integers_beyond_a_small_dtype_wrap_around():
    x, y = torch.tensor([0, 44, 255], dtype=torch.uint8), torch.tensor([-1, 5], dtype=torch.int8)
    cases = [(lambda x: x == -1, [False, False, True]), (lambda x: x != -1, [True, True, False]),
             (lambda x: x == 300, [False, True, False]), (lambda x: x > -1, [False] * 3),
             (lambda x: -1 == x, [False, False, True]), (lambda x: x < 300, [True, False, False]),
             (lambda x: x + 300, [44, 88, 43]), (lambda x: 300 - x, [44, 0, 45]),
             (lambda x: x * -1, [0, 212, 1]), (lambda x: x & 300, [0, 44, 44]),
             (lambda x: x | -1, [255] * 3), (lambda x: x // 300, [0, 1, 5]),
             (lambda x: torch.bitwise_xor(x, -1), [255, 211, 0]),
             (lambda x: x.clone().add_(300), [44, 88, 43])]
    for fn, expected in cases:
        assert both(fn, x).tolist() == expected
    assert both(lambda y: y < 300, y).tolist() == [True, True]
    assert both(lambda y: y >= 200, y).tolist() == [True, True]
    assert both(lambda y: y > -129, y).tolist() == [False, False]
    wide = torch.tensor([1, 2], dtype=torch.int32)
    assert both(lambda x: x + 2 ** 40, wide).tolist() == [1, 2]
    assert both(lambda x: x == 2 ** 40, wide).tolist() == [False, False]


def test_quotients_and_powers_take_numbers_beyond_the_dtype_whole():
    x = torch.tensor([1, 2], dtype=torch.uint8)
    third = torch.tensor([1 / 300, 2 / 300])
    assert both(lambda x: x / 300, x).tolist() == third.tolist()
    assert both(lambda x: x / -1, x).tolist() == [-1, -2]
    assert both(lambda x: torch.xlogy(x, 300), x)[0].item() == pytest.approx(math.log(300))
    assert both(lambda x: torch.pow(300, x), x).tolist() == [44, 300 ** 2 % 256]
    assert both(lambda x: (x + 2) ** 300, x).tolist() == [3 ** 300 % 256, 0]


@pytest.mark.parametrize("dtype, number", [
    (torch.uint8, 300), (torch.uint8, -256), (torch.uint8, -0.5), (torch.int8, 128),
    (torch.int32, 2 ** 31), (torch.int64, 2.0 ** 63), (torch.int32, math.nan),
    (torch.float16, 1e9), (torch.float16, 65505), (torch.bfloat16, 1e39), (torch.float32, 1e39),
])
def test_what_is_filled_must_hold_the_number(dtype, number):
    x, mask, place = torch.ones(2, dtype=dtype), torch.tensor([True, False]), torch.tensor([0])
    for fill in (lambda: x.fill_(number), lambda: x.masked_fill(mask, number),
                 lambda: x.masked_fill_(mask, number), lambda: x.scatter(0, place, number),
                 lambda: x.index_fill(0, place, number), lambda: torch.full_like(x, number),
                 lambda: torch.full((2,), number, dtype=dtype)):
        with pytest.raises(ValueError, match="doesn't fit"):
            fill()
        with pytest.raises(ValueError, match="doesn't fit"):
            torch.compile(fill)()
    assert x.tolist() == [1, 1]


def test_fills_at_the_edges_of_a_dtype():
    mask = torch.tensor([True, False])
    for dtype, number, held in [(torch.uint8, -1, 255), (torch.uint8, -255, 1),
                                (torch.uint8, 255.7, 255), (torch.int8, 127.7, 127),
                                (torch.int64, -2.0 ** 63, -2 ** 63), (torch.bool, 300, True),
                                (torch.float16, 65504, 65504),
                                (torch.float16, -math.inf, -math.inf),
                                (torch.float32, torch.finfo(torch.float32).min,
                                 torch.finfo(torch.float32).min)]:
        x = torch.zeros(2, dtype=dtype)
        assert both(lambda x: x.masked_fill(mask, number), x).tolist() == [held, 0]
        assert torch.full((2,), number, dtype=dtype).tolist() == [held, held]
    # A number by itself rounds, as it does in arithmetic.
    assert torch.tensor(1e9, dtype=torch.float16).item() == math.inf
    assert torch.nan_to_num(torch.tensor([math.nan, 2], dtype=torch.float16), 1e9).tolist() \
        == [math.inf, 2]
    half = torch.ones(2, dtype=torch.float16)
    half[0] = 1e9
    assert half.tolist() == [math.inf, 1]
    assert both(lambda x: torch.where(mask, x, 1e9), torch.ones(2, dtype=torch.float16)).tolist() \
        == [1, math.inf]
    changing = torch.compile(lambda value: torch.full((2,), value, dtype=torch.uint8))
    assert [changing(value).tolist() for value in (1, 2, -1)] == [[1] * 2, [2] * 2, [255] * 2]
    with pytest.raises(ValueError, match="300 doesn't fit uint8"):
        changing(300)


@pytest.mark.parametrize("values, dtype, number", [
    ([1, 300], torch.uint8, "300"), ([-300], torch.uint8, "-300"),
    ([[2**31]], torch.int32, "2147483648"), ([1.0, math.nan], torch.int64, "nan"),
    ([300.0], torch.int8, "300"), ([-math.inf], torch.int16, "-inf"),
    ([1, 3 + 1j], torch.float32, ".*i"), ([1j], torch.int64, ".*i")])
def test_tensors_are_made_of_the_numbers_that_were_written_down(values, dtype, number):
    with pytest.raises(ValueError, match=fr"\[tensor\] {number} doesn't fit {str(dtype)[6:]};"):
        torch.tensor(values, dtype=dtype)


def test_numbers_that_a_dtype_rounds_or_wraps():
    assert torch.tensor([-1, 255], dtype=torch.uint8).tolist() == [255, 255]
    assert torch.tensor([2.7, -2.7], dtype=torch.int8).tolist() == [2, -2]
    assert torch.tensor([1e9, 1], dtype=torch.float16).tolist() == [math.inf, 1]
    assert torch.tensor([3 + 0j], dtype=torch.float32).tolist() == [3]
    assert torch.tensor([0.5, math.nan, 0], dtype=torch.bool).tolist() == [True, True, False]
    assert torch.tensor([-2**63, 2**63 - 1]).tolist() == [-2**63, 2**63 - 1]
    padded = torch.nn.functional.pad(torch.ones(1, dtype=torch.uint8), (1, 0), value=7.5)
    assert padded.tolist() == [7, 1]
    with pytest.raises(ValueError, match=r"\[pad\] 300 doesn't fit uint8"):
        torch.nn.functional.pad(padded, (1, 1), value=300)


def test_bools_are_added_by_place():
    x, index, source = (torch.tensor(of) for of in ([True, False, False], [2, 2], [True, True]))
    none = torch.tensor([False, True])
    assert both(lambda x: x.index_add(0, index, source), x).tolist() == [True, False, True]
    assert both(lambda x: x.index_add(0, torch.tensor([2, 1]), none), x).tolist() \
        == [True, True, False]
    assert both(lambda x: x.scatter_add(0, index, source), x).tolist() == [True, False, True]
    assert both(lambda x: x.clone().put_(index, source, accumulate=True), x).tolist() \
        == [True, False, True]
    for reduce, expected in [("sum", [True, True, False]), ("prod", [False, False, False]),
                             ("amax", [True, True, False]), ("amin", [False, False, False])]:
        places = torch.tensor([0, 1])
        assert both(lambda x: x.scatter_reduce(0, places, none, reduce), x).tolist() == expected


def test_divisors_of_integers_and_bools():
    flags = torch.tensor([True, False])
    assert both(torch.gcd, flags, torch.tensor([2, 4])).tolist() == [1, 4]
    assert both(torch.lcm, flags, torch.tensor([2, 4])).tolist() == [2, 0]
    assert both(torch.gcd, torch.tensor([6, 4], dtype=torch.int32), flags).dtype == torch.int32
    with pytest.raises(TypeError, match="bools alone"):
        torch.gcd(flags, flags)


def test_next_numbers_of_halves_and_of_mixed_dtypes():
    half, single = torch.tensor([1.0, 2.0, 0.0, 65504], dtype=torch.float16), torch.tensor([3.0, 0])
    towards = torch.tensor([3, 0, -1, math.inf], dtype=torch.float16)
    assert both(torch.nextafter, half, towards).tolist() == \
        [1 + 2 ** -10, 2 - 2 ** -10, -2.0 ** -24, math.inf]
    assert torch.nextafter(half[:2], half[:2]).tolist() == [1, 2]
    assert math.isnan(torch.nextafter(half, torch.tensor(math.nan, dtype=torch.float16))[0])
    brain = torch.tensor([1.0, 2.0], dtype=torch.bfloat16)
    assert both(torch.nextafter, brain, single.bfloat16()).tolist() == [1 + 2 ** -7, 2 - 2 ** -7]
    for other in half[:2], brain, torch.tensor([1, 2]):
        result = both(torch.nextafter, other, single)
        assert result.dtype == torch.float32
        assert result.tolist() == [1 + 2 ** -23, 2 - 2 ** -23]
    with pytest.raises(TypeError, match="nextafter.*int64"):
        torch.nextafter(torch.tensor([1]), torch.tensor([2]))


def test_threshold_keeps_the_dtype():
    x = torch.tensor([-3, 3, 4, 5])
    functional = torch.nn.functional
    assert both(lambda x: functional.threshold(x, 3.7, 2.5), x).tolist() == [2, 2, 4, 5]
    assert both(lambda x: functional.threshold(x, -3.7, 2), x).tolist() == [2, 3, 4, 5]
    assert both(lambda x: functional.threshold(x, 3, 2), x).dtype == torch.int64
    assert both(lambda x: functional.threshold(x.byte(), 3, -1), x[1:]).tolist() == [255, 4, 5]
    assert functional.threshold(x.half(), 3.7, 2).tolist() == [2, 2, 4, 5]


def test_rounded_quotients_in_place_keep_the_dtype():
    for rounding_mode in "trunc", "floor", None:
        x = torch.tensor([7, 8])
        with pytest.raises(TypeError, match="float32 doesn't fit a tensor of .*int64"):
            x.div_(2.5, rounding_mode=rounding_mode)
        assert x.tolist() == [7, 8]
    assert torch.tensor([-7, 8]).div_(2, rounding_mode="trunc").tolist() == [-3, 4]
    assert torch.tensor([-7, 8]).div_(2, rounding_mode="floor").tolist() == [-4, 4]
    assert torch.tensor([-7.0, 8]).div_(2, rounding_mode=None).tolist() == [-3.5, 4]


def test_whether_any_or_all_bytes_hold_is_a_byte():
    x = torch.tensor([[3, 0], [1, 2]], dtype=torch.uint8)
    assert both(lambda x: x.any(), x).dtype == both(lambda x: x.all(), x).dtype == torch.uint8
    assert both(lambda x: x.any(0), x).tolist() == [1, 1]
    assert both(lambda x: x.all(1), x).tolist() == [0, 1]
    assert x.char().any().dtype == torch.bool and x.bool().all(1).tolist() == [False, True]
    assert keras.ops.any(x).dtype == array_api.all(x).dtype == torch.bool


@pytest.mark.parametrize("start, end, steps, expected", [
    (0, 10, 4, [0, 3, 6, 10]), (-10, 10, 7, [-10, -6, -3, 0, 3, 6, 10]), (10, 0, 4, [10, 6, 3, 0]),
    (0.5, 9.7, 6, [0, 1, 3, 5, 7, 9]), (-5.9, 9.7, 6, [-5, -2, 0, 3, 6, 9]), (0, 10, 1, [0]),
    (0, 10, 0, []), (0, 1, 5, [0, 0, 0, 0, 1]), (3, -4, 8, [3, 2, 1, 0, -1, -2, -3, -4]),
])
def test_whole_numbers_between_others(start, end, steps, expected):
    for dtype in torch.int64, torch.int32, torch.int16, torch.int8:
        made = both(lambda: torch.linspace(start, end, steps, dtype=dtype))
        assert made.dtype == dtype and made.tolist() == expected


def test_whole_numbers_between_large_ones():
    far = 2 ** 62
    assert torch.linspace(1, far, 5, dtype=torch.int64).tolist() \
        == [1 + i * (far - 1) // 4 for i in range(5)]
    assert torch.linspace(0, 255, 7, dtype=torch.uint8).tolist() == [0, 42, 85, 127, 170, 212, 255]
    for end, dtype in (300, torch.uint8), (2 ** 31, torch.int32), (math.nan, torch.int64):
        with pytest.raises(ValueError, match="linspace.* doesn't fit"):
            torch.linspace(0, end, 3, dtype=dtype)
    with pytest.raises(ValueError, match="64 bits don't hold the distance"):
        torch.linspace(-far, far, 3, dtype=torch.int64)
    with pytest.raises(TypeError, match="linspace.* got bool"):
        torch.linspace(0, 1, 3, dtype=torch.bool)
    powers = [(0.5, 2.5, 10, [1, 2, 6, 15, 39, 100]), (0, 2.5, 2, [1, 1, 1, 2, 3, 4])]
    for start, end, base, expected in powers:
        assert torch.logspace(start, end, 6, base=base, dtype=torch.int64).tolist() == expected
