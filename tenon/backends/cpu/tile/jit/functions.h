#pragma once

#include "tenon/backends/cpu/tile/jit/vectors.h"

namespace tenon::cpu::jit {

// The functions of math-inl.h in float, the same operations in the same order: the bits of the
// results are equal. (Where one instruction does what several do there, it rounds as they do.)
Vec exp(Vectors& v, const Vec& x);
Vec expm1(Vectors& v, const Vec& x);
Vec log(Vectors& v, const Vec& x);
Vec log1p(Vectors& v, const Vec& x);
Vec log2(Vectors& v, const Vec& x);
Vec tanh(Vectors& v, const Vec& x);
Vec sigmoid(Vectors& v, const Vec& x);
Vec erf(Vectors& v, const Vec& x);

}  // namespace tenon::cpu::jit
