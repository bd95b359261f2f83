#pragma once

#include <algorithm>

#include "tenon/backends/cpu/dnnl/convolution.h"
#include "tenon/backends/cpu/linalg/matmul.h"
#include "tenon/base/parallel.h"

// Unfolded images, and what products with them share. Images may lie side by side: then each place
// has `together` numbers, one of each image.
namespace tenon::cpu {

/// Sizes of one group of one image: its unfolded form is [depth, places].
struct GroupSizes {
  int64_t ic, oc, window, depth, places, in_plane;
  explicit GroupSizes(const ConvArgs& c)
      : ic(c.ic / c.groups),
        oc(c.oc / c.groups),
        window(c.kh * c.kw),
        depth(ic * window),
        places(c.oh * c.ow),
        in_plane(c.ih * c.iw) {}
};

/// The places [begin, end) of one output row at which a window column lies inside the input.
struct InsideRange {
  int64_t begin, end;
  InsideRange(int64_t offset, int64_t stride, int64_t in_size, int64_t out_size) {
    begin = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    end = offset >= in_size ? 0 : (in_size - offset + stride - 1) / stride;
    end = std::min(end, out_size);
    begin = std::min(begin, std::max<int64_t>(end, 0));
    end = std::max(begin, end);
  }
};

/// Calls row(unfolded row, output row, input row or -1, column offset) for all of one channel.
template <class Row>
void for_each_row(const ConvArgs& c, Row row) {
  for (int64_t ky = 0; ky < c.kh; ++ky) {
    for (int64_t kx = 0; kx < c.kw; ++kx) {
      for (int64_t oy = 0; oy < c.oh; ++oy) {
        const int64_t iy = oy * c.stride_h - c.padding_h + ky * c.dilation_h;
        row(ky * c.kw + kx, oy, iy >= 0 && iy < c.ih ? iy : -1, kx * c.dilation_w - c.padding_w);
      }
    }
  }
}

/// One channel of x [channels, ih, iw, together] to columns [channels, window, oh, ow, together].
template <class T>
void unfold(const ConvArgs& c, const GroupSizes& sizes, int64_t channel, int64_t together,
            const T* x, T* columns) {
  const T* const plane = x + channel * sizes.in_plane * together;
  T* const rows = columns + channel * sizes.window * sizes.places * together;
  for_each_row(c, [&](int64_t r, int64_t oy, int64_t iy, int64_t offset) {
    T* const to = rows + (r * sizes.places + oy * c.ow) * together;
    if (iy < 0) {
      std::fill(to, to + c.ow * together, T(0));
      return;
    }
    const InsideRange inside(offset, c.stride_w, c.iw, c.ow);
    const T* const from = plane + (iy * c.iw + offset) * together;
    std::fill(to, to + inside.begin * together, T(0));
    if (c.stride_w == 1) {
      std::copy(from + inside.begin * together, from + inside.end * together,
                to + inside.begin * together);
    } else {
      for (int64_t ox = inside.begin; ox < inside.end; ++ox) {
        std::copy_n(from + ox * c.stride_w * together, together, to + ox * together);
      }
    }
    std::fill(to + inside.end * together, to + c.ow * together, T(0));
  });
}

/// The transpose of `unfold`: adds each unfolded value to the place it came from.
template <class T>
void fold(const ConvArgs& c, const GroupSizes& sizes, int64_t channel, int64_t together,
          const T* columns, T* x) {
  T* const plane = x + channel * sizes.in_plane * together;
  const T* const rows = columns + channel * sizes.window * sizes.places * together;
  std::fill(plane, plane + sizes.in_plane * together, T(0));
  for_each_row(c, [&](int64_t r, int64_t oy, int64_t iy, int64_t offset) {
    if (iy < 0) return;
    const T* const from = rows + (r * sizes.places + oy * c.ow) * together;
    const InsideRange inside(offset, c.stride_w, c.iw, c.ow);
    T* const to = plane + (iy * c.iw + offset) * together;
    for (int64_t ox = inside.begin; ox < inside.end; ++ox) {
      for (int64_t i = 0; i < together; ++i) {
        to[ox * c.stride_w * together + i] += from[ox * together + i];
      }
    }
  });
}

/// c[m, n] (+)= a b with a's and b's rows or, when turned, columns contiguous.
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, const T* a, bool a_turned, const T* b, bool b_turned,
              T* c, bool accumulate) {
  MatmulArgs args;
  args.dtype = dtype_of<T>;
  args.m = m;
  args.n = n;
  args.k = k;
  args.a = a;
  args.a_row_stride = a_turned ? 1 : k;
  args.a_col_stride = a_turned ? m : 1;
  args.b = b;
  args.b_row_stride = b_turned ? 1 : n;
  args.b_col_stride = b_turned ? k : 1;
  args.c = c;
  args.c_row_stride = n;
  args.accumulate = accumulate;
  matmul(args);
}

/// Sixteen running sums, which is a fixed order that vectors can follow.
template <class T>
T sum_of(const T* values, int64_t count) {
  constexpr int64_t kLanes = 16;
  T lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += values[i + lane];
  }
  T sum = 0;
  for (; i < count; ++i) sum += values[i];
  for (const T lane : lanes) sum += lane;
  return sum;
}

/// The sums of dy over images and places.
template <class T>
void backward_bias(const ConvArgs& c, const T* dy, T* dbias) {
  const int64_t places = c.oh * c.ow;
  const int64_t grain = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, c.n * places));
  parallel_for(c.oc, grain, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      T sum = 0;
      for (int64_t s = 0; s < c.n; ++s) sum += sum_of(dy + (s * c.oc + o) * places, places);
      dbias[o] = sum;
    }
  });
}

}  // namespace tenon::cpu
