#pragma once

#include <gtest/gtest.h>

#include "tests/op_matrix/cases.h"

namespace tenon::matrix {

/// The parts of the matrix are tests of this fixture, one a file beside this one; the parameter is
/// the op, so that --gtest_filter='*/softmax' runs all that there is about one.
class OpMatrix : public testing::TestWithParam<const OpDef*> {
 protected:
  const OpDef& op() const { return *GetParam(); }
  std::vector<Case> cases() const { return cases_of(op()); }
};

}  // namespace tenon::matrix
