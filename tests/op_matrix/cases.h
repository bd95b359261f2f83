#pragma once

// What every part of the op matrix shares: the samples of an op, runs whose outcome can be
// compared, casts and storage layouts. None of it uses Tenon's own ops, so that a broken op can't
// hide itself.

#include <complex>
#include <string>
#include <vector>

#include "tenon/dispatch/op_def.h"

namespace tenon::matrix {

/// One sample of one op.
struct Case {
  const OpDef* op;
  size_t number;
  Sample sample;

  /// "softmax, sample 2, softmax([3, 5], 1)"
  std::string name() const;
};

/// All ops of the op list.
std::vector<const OpDef*> all_ops();
/// The samples of an op; every call makes new tensors.
std::vector<Case> cases_of(const OpDef& op);

/// What a run of an op gave: its results, or the type and message of its error. Tensors are copies
/// in row-major order.
struct Outcome {
  std::vector<Tensor> results;
  std::vector<Tensor> inputs_after;  ///< as `inputs`, after the run: some ops update theirs
  std::string error;                 ///< "ShapeError", ...; empty when there was none
  std::string message;

  bool ok() const { return error.empty(); }
};

/// Runs an op as a user's call does, from a fixed random state.
Outcome run(const OpDef& op, const std::vector<Tensor>& inputs,
            const std::vector<Attribute>& attributes);
/// As `run`, but gives the results themselves (views stay views) and lets errors through.
std::vector<Tensor> call_op(const OpDef& op, const std::vector<Tensor>& inputs,
                            const std::vector<Attribute>& attributes);
/// Puts every random state that a run can see where it was at the start of all runs.
void reset_random(const OpDef& op, const std::vector<Attribute>& attributes);
/// The parameters that are no tensors, in order: attribute i belongs to the i-th of them.
std::vector<const ParamInfo*> attribute_params(const OpDef& op);
/// Whether results hold whatever the memory held.
bool is_uninitialised(const OpDef& op);
/// Whether the op's values come from a generator.
bool is_random(const OpDef& op);

/// "float32[3, 4] from 1.5 to 2"
std::string describe(const Tensor& tensor);

/// A row-major copy.
Tensor copy_of(const Tensor& tensor);
std::vector<Tensor> copies_of(const std::vector<Tensor>& tensors);
/// A row-major copy converted to `dtype`: to integers by rounding (to unsigned ones its absolute
/// value), to complex with an imaginary part made from the other elements.
Tensor cast(const Tensor& tensor, DType dtype);
/// A row-major copy converted exactly as far as the dtype can hold it: complex from real has a zero
/// imaginary part.
Tensor widen(const Tensor& tensor, DType dtype);
/// Elements as complex numbers, row by row.
std::vector<std::complex<double>> values_of(const Tensor& tensor);
/// Which inputs a dtype test casts: the floating ones, or all integer ones where there are none.
std::vector<bool> cast_inputs(const Case& c);
std::vector<Tensor> cast_all(const Case& c, DType dtype);

/// How a tensor lies in its storage.
enum class Layout { kTransposed, kStepped, kExpanded };
const char* name_of(Layout layout);
/// The same elements in another layout, a view; undefined when the tensor has too few of them.
Tensor in_layout(const Tensor& tensor, Layout layout);
/// The tensor whose elements along `dim` all equal the first, as a view with stride 0.
Tensor expanded(const Tensor& tensor, int64_t dim);

/// Empty when both have the same results, bit for bit (NaN equals NaN), or the same error.
std::string difference(const Outcome& got, const Outcome& want);
/// Empty when `got` equals `want` within `tolerance` max(1, |want|, `scale`); integers modulo their
/// range.
std::string difference(const Tensor& got, const Tensor& want, double tolerance, double scale = 0);
/// The distance of 1 to the next number; 0 for integers.
double epsilon_of(DType dtype);

}  // namespace tenon::matrix
