#include "tenon/ops/index/indexing.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"

namespace tenon {
namespace {

using List = std::vector<int64_t>;

List numbers(const Tensor& x) { return x.to_vector<int64_t>(); }

// Expected numbers are NumPy's for the same expression on np.arange(...).reshape(...).

TEST(Indexing, BasicIndicesAreViews) {
  const Tensor x = arange(24).reshape({2, 3, 4});
  EXPECT_EQ(numbers(x[1][2]), (List{20, 21, 22, 23}));
  EXPECT_EQ(numbers(x.index({-1, 0, -1})), (List{15}));
  EXPECT_EQ(numbers(x.index({Ellipsis, 1})), (List{1, 5, 9, 13, 17, 21}));
  EXPECT_EQ(numbers(x.index({0, Slice(1, std::nullopt), Slice({}, {}, 3)})), (List{4, 7, 8, 11}));
  EXPECT_EQ(numbers(x.index({0, Slice(1, None), Slice(None, None, 3)})), (List{4, 7, 8, 11}));
  EXPECT_EQ(numbers(x.index({1, Slice(-2, -1)})), (List{16, 17, 18, 19}));
  EXPECT_EQ(x.index({Slice(5, 9)}).sizes(), (Shape{0, 3, 4}));
  EXPECT_EQ(x.index({None, Ellipsis, None, 2}).sizes(), (Shape{1, 2, 3, 1}));
  EXPECT_TRUE(x.index({Slice()}).is_view());
  x.index({Ellipsis, 0}).fill_(-1);
  EXPECT_EQ(numbers(x.index({1, 1})), (List{-1, 17, 18, 19}));
}

TEST(Indexing, TensorsPlaceTheirDimsAsNumPyDoes) {
  const Tensor x = arange(24).reshape({2, 3, 4});
  const Tensor t = tensor({{0, 2}, {1, -1}}), u = tensor({3, 0});
  EXPECT_EQ(x.index({Slice(), t}).sizes(), (Shape{2, 2, 2, 4}));
  EXPECT_EQ(numbers(x.index({1, t, 0})), (List{12, 20, 16, 20}));
  EXPECT_EQ(numbers(x.index({1, t, u})), (List{15, 20, 19, 20}));
  // Side by side: in place. Apart: in front.
  EXPECT_EQ(x.index({Slice(), t, u}).sizes(), (Shape{2, 2, 2}));
  EXPECT_EQ(numbers(x.index({Slice(), t, u})), (List{3, 8, 7, 8, 15, 20, 19, 20}));
  const Tensor v = tensor({0, 1});
  EXPECT_EQ(x.index({v, Slice(), u}).sizes(), (Shape{2, 3}));
  EXPECT_EQ(numbers(x.index({v, Slice(), u})), (List{3, 7, 11, 12, 16, 20}));
  EXPECT_EQ(x.index({Slice(), Slice(), t}).sizes(), (Shape{2, 3, 2, 2}));
  EXPECT_EQ(x.index({v, None, v}).sizes(), (Shape{2, 1, 4}));
}

TEST(Indexing, TensorsWithoutDimsAreTheirNumbers) {
  const Tensor x = arange(24).reshape({2, 3, 4}), one = tensor(1), v = tensor({0, 2});
  EXPECT_TRUE(x.index({one}).is_view());
  EXPECT_EQ(numbers(x.index({one, -one})), (List{20, 21, 22, 23}));
  EXPECT_TRUE(x.index({Slice(), one.to(kUInt8), None}).is_view());
  // An integer stands between nothing, so the two are side by side.
  EXPECT_EQ(x.index({one, Slice(), v}).sizes(), (Shape{3, 2}));
  EXPECT_EQ(numbers(x.index({one, Slice(), v})), (List{12, 14, 16, 18, 20, 22}));
  EXPECT_EQ(numbers(x.index({v.slice(0, 0, 1), one, v})), (List{4, 6}));
  EXPECT_EQ(numbers(x.index({Slice(), one, v})), (List{4, 6, 16, 18}));
  EXPECT_THROW(x.index({tensor(2)}), IndexError);
  x.index({one, one}).fill_(-1);
  x.index_put_({-one, Slice(0, 2), v}, tensor({{30, 31}, {32, 33}}));
  x.index_put_({0, one}, ones({1, 1, 4}, kInt64));
  EXPECT_EQ(numbers(x.index({Slice(), 1})), (List{1, 1, 1, 1, 32, -1, 33, -1}));
  EXPECT_EQ(numbers(x.index({1, 0})), (List{30, 13, 31, 15}));
  // On meta there is no number to take.
  const Tensor shape = x.to(kMeta).index({one.to(kMeta), Slice(), v.to(kMeta)});
  EXPECT_EQ(shape.sizes(), (Shape{3, 2}));
}

TEST(Indexing, Masks) {
  const Tensor x = arange(12).reshape({3, 4});
  EXPECT_EQ(numbers(x.index({gt(x, 8)})), (List{9, 10, 11}));
  EXPECT_EQ(numbers(x.index({tensor({true, false, true})})), (List{0, 1, 2, 3, 8, 9, 10, 11}));
  EXPECT_EQ(numbers(x.index({Slice(), tensor({false, true, false, true})})),
            (List{1, 3, 5, 7, 9, 11}));
  EXPECT_EQ(numbers(x.index({tensor({true, false, true}), tensor({1, 2})})), (List{1, 10}));
  EXPECT_EQ(x.index({tensor(true)}).sizes(), (Shape{1, 3, 4}));
  EXPECT_EQ(x.index({tensor(false)}).sizes(), (Shape{0, 3, 4}));
  EXPECT_EQ(x.index({lt(x, 0)}).numel(), 0);
  EXPECT_THROW(x.index({tensor({true, false})}), IndexError);
}

TEST(Indexing, Assignment) {
  Tensor x = zeros({3, 4}, kInt64);
  x.index_put_({1}, 5);
  x.index_put_({Slice(), -1}, tensor({1, 2, 3}));
  EXPECT_EQ(numbers(x), (List{0, 0, 0, 1, 5, 5, 5, 2, 0, 0, 0, 3}));
  x.index_put_({tensor({0, 2}), tensor({1, 1})}, tensor({8, 9}));
  EXPECT_EQ(numbers(x), (List{0, 8, 0, 1, 5, 5, 5, 2, 0, 9, 0, 3}));
  x.index_put_({gt(x, 4)}, 0);
  EXPECT_EQ(numbers(x), (List{0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}));
  x.index_put_({Slice(), tensor({2, 0})}, tensor({{1, 2}, {3, 4}, {5, 6}}));
  EXPECT_EQ(numbers(x), (List{2, 0, 1, 1, 4, 0, 3, 2, 6, 0, 5, 3}));
  x.index_put_({Slice(0, 2), tensor({1})}, tensor({{7}}));
  EXPECT_EQ(numbers(x), (List{2, 7, 1, 1, 4, 7, 3, 2, 6, 0, 5, 3}));
  EXPECT_THROW(x.index_put_({Slice(), tensor({2, 0})}, tensor({1, 2, 3})), ShapeError);
  x.index_put_({tensor({0, 1})}, zeros({1, 1, 2, 4}, kInt64));
  EXPECT_EQ(numbers(x), (List{0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 5, 3}));
}

TEST(Indexing, Errors) {
  const Tensor x = arange(12).reshape({3, 4});
  EXPECT_THROW(x[3], IndexError);
  EXPECT_THROW(x.index({0, 0, 0}), IndexError);
  EXPECT_THROW(x.index({Ellipsis, Ellipsis}), IndexError);
  EXPECT_THROW(x.index({tensor({0, 3})}), IndexError);
  EXPECT_THROW(x.index({tensor({0.5})}), DTypeError);
  EXPECT_THROW(x.index({Slice({}, {}, -1)}), ValueError);
  EXPECT_THROW(x.index({tensor({0, 1}), tensor({0, 1, 2})}), ShapeError);
}

TEST(Indexing, GradientsFlow) {
  Tensor x = arange(6).reshape({2, 3}).to(kFloat32);
  x.requires_grad_();
  sum(x.index({Slice(), tensor({0, 0, 2})}) * 2).backward();
  EXPECT_EQ(numbers(x.grad()), (List{4, 0, 2, 4, 0, 2}));
  Tensor v = ones({2});
  v.requires_grad_();
  const Tensor y = x * 1;
  y.index_put_({tensor({0, 1}), tensor({1, 1})}, v * 3);
  x.set_grad({});
  sum(y).backward();
  EXPECT_EQ(numbers(x.grad()), (List{1, 0, 1, 1, 0, 1}));
  EXPECT_EQ(numbers(v.grad()), (List{3, 3}));
}

TEST(Gather, AndScatter) {
  const Tensor x = arange(6).reshape({2, 3});
  const Tensor index = tensor({{2, 0}, {1, 1}});
  EXPECT_EQ(numbers(gather(x, 1, index)), (List{2, 0, 4, 4}));
  EXPECT_EQ(numbers(scatter(x, 1, index, 9)), (List{9, 1, 9, 3, 9, 5}));
  EXPECT_EQ(numbers(scatter_add(x, 1, index, tensor({{1, 2}, {3, 4}}))), (List{2, 1, 3, 3, 11, 5}));
  EXPECT_EQ(numbers(gather(x, 0, tensor({{1, 0, 1}}))), (List{3, 1, 5}));
  EXPECT_THROW(gather(x, 1, tensor({{3}})), IndexError);
  EXPECT_THROW(gather(x, 1, tensor({0})), ShapeError);
  EXPECT_EQ(numbers(one_hot(tensor({1, 0, 2}))), (List{0, 1, 0, 1, 0, 0, 0, 0, 1}));
  EXPECT_THROW(one_hot(tensor({3}), 3), IndexError);
  EXPECT_EQ(numbers(masked_select(x, gt(x, 3))), (List{4, 5}));
  EXPECT_EQ(numbers(nonzero(x)), (List{0, 1, 0, 2, 1, 0, 1, 1, 1, 2}));
  EXPECT_EQ(numbers(index_add(x, 0, tensor({1, 1}), x)), (List{0, 1, 2, 6, 9, 12}));
  EXPECT_EQ(numbers(embedding(x, tensor({{1}, {0}}))), (List{3, 4, 5, 0, 1, 2}));
}

TEST(Sort, StableWithNanLast) {
  const float nan = NAN;
  const auto [values, places] = sort(tensor({2.f, nan, 1.f, 2.f, -1.f}));
  EXPECT_EQ(numbers(places), (List{4, 2, 0, 3, 1}));
  EXPECT_TRUE(std::isnan(values.to_vector<float>()[4]));
  EXPECT_EQ(numbers(argsort(tensor({2.f, nan, 1.f, 2.f}), 0, true)), (List{1, 0, 3, 2}));
  const Tensor x = tensor({{3, 1}, {2, 5}, {3, 0}});
  EXPECT_EQ(numbers(std::get<0>(sort(x, 0))), (List{2, 0, 3, 1, 3, 5}));
  const auto [top, at] = topk(x, 2, 0);
  EXPECT_EQ(numbers(top), (List{3, 5, 3, 1}));
  EXPECT_EQ(numbers(at), (List{0, 1, 2, 0}));
  EXPECT_THROW(topk(x, 4, 0), ValueError);
  const auto [different, inverse, counts] = unique(x, true, true, true);
  EXPECT_EQ(numbers(different), (List{0, 1, 2, 3, 5}));
  EXPECT_EQ(numbers(inverse), (List{3, 1, 2, 4, 3, 0}));
  EXPECT_EQ(numbers(counts), (List{1, 1, 1, 2, 1}));
  manual_seed(5);
  EXPECT_EQ(numbers(std::get<0>(sort(randperm(100)))), numbers(arange(100)));
}

TEST(IndexPut, LeadingOnesOfValuesAreDropped) {
  const Tensor places = tensor({0, 1, 2});
  Tensor x = zeros({3, 4}, kFloat64);
  Tensor value = ones({1, 3}, kFloat64);
  value.requires_grad_();
  x.index_put_({places, places}, value);
  EXPECT_EQ(x.diagonal().to_vector<double>(), (std::vector<double>{1, 1, 1}));
  (x * 2).sum().backward();
  EXPECT_EQ(value.grad().to_vector<double>(), (std::vector<double>{2, 2, 2}));
  Tensor y = zeros({3, 4});
  y.index_put_({tensor({0, 2})}, ones({1, 1, 4}));
  EXPECT_EQ(y.sum().item<float>(), 8);
  y.index_put_({y > 0.5F}, full({1, 1, 8}, 3.0));
  EXPECT_EQ(y.sum().item<float>(), 24);
  y.index_put_({Slice(), tensor({1, 2})}, full({1, 1, 3, 2}, 5.0));
  EXPECT_EQ(y.sum().item<float>(), 3 * 2 * 5 + 4 * 3);
  EXPECT_THROW(y.index_put_({tensor({0, 2})}, ones({2, 1, 4})), ShapeError);
}

}  // namespace
}  // namespace tenon
