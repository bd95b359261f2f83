#include "tenon/backends/cpu/linalg/convolution_product.h"

#include <algorithm>

#include "tenon/backends/cpu/linalg/convolution_columns.h"
#include "tenon/backends/cpu/linalg/scratch.h"
#include "tenon/backends/cpu/linalg/transpose.h"

namespace tenon::cpu {
namespace {

constexpr const char* kCall = "convolution";
// Elements of a piece that a thread turns or unfolds.
constexpr int64_t kPieceElements = 16384;

int64_t grain(int64_t elements_each) {
  return std::max<int64_t>(1, kPieceElements / std::max<int64_t>(1, elements_each));
}

uint32_t* bits(float* x) { return reinterpret_cast<uint32_t*>(x); }
const uint32_t* bits(const float* x) { return reinterpret_cast<const uint32_t*>(x); }

/// [images, count] -> [count, images].
void side_by_side(const float* x, int64_t images, int64_t count, float* to) {
  parallel_for(count, grain(images), [&](int64_t begin, int64_t end) {
    transpose(bits(x) + begin, images, end - begin, count, bits(to) + begin * images, images);
  });
}

/// [count, images] -> [images, count].
void one_by_one(const float* x, int64_t images, int64_t count, float* to) {
  parallel_for(count, grain(images), [&](int64_t begin, int64_t end) {
    transpose(bits(x) + begin * images, end - begin, images, images, bits(to) + begin, count);
  });
}

/// The operands with their images side by side, and these unfolded.
struct Turned {
  GroupSizes sizes;
  float *x, *y, *columns;

  explicit Turned(const ConvArgs& c) : sizes(c) {
    static Scratch scratch;
    const int64_t x_size = c.n * c.ic * sizes.in_plane, y_size = c.n * c.oc * sizes.places;
    x = scratch.get_array<float>(
        static_cast<size_t>(x_size + y_size + c.n * sizes.depth * sizes.places), kCall);
    y = x + x_size;
    columns = y + y_size;
  }

  void unfold_all(const ConvArgs& c, const float* images) const {
    side_by_side(images, c.n, c.ic * sizes.in_plane, x);
    parallel_for(c.ic, grain(sizes.window * sizes.places * c.n), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) unfold(c, sizes, i, c.n, x, columns);
    });
  }

  void fold_all(const ConvArgs& c, float* images) const {
    parallel_for(c.ic, grain(sizes.window * sizes.places * c.n), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) fold(c, sizes, i, c.n, columns, x);
    });
    one_by_one(x, c.n, c.ic * sizes.in_plane, images);
  }
};

}  // namespace

bool suits_one_product(const ConvArgs& c, bool gradient) {
  // Filters that fit the cache beside the images cost little to read again.
  constexpr int64_t kManyWeights = 1 << 17;
  constexpr int64_t kFewestColumns = 16;
  const int64_t columns = c.n * c.oh * c.ow;
  if (c.dtype != kFloat32 || c.groups != 1 || c.oc * c.ic * c.kh * c.kw < kManyWeights)
    return false;
  // Unfolded images are as large as the filters at oc columns; oneDNN's gradients write and read
  // sums as large as the filters for each image.
  return columns >= kFewestColumns && 2 * columns <= (gradient ? 16 : 1) * c.oc;
}

void one_product_forward(const ConvArgs& c, const float* x, const float* w, const float* bias,
                         float* y) {
  const Turned turned(c);
  const GroupSizes& sizes = turned.sizes;
  const int64_t columns = sizes.places * c.n;
  turned.unfold_all(c, x);
  for (int64_t o = 0; bias && o < c.oc; ++o) {
    std::fill_n(turned.y + o * columns, columns, bias[o]);
  }
  multiply(c.oc, columns, sizes.depth, w, false, turned.columns, false, turned.y, bias != nullptr);
  one_by_one(turned.y, c.n, c.oc * sizes.places, y);
}

void one_product_backward_data(const ConvArgs& c, const float* dy, const float* w, float* dx) {
  const Turned turned(c);
  const GroupSizes& sizes = turned.sizes;
  side_by_side(dy, c.n, c.oc * sizes.places, turned.y);
  multiply(sizes.depth, sizes.places * c.n, c.oc, w, true, turned.y, false, turned.columns, false);
  turned.fold_all(c, dx);
}

void one_product_backward_weights(const ConvArgs& c, const float* x, const float* dy, float* dw,
                                  float* dbias) {
  const Turned turned(c);
  const GroupSizes& sizes = turned.sizes;
  side_by_side(dy, c.n, c.oc * sizes.places, turned.y);
  turned.unfold_all(c, x);
  multiply(c.oc, sizes.depth, sizes.places * c.n, turned.y, false, turned.columns, true, dw, false);
  if (dbias) backward_bias(c, dy, dbias);
}

}  // namespace tenon::cpu
