#include <gtest/gtest.h>

#include "tenon/base/error.h"
#include "tenon/tile/builder.h"
#include "tenon/tile/text.h"
#include "tenon/tile/verify.h"

namespace tenon::tile {
namespace {

Program softmax() {
  TileBuilder t;
  const Value x = t.load(0);
  const Value e = t.exp(t.sub(x, t.row_max(x)));
  t.store(0, t.div(e, t.row_sum(e)));
  return t.finish();
}

TEST(TileProgram, SoftmaxHasThreePasses) {
  const Program program = softmax();
  EXPECT_EQ(program.inputs(), 1);
  EXPECT_EQ(program.outputs(), 1);
  EXPECT_EQ(program.schedule().passes.size(), 3u);
  EXPECT_EQ(program.schedule().kept.size(), 1u);  // e; x is loaded again
  EXPECT_FALSE(program.is_row_output(0));
}

TEST(TileProgram, DeadCodeDoesNotRun) {
  TileBuilder t;
  const Value x = t.load(0);
  t.exp(t.row_max(x));
  t.store(0, t.neg(x));
  EXPECT_EQ(t.finish().schedule().passes.size(), 1u);
}

TEST(TileProgram, EqualProgramsAreEqual) {
  EXPECT_EQ(softmax(), softmax());
  EXPECT_EQ(softmax().hash(), softmax().hash());
}

TEST(TileText, RoundTrips) {
  TileBuilder t;
  const Value label = t.load_index(1);
  const Value x = t.keep(t.load(0));
  const Moments m = t.row_welford(x);
  t.store(0, t.multiply_add(t.sub(x, m.mean), t.constant(0.1), t.scalar(2)));
  t.store(1, t.select(t.gt(m.variance, t.constant_integer(int64_t{1} << 62)), t.pick(0, label),
                      t.index_value(label)));
  t.store(2, t.random_normal(3));
  const Program program = t.finish();
  EXPECT_EQ(parse(to_text(program)), program) << to_text(program);
  EXPECT_EQ(to_text(softmax()),
            "%0 = load 0\n%1 = row_max %0\n%2 = sub %0, %1\n%3 = exp %2\n%4 = row_sum %3\n"
            "%5 = div %3, %4\nstore 0, %5\n");
}

TEST(TileText, ErrorsNameTheLine) {
  const auto message = [](std::string_view text) -> std::string {
    try {
      parse(text);
    } catch (const ValueError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message("%0 = load 0\n%1 = wrong %0\n").find("line 2"), std::string::npos);
  EXPECT_NE(message("%0 = load x\n").find("expected a number"), std::string::npos);
  EXPECT_NE(message("%1 = load 0\n").find("expected value %0"), std::string::npos);
  EXPECT_NE(message("%0 = add %0, %1\nstore 0, %0").find("doesn't come before"), std::string::npos);
}

TEST(TileVerify, RefusesWhatIsNoProgram) {
  const auto refused = [](auto write) {
    TileBuilder t;
    write(t);
    EXPECT_THROW(t.finish(), ValueError);
  };
  refused([](TileBuilder& t) { t.load(0); });
  refused([](TileBuilder& t) { t.store(1, t.load(0)); });
  refused([](TileBuilder& t) {
    t.store(0, t.load(0));
    t.store(0, t.load(0));
  });
  refused([](TileBuilder& t) { t.store(0, t.exp(t.load_index(0))); });
  refused([](TileBuilder& t) { t.store(0, t.is_at(t.load(0))); });
  refused([](TileBuilder& t) { t.store(0, t.row_sum(t.scalar(0))); });
  refused([](TileBuilder& t) { t.store(0, Value{7}); });
}

TEST(TileVerify, NamesTheMissingOp) {
  TileBuilder t;
  t.store(0, t.sqrt(t.load(0)));
  const Program program = t.finish();
  EXPECT_TRUE(supports(program, Compute::kF64));
  EXPECT_FALSE(supports(program, Compute::kI64));
  const Operand operand{nullptr, kInt64, {1}};
  Launch launch{&program, Compute::kI64, {4}, 0, {&operand, 1}, {&operand, 1}, {}, 0, 0};
  try {
    verify(launch);
    FAIL();
  } catch (const DTypeError& error) {
    EXPECT_NE(std::string(error.what()).find("sqrt"), std::string::npos);
  }
}

}  // namespace
}  // namespace tenon::tile
