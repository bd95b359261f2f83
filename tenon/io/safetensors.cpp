#include "tenon/io/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "tenon/base/error.h"
#include "tenon/io/atomic_file.h"
#include "tenon/io/mapped_file_internal.h"
#include "tenon/io/safetensors_header_internal.h"

namespace tenon {
namespace {

/// Entries in the order of the dict; data in the order of falling element size, which aligns every
/// tensor without holes.
std::vector<TensorEntry> plan_layout(const StateDict& tensors, std::vector<size_t>& data_order) {
  std::vector<TensorEntry> entries;
  for (const auto& [name, tensor] : tensors) {
    if (!tensor.defined()) {
      fail<ValueError>("save", fmt::format("tensor '{}' is undefined; leave it out", name));
    }
    if (tensor.device().type != kCpu.type) {
      fail<DeviceError>("save", fmt::format("tensor '{}' is on '{}', expected 'cpu'; move it with "
                                            "to(kCpu), or leave it out where it has no data",
                                            name, to_string(tensor.device())));
    }
    safetensors_name(tensor.dtype());
    entries.push_back({name, tensor.dtype(), tensor.sizes(), 0, tensor.nbytes()});
  }
  data_order.resize(entries.size());
  std::iota(data_order.begin(), data_order.end(), size_t{0});
  std::stable_sort(data_order.begin(), data_order.end(), [&](size_t a, size_t b) {
    return size_of(entries[a].dtype) > size_of(entries[b].dtype);
  });
  uint64_t offset = 0;
  for (const size_t i : data_order) {
    entries[i].offset = offset;
    offset += entries[i].bytes;
  }
  return entries;
}

/// Writes the elements in row-major order, whatever the strides.
void write_elements(AtomicFile& file, const Tensor& tensor) {
  if (tensor.numel() == 0) return;
  const char* first = static_cast<const char*>(tensor.const_raw_data());
  if (tensor.is_contiguous()) {
    file.write(first, tensor.nbytes());
    return;
  }
  const size_t itemsize = tensor.itemsize();
  const Shape& sizes = tensor.sizes();
  const Shape& strides = tensor.strides();
  const size_t last = sizes.size() - 1;
  std::vector<char> row(static_cast<size_t>(sizes[last]) * itemsize);
  Shape position(sizes.size(), 0);
  for (;;) {
    int64_t offset = 0;
    for (size_t d = 0; d < last; ++d) offset += position[d] * strides[d];
    for (int64_t i = 0; i < sizes[last]; ++i) {
      std::memcpy(row.data() + static_cast<size_t>(i) * itemsize,
                  first + (offset + i * strides[last]) * static_cast<int64_t>(itemsize), itemsize);
    }
    file.write(row.data(), row.size());
    size_t d = last;
    while (d > 0 && ++position[d - 1] == sizes[d - 1]) position[--d] = 0;
    if (d == 0) return;
  }
}

/// A byte other than 0 and 1 in a bool would be undefined behaviour wherever it is read.
void check_bools(const std::string& path, const TensorEntry& entry, const std::byte* data) {
  for (uint64_t i = 0; i < entry.bytes; ++i) {
    if (data[i] > std::byte{1}) {
      fail<IoError>(
          "load", fmt::format("{}: byte {}: tensor '{}' of dtype BOOL expected 0 or 1, got {}; the "
                              "file is damaged",
                              path, entry.offset + i, entry.name, static_cast<int>(data[i])));
    }
  }
}

Tensor make_tensor(const Intrusive<MappedFile>& file, const TensorEntry& entry) {
  const std::byte* data = file->data + entry.offset;
  const size_t alignment = std::min<size_t>(size_of(entry.dtype), alignof(std::max_align_t));
  if (reinterpret_cast<uintptr_t>(data) % alignment == 0) {
    return tensor_over(file, entry.offset, entry.sizes, entry.dtype);
  }
  Tensor copy = new_tensor(entry.sizes, entry.dtype);
  if (entry.bytes > 0) std::memcpy(copy.impl()->data(), data, entry.bytes);
  return copy;
}

}  // namespace

void save(const StateDict& tensors, const std::string& path, const Metadata& metadata) {
  std::vector<size_t> data_order;
  const std::vector<TensorEntry> entries = plan_layout(tensors, data_order);
  const std::string header = make_safetensors_header(entries, metadata);
  AtomicFile file(path, "save");
  file.write(header);
  for (const size_t i : data_order) write_elements(file, tensors.begin()[i].second);
  file.commit();
}

StateDict load(const std::string& path) {
  Metadata metadata;
  return load(path, metadata);
}

StateDict load(const std::string& path, Metadata& metadata) {
  const Intrusive<MappedFile> file = MappedFile::open(path, "load");
  SafetensorsListing listing = parse_safetensors("load", path, file->span());
  StateDict tensors;
  for (const TensorEntry& entry : listing.tensors) {
    if (entry.dtype == kBool) check_bools(path, entry, file->data + entry.offset);
    tensors.add(entry.name, make_tensor(file, entry));
  }
  metadata = std::move(listing.metadata);
  return tensors;
}

Metadata load_metadata(const std::string& path) {
  const Intrusive<MappedFile> file = MappedFile::open(path, "load_metadata");
  return parse_safetensors("load_metadata", path, file->span()).metadata;
}

SafetensorsListing list_safetensors(const std::string& path) {
  const Intrusive<MappedFile> file = MappedFile::open(path, "list_safetensors");
  return parse_safetensors("list_safetensors", path, file->span());
}

}  // namespace tenon
