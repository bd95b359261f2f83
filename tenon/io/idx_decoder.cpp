#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "tenon/base/error.h"
#include "tenon/io/idx_decoder_internal.h"

namespace tenon {
namespace {

// The most that deflate can pack: 258 bytes in 2 bits, with some allowance for headers.
constexpr uint64_t kMostDeflateRatio = 1032;
constexpr uint64_t kMostElements = uint64_t{1} << 48;

template <class T>
void swap_bytes(char* data, size_t bytes) {
  for (size_t i = 0; i + sizeof(T) <= bytes; i += sizeof(T)) {
    std::reverse(data + i, data + i + sizeof(T));
  }
}

}  // namespace

/// Where the unpacked bytes come from.
class IdxDecoder::Source {
 public:
  virtual ~Source() = default;
  /// Up to `bytes`; fewer only at the end.
  virtual size_t read(void* destination, size_t bytes) = 0;
  /// How many bytes can come at most.
  virtual uint64_t most_bytes() const = 0;
};

class IdxDecoder::PlainSource final : public Source {
 public:
  explicit PlainSource(std::span<const std::byte> file) : rest_(file), all_(file.size()) {}
  size_t read(void* destination, size_t bytes) override {
    const size_t taken = std::min(bytes, rest_.size());
    if (taken > 0) std::memcpy(destination, rest_.data(), taken);
    rest_ = rest_.subspan(taken);
    return taken;
  }
  uint64_t most_bytes() const override { return all_; }

 private:
  std::span<const std::byte> rest_;
  uint64_t all_;
};

class IdxDecoder::GzipSource final : public Source {
 public:
  GzipSource(const std::string& path, std::span<const std::byte> file)
      : path_(path), rest_(file), all_(file.size()) {
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&stream_, MAX_WBITS + kGzipOnly) != Z_OK) {
      fail<OutOfMemoryError>("read_idx", "zlib could not get its memory");
    }
  }
  ~GzipSource() override { inflateEnd(&stream_); }

  size_t read(void* destination, size_t bytes) override {
    size_t done = 0;
    while (done < bytes && !ended_) {
      if (stream_.avail_in == 0) give_input();
      constexpr size_t kMostAtOnce = size_t{1} << 30;  // zlib counts in 32 bits
      const size_t wanted = std::min(bytes - done, kMostAtOnce);
      stream_.next_out = static_cast<Bytef*>(destination) + done;
      stream_.avail_out = static_cast<uInt>(wanted);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      const size_t made = wanted - stream_.avail_out;
      done += made;
      if (status == Z_STREAM_END) {
        end_member();
      } else if (status == Z_BUF_ERROR || (status == Z_OK && made == 0 && no_input_left())) {
        refuse("the gzip data ends in the middle");
      } else if (status != Z_OK) {
        refuse(stream_.msg ? stream_.msg : "unreadable gzip data");
      }
    }
    return done;
  }
  uint64_t most_bytes() const override { return all_ * kMostDeflateRatio; }

 private:
  bool no_input_left() const { return stream_.avail_in == 0 && rest_.empty(); }

  void give_input() {
    constexpr size_t kMostAtOnce = size_t{1} << 30;
    const size_t taken = std::min(rest_.size(), kMostAtOnce);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(rest_.data()));
    stream_.avail_in = static_cast<uInt>(taken);
    rest_ = rest_.subspan(taken);
  }

  /// A gzip file may be several members in a row.
  void end_member() {
    if (no_input_left()) {
      ended_ = true;
    } else if (inflateReset(&stream_) != Z_OK) {
      refuse("unreadable gzip data");
    }
  }

  [[noreturn]] void refuse(std::string_view message) const {
    const uint64_t offset = all_ - rest_.size() - stream_.avail_in;
    fail<IoError>("read_idx", fmt::format("{}: byte {} (packed): {}; fetch the file again", path_,
                                          offset, message));
  }

  const std::string& path_;
  std::span<const std::byte> rest_;
  uint64_t all_;
  z_stream stream_{};
  bool ended_ = false;
};

IdxDecoder::IdxDecoder(std::string path, std::span<const std::byte> file) : path_(std::move(path)) {
  const bool gzipped = file.size() >= 2 && file[0] == std::byte{0x1f} && file[1] == std::byte{0x8b};
  if (gzipped) {
    source_ = std::make_unique<GzipSource>(path_, file);
  } else {
    source_ = std::make_unique<PlainSource>(file);
  }
  read_header();
}

IdxDecoder::~IdxDecoder() = default;

void IdxDecoder::refuse(const std::string& message) const {
  fail<IoError>("read_idx", fmt::format("{}: byte {}: {}; the file is damaged or no IDX file",
                                        path_, position_, message));
}

void IdxDecoder::read_exactly(void* destination, size_t bytes, const char* what) {
  const size_t got = source_->read(destination, bytes);
  if (got != bytes) {
    position_ += got;
    refuse(fmt::format("the file ends within {}: expected {} bytes, got {}", what, bytes, got));
  }
  position_ += bytes;
}

void IdxDecoder::read_header() {
  uint8_t magic[4];
  read_exactly(magic, sizeof(magic), "the magic number");
  position_ = 0;
  if (magic[0] != 0 || magic[1] != 0) {
    refuse(fmt::format("expected two zero bytes, got {:02x} {:02x}", magic[0], magic[1]));
  }
  position_ = 2;
  switch (magic[2]) {
    case 0x08:
      dtype_ = kUInt8;
      break;
    case 0x09:
      dtype_ = kInt8;
      break;
    case 0x0B:
      dtype_ = kInt16;
      break;
    case 0x0C:
      dtype_ = kInt32;
      break;
    case 0x0D:
      dtype_ = kFloat32;
      break;
    case 0x0E:
      dtype_ = kFloat64;
      break;
    default:
      refuse(fmt::format("expected an element type among 08 09 0b 0c 0d 0e, got {:02x}", magic[2]));
  }
  position_ = 4;
  uint64_t elements = 1;
  for (int i = 0; i < magic[3]; ++i) {
    uint8_t size_bytes[4];
    read_exactly(size_bytes, sizeof(size_bytes), "the sizes");
    const uint64_t size = uint64_t{size_bytes[0]} << 24 | uint64_t{size_bytes[1]} << 16 |
                          uint64_t{size_bytes[2]} << 8 | size_bytes[3];
    sizes_.push_back(static_cast<int64_t>(size));
    if (__builtin_mul_overflow(elements, size, &elements) || elements > kMostElements) {
      refuse(fmt::format("sizes {} have more than 2^48 elements", to_string(sizes_)));
    }
  }
  const uint64_t needed = elements * size_of(dtype_);
  if (needed > source_->most_bytes()) {
    refuse(fmt::format("sizes {} of {} need {} bytes, which a file of this length can't hold",
                       to_string(sizes_), name_of(dtype_), needed));
  }
  bytes_ = needed;
}

void IdxDecoder::read_elements(void* destination) {
  read_exactly(destination, bytes_, "the elements");
  char more;
  if (source_->read(&more, 1) != 0) {
    refuse(
        fmt::format("expected the end of the file after {} bytes of elements, got more", bytes_));
  }
  char* data = static_cast<char*>(destination);
  switch (size_of(dtype_)) {
    case 2:
      swap_bytes<uint16_t>(data, bytes_);
      break;
    case 4:
      swap_bytes<uint32_t>(data, bytes_);
      break;
    case 8:
      swap_bytes<uint64_t>(data, bytes_);
      break;
    default:
      break;
  }
}

}  // namespace tenon
