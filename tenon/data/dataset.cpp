#include "tenon/data/dataset.h"

#include <fmt/format.h>

#include <cstring>

#include "tenon/base/error.h"
#include "tenon/data/gather_internal.h"

namespace tenon::data {
namespace {

void check_host(std::string_view call, std::string_view name, const Tensor& tensor) {
  if (!tensor.defined() || tensor.device().type != kCpu.type || !tensor.is_contiguous()) {
    fail<ValueError>(call, fmt::format("expected {} contiguous on 'cpu'; use to(kCpu) and "
                                       "contiguous()",
                                       name));
  }
}

void check_host_rows(std::string_view call, std::string_view name, const Tensor& tensor) {
  check_host(call, name, tensor);
  if (tensor.dim() == 0) {
    fail<ShapeError>(call,
                     fmt::format("expected {} with a first dim that counts examples, got a 0-d "
                                 "tensor",
                                 name));
  }
}

void check_indices(std::string_view call, std::span<const int64_t> indices, int64_t size) {
  for (const int64_t index : indices) {
    if (index < 0 || index >= size) {
      fail<IndexError>(call, fmt::format("expected an index of [0, {}), got {}", size, index));
    }
  }
}

Shape with_first(int64_t first, IntList rest) {
  Shape sizes{first};
  for (const int64_t size : rest) sizes.push_back(size);
  return sizes;
}

Shape row_sizes(const Tensor& tensor) {
  return Shape(std::span<const int64_t>(tensor.sizes()).subspan(1));
}

/// The first dim of a batch of one goes away.
Example only_row(const Example& batch) {
  const auto row = [](const Tensor& tensor) {
    const Shape sizes = row_sizes(tensor);
    return new_view(tensor, sizes, contiguous_strides(sizes), 0);
  };
  return {row(batch.input), row(batch.target)};
}

Tensor gather(const Tensor& tensor, std::span<const int64_t> indices) {
  const Shape rest = row_sizes(tensor);
  Tensor result =
      new_tensor(with_first(static_cast<int64_t>(indices.size()), rest), tensor.dtype());
  const auto row_bytes = static_cast<size_t>(count_elements("get_batch", rest)) * tensor.itemsize();
  gather_rows(tensor.raw_data(), indices, row_bytes, result.raw_data());
  return result;
}

/// Copies `row` to row `i` of `rows`, which is made when i is 0.
void put_row(Tensor& rows, const Tensor& row, size_t i, size_t count) {
  check_host("Dataset::get_batch", "examples", row);
  if (i == 0) rows = new_tensor(with_first(static_cast<int64_t>(count), row.sizes()), row.dtype());
  if (!(row_sizes(rows) == row.sizes())) {
    fail<ShapeError>("Dataset::get_batch",
                     fmt::format("examples of one batch must agree in sizes: the first is {}, "
                                 "another {}; give them one size with a transform",
                                 to_string(row_sizes(rows)), to_string(row.sizes())));
  }
  if (rows.dtype() != row.dtype()) {
    fail<DTypeError>("Dataset::get_batch",
                     fmt::format("examples of one batch must agree in dtype: the first is {}, "
                                 "another {}",
                                 name_of(rows.dtype()), name_of(row.dtype())));
  }
  if (row.numel() > 0) {
    std::memcpy(static_cast<char*>(rows.raw_data()) + i * row.nbytes(), row.raw_data(),
                row.nbytes());
  }
}

Tensor labels_as_int64(const Tensor& labels) {
  if (!is_integer(labels.dtype())) {
    fail<DTypeError>("ImageDataset", fmt::format("expected labels that are whole numbers, got {}",
                                                 name_of(labels.dtype())));
  }
  if (labels.dtype() == kInt64) return labels;
  Tensor result = new_tensor(labels.sizes(), kInt64);
  visit_dtype(labels.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    if constexpr (std::is_integral_v<T>) {
      const T* from = labels.data<T>();
      int64_t* to = result.data<int64_t>();
      for (int64_t i = 0; i < labels.numel(); ++i) to[i] = static_cast<int64_t>(from[i]);
    }
  });
  return result;
}

}  // namespace

Dataset::~Dataset() = default;

Example Dataset::get_batch(std::span<const int64_t> indices) const {
  if (indices.empty()) fail<ValueError>("Dataset::get_batch", "expected at least one index");
  Example batch;
  for (size_t i = 0; i < indices.size(); ++i) {
    const Example example = get(indices[i]);
    put_row(batch.input, example.input, i, indices.size());
    put_row(batch.target, example.target, i, indices.size());
  }
  return batch;
}

TensorDataset::TensorDataset(Tensor inputs, Tensor targets)
    : inputs_(std::move(inputs)), targets_(std::move(targets)) {
  check_host_rows("TensorDataset", "inputs", inputs_);
  check_host_rows("TensorDataset", "targets", targets_);
  if (inputs_.size(0) != targets_.size(0)) {
    fail<ShapeError>("TensorDataset",
                     fmt::format("expected as many targets as inputs, got {} and {}",
                                 to_string(targets_.sizes()), to_string(inputs_.sizes())));
  }
}

Example TensorDataset::get(int64_t index) const { return only_row(get_batch({&index, 1})); }

Example TensorDataset::get_batch(std::span<const int64_t> indices) const {
  check_indices("TensorDataset", indices, size());
  return {gather(inputs_, indices), gather(targets_, indices)};
}

ImageDataset::ImageDataset(Tensor images, const Tensor& labels, ImageOptions options)
    : images_(std::move(images)), options_(options) {
  check_host_rows("ImageDataset", "images", images_);
  check_host_rows("ImageDataset", "labels", labels);
  if (images_.dtype() != kUInt8) {
    fail<DTypeError>("ImageDataset", fmt::format("expected images of uint8, got {}; TensorDataset "
                                                 "takes any dtype",
                                                 name_of(images_.dtype())));
  }
  if ((images_.dim() != 3 && images_.dim() != 4) || labels.dim() != 1 ||
      labels.size(0) != images_.size(0)) {
    fail<ShapeError>(
        "ImageDataset",
        fmt::format("expected images [count, height, width] or [count, channels, height, "
                    "width] and labels [count], got {} and {}",
                    to_string(images_.sizes()), to_string(labels.sizes())));
  }
  if (!(options.standard_deviation > 0)) {
    fail<ValueError>("ImageDataset", fmt::format("expected a standard deviation above 0, got {}",
                                                 options.standard_deviation));
  }
  if (images_.dim() == 3) {
    const Shape sizes{images_.size(0), 1, images_.size(1), images_.size(2)};
    images_ = new_view(images_, sizes, contiguous_strides(sizes), images_.storage_offset());
  }
  labels_ = labels_as_int64(labels);
}

Example ImageDataset::get(int64_t index) const { return only_row(get_batch({&index, 1})); }

Example ImageDataset::get_batch(std::span<const int64_t> indices) const {
  check_indices("ImageDataset", indices, size());
  const Shape rest = row_sizes(images_);
  Tensor input = new_tensor(with_first(static_cast<int64_t>(indices.size()), rest), kFloat32);
  const double scale = 1 / (255 * options_.standard_deviation);
  const double shift = -options_.mean / options_.standard_deviation;
  gather_rows_as_float(images_.data<uint8_t>(), indices,
                       static_cast<size_t>(rest[0] * rest[1] * rest[2]), static_cast<float>(scale),
                       static_cast<float>(shift), input.data<float>());
  return {std::move(input), gather(labels_, indices)};
}

ImageDataset ImageDataset::subset(int64_t begin, int64_t end) const {
  if (begin < 0 || end < begin || end > size()) {
    fail<IndexError>("ImageDataset::subset",
                     fmt::format("expected 0 <= begin <= end <= {}, got begin {} and end {}",
                                 size(), begin, end));
  }
  const auto rows = [&](const Tensor& tensor) {
    Shape sizes = tensor.sizes();
    sizes[0] = end - begin;
    return new_view(tensor, sizes, tensor.strides(),
                    tensor.storage_offset() + begin * tensor.strides()[0]);
  };
  return ImageDataset(rows(images_), rows(labels_), options_);
}

}  // namespace tenon::data
