// Every op of the op list, on its samples, in every dtype, layout, thread count and instruction
// set, with its gradients. The parts lie in op_matrix/; values are held against NumPy by oracle/.

#include "tests/op_matrix/op_matrix_test.h"

namespace tenon::matrix {

INSTANTIATE_TEST_SUITE_P(Ops, OpMatrix, testing::ValuesIn(all_ops()),
                         [](const testing::TestParamInfo<const OpDef*>& info) {
                           return std::string(info.param->name);
                         });

}  // namespace tenon::matrix
