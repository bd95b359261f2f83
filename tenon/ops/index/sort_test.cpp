// Orders of rows that are long enough for every way in which they are sorted, held against
// std::stable_sort.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"

namespace tenon {
namespace {

using List = std::vector<int64_t>;

template <class T>
bool less(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return a < b || (std::isnan(b) && !std::isnan(a));
  }
  return a < b;
}

template <class T>
List stable_order(const std::vector<T>& values, bool descending) {
  List order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const T u = values[static_cast<size_t>(a)], v = values[static_cast<size_t>(b)];
    return descending ? less(v, u) : less(u, v);
  });
  return order;
}

/// Many equal numbers; of floating ones zeros of both signs, infinities and NaN, too.
template <class T>
std::vector<T> drawn(int64_t count) {
  std::mt19937_64 generator(static_cast<uint64_t>(count));
  std::vector<T> values;
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t bits = generator();
    const auto small = static_cast<int64_t>(bits % 1000) - 500;
    if constexpr (std::is_floating_point_v<T>) {
      constexpr T kInfinity = std::numeric_limits<T>::infinity();
      const T odd[] = {T(0), -T(0), kInfinity, -kInfinity, std::numeric_limits<T>::quiet_NaN()};
      const T number = static_cast<T>(small) * static_cast<T>(std::exp2(bits >> 20 & 31));
      values.push_back((bits >> 10) % 8 == 0 ? odd[(bits >> 13) % 5] : number);
    } else {
      values.push_back(static_cast<T>((bits >> 10) % 2 == 0 ? small : static_cast<int64_t>(bits)));
    }
  }
  return values;
}

template <class T>
void expect_sorted() {
  for (const int64_t count : {0, 1, 2, 100, 256, 257, 5000, 200001}) {
    const std::vector<T> values = drawn<T>(count);
    const Tensor x = from_vector(values);
    for (const bool descending : {false, true}) {
      const List order = stable_order(values, descending);
      EXPECT_EQ(argsort(x, 0, descending).to_vector<int64_t>(), order)
          << count << (descending ? " descending" : "");
      const int64_t k = std::min<int64_t>(count, 9);
      const auto places = std::get<1>(topk(x, k, 0, descending));
      EXPECT_EQ(places.to_vector<int64_t>(), List(order.begin(), order.begin() + k)) << count;
    }
  }
}

TEST(Order, OfANumberIsThatNumber) {
  const Tensor x = tensor(3.f);
  for (const int64_t k : {0, 1}) {
    const auto [value, place] = topk(x, k);
    EXPECT_EQ(value.item<float>(), 3);
    EXPECT_EQ(place.item<int64_t>(), 0);
  }
  EXPECT_EQ(quantile(x, 0.5, 0, true).sizes(), Shape());
  EXPECT_EQ(quantile(x, tensor({0.1f, 0.5f}), 0, true).sizes(), (Shape{2}));
}

TEST(Sort, OrdersFloats) { expect_sorted<float>(); }
TEST(Sort, OrdersDoubles) { expect_sorted<double>(); }
TEST(Sort, OrdersIntegers) {
  expect_sorted<int64_t>();
  expect_sorted<int8_t>();
  expect_sorted<uint8_t>();
}

}  // namespace
}  // namespace tenon
