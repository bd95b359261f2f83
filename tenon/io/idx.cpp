#include "tenon/io/idx.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "tenon/base/error.h"
#include "tenon/io/atomic_file.h"
#include "tenon/io/idx_decoder_internal.h"
#include "tenon/io/mapped_file_internal.h"

namespace tenon {
namespace {

uint8_t idx_code(DType dtype) {
  switch (dtype) {
    case DType::kUInt8:
      return 0x08;
    case DType::kInt8:
      return 0x09;
    case DType::kInt16:
      return 0x0B;
    case DType::kInt32:
      return 0x0C;
    case DType::kFloat32:
      return 0x0D;
    case DType::kFloat64:
      return 0x0E;
    default:
      fail<DTypeError>("write_idx", fmt::format("expected uint8, int8, int16, int32, float32 or "
                                                "float64, got {}; convert with to(k...)",
                                                name_of(dtype)));
  }
}

std::string encode(const Tensor& tensor) {
  std::string bytes = {0, 0, static_cast<char>(idx_code(tensor.dtype())),
                       static_cast<char>(tensor.dim())};
  for (const int64_t size : tensor.sizes()) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 0xff);
  }
  const size_t header = bytes.size();
  bytes.append(static_cast<const char*>(tensor.const_raw_data()), tensor.nbytes());
  const size_t itemsize = tensor.itemsize();
  for (size_t i = header; i < bytes.size(); i += itemsize) {
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                 bytes.begin() + static_cast<std::ptrdiff_t>(i + itemsize));
  }
  return bytes;
}

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  constexpr int kGzip = 16, kMemory = 8;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzip, kMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    fail<OutOfMemoryError>("write_idx", "zlib could not get its memory");
  }
  constexpr size_t kMostAtOnce = size_t{1} << 30;  // zlib counts in 32 bits
  std::string packed;
  char block[64 << 10];
  size_t given = 0;
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    if (stream.avail_in == 0 && given < bytes.size()) {
      const size_t taken = std::min(bytes.size() - given, kMostAtOnce);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + given));
      stream.avail_in = static_cast<uInt>(taken);
      given += taken;
    }
    stream.next_out = reinterpret_cast<Bytef*>(block);
    stream.avail_out = sizeof(block);
    status = deflate(&stream, given == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    packed.append(block, sizeof(block) - stream.avail_out);
  }
  deflateEnd(&stream);
  return packed;
}

}  // namespace

Tensor read_idx(const std::string& path) {
  const Intrusive<MappedFile> file = MappedFile::open(path, "read_idx");
  IdxDecoder decoder(path, file->span());
  Tensor tensor = new_tensor(decoder.sizes(), decoder.dtype());
  decoder.read_elements(tensor.raw_data());
  return tensor;
}

void write_idx(const Tensor& tensor, const std::string& path) {
  if (tensor.device().type != kCpu.type || !tensor.is_contiguous()) {
    fail<ValueError>("write_idx",
                     "expected a contiguous tensor on 'cpu'; use to(kCpu) and contiguous()");
  }
  constexpr int64_t kMostSize = 0xffffffff;
  const bool fits =
      tensor.dim() <= 255 && std::all_of(tensor.sizes().begin(), tensor.sizes().end(),
                                         [](int64_t size) { return size <= kMostSize; });
  if (!fits) {
    fail<ShapeError>("write_idx", fmt::format("expected at most 255 dims of less than 2^32, got {}",
                                              to_string(tensor.sizes())));
  }
  const std::string bytes = encode(tensor);
  write_file(path, path.ends_with(".gz") ? gzip(bytes) : bytes, "write_idx");
}

}  // namespace tenon
