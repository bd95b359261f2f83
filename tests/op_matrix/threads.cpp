// Results don't depend on the number of threads.

#include "tenon/base/parallel.h"
#include "tests/op_matrix/large_cases.h"
#include "tests/op_matrix/op_matrix_test.h"

namespace tenon::matrix {
namespace {

class Threads {
 public:
  Threads() : before_(num_threads()) {}
  ~Threads() { set_num_threads(before_); }
  void use(int count) const { set_num_threads(count); }

 private:
  int before_;
};

TEST_P(OpMatrix, Threads) {
  if (is_uninitialised(op())) return;
  const Threads threads;
  std::vector<Case> all = large_cases(op());
  for (Case& c : cases()) all.push_back(std::move(c));
  for (const Case& c : all) {
    threads.use(1);
    const Outcome want = run(op(), copies_of(c.sample.inputs), c.sample.attributes);
    if (c.number >= 100) {
      EXPECT_TRUE(want.ok()) << c.name() << ": " << want.message;
    }
    for (const int count : {2, 8}) {
      threads.use(count);
      EXPECT_EQ(difference(run(op(), copies_of(c.sample.inputs), c.sample.attributes), want), "")
          << c.name() << " on " << count << " threads";
    }
  }
}

}  // namespace
}  // namespace tenon::matrix
