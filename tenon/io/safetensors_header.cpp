#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "tenon/base/error.h"
#include "tenon/io/safetensors_header_internal.h"

namespace tenon {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMostHeaderBytes = 100'000'000;  // the limit of the reference implementation
constexpr size_t kMostDims = kMostTensorDims;
constexpr uint64_t kDataAlignment = 64;
constexpr std::string_view kMetadataKey = "__metadata__";

struct NamedDType {
  std::string_view name;
  DType dtype;
};
constexpr std::array<NamedDType, 14> kNames = {{{"BOOL", kBool},
                                                {"U8", kUInt8},
                                                {"U16", kUInt16},
                                                {"U32", kUInt32},
                                                {"U64", kUInt64},
                                                {"I8", kInt8},
                                                {"I16", kInt16},
                                                {"I32", kInt32},
                                                {"I64", kInt64},
                                                {"F16", kFloat16},
                                                {"BF16", kBFloat16},
                                                {"F32", kFloat32},
                                                {"F64", kFloat64},
                                                {"C64", kComplex64}}};

std::string shortened(std::string_view text) {
  constexpr size_t kMost = 80;
  return text.size() <= kMost ? std::string(text) : std::string(text.substr(0, kMost)) + "...";
}

/// Says where in the file things stand; every error goes through here.
struct Place {
  std::string_view call;
  const std::string& path;

  [[noreturn]] void refuse(uint64_t offset, const std::string& message) const {
    fail<IoError>(call, fmt::format("{}: byte {}: {}; the file is damaged or no safetensors file",
                                    path, offset, message));
  }
};

/// Walks the header's bytes and tells how far the parser has come.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at;
  const char** furthest;

  const char& operator*() const { return *at; }
  CountingIterator& operator++() {
    *furthest = ++at;
    return *this;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) {
    return a.at == b.at;
  }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return !(a == b); }
};

/// Takes the events of the JSON parser and accepts only what a safetensors header may hold:
/// {"name": {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]}, "__metadata__": {..}}.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  HeaderReader(Place place, std::string_view header)
      : place_(place), start_(header.data()), at_(header.data()) {}
  const char** furthest() { return &at_; }

  bool start_object(size_t) override {
    switch (level_) {
      case Level::kOutside:
        level_ = Level::kNames;
        return true;
      case Level::kEntry:
        level_ = name_ == kMetadataKey ? Level::kMetadata : Level::kFields;
        if (level_ == Level::kFields) begin_tensor();
        return true;
      default:
        unexpected("an object");
    }
  }

  bool key(std::string& text) override {
    switch (level_) {
      case Level::kNames:
        name_ = text;
        if (!names_.insert(text).second) refuse(fmt::format("'{}' comes twice", shortened(text)));
        level_ = Level::kEntry;
        return true;
      case Level::kMetadata:
        key_ = text;
        if (listing.metadata.contains(text)) {
          refuse(fmt::format("metadata key '{}' comes twice", shortened(text)));
        }
        return true;
      default:
        begin_field(text);
        return true;
    }
  }

  bool end_object() override {
    if (level_ == Level::kFields) end_tensor();
    level_ = level_ == Level::kNames ? Level::kDone : Level::kNames;
    return true;
  }

  bool start_array(size_t) override {
    if (level_ != Level::kFields || field_ == Field::kDType) unexpected("a list");
    level_ = Level::kNumbers;
    return true;
  }
  bool end_array() override {
    level_ = Level::kFields;
    return true;
  }

  bool string(std::string& text) override {
    if (level_ == Level::kMetadata) {
      listing.metadata.emplace(key_, text);
      return true;
    }
    if (level_ != Level::kFields || field_ != Field::kDType) unexpected("a text");
    read_dtype(text);
    return true;
  }

  bool number_unsigned(uint64_t value) override {
    if (level_ != Level::kNumbers) unexpected("a number");
    std::vector<uint64_t>& numbers = field_ == Field::kShape ? shape_ : offsets_;
    const size_t most = field_ == Field::kShape ? kMostDims : 2;
    if (numbers.size() == most) {
      refuse(fmt::format("tensor '{}': expected at most {} numbers in {}, got more",
                         shortened(name_), most,
                         field_ == Field::kShape ? "shape" : "data_offsets"));
    }
    numbers.push_back(value);
    return true;
  }

  bool null() override { unexpected("null"); }
  bool boolean(bool) override { unexpected("true or false"); }
  bool number_integer(int64_t) override { unexpected("a negative number"); }
  bool number_float(double, const std::string&) override { unexpected("a fraction"); }
  bool binary(nlohmann::json::binary_t&) override { unexpected("binary data"); }
  bool parse_error(size_t, const std::string& token, const nlohmann::detail::exception&) override {
    refuse(fmt::format("the header is no valid JSON (near '{}')", shortened(token)));
  }

  SafetensorsListing listing;

 private:
  enum class Level { kOutside, kNames, kEntry, kMetadata, kFields, kNumbers, kDone };
  enum class Field { kDType, kShape, kOffsets };

  [[noreturn]] void refuse(const std::string& message) const {
    place_.refuse(kLengthBytes + static_cast<uint64_t>(at_ - start_), message);
  }
  [[noreturn]] void unexpected(std::string_view what) const {
    static constexpr std::string_view kExpected[] = {
        "an object of tensors",
        "a name",
        "an object {dtype, shape, data_offsets}, or metadata",
        "a text for the metadata key",
        "a dtype text, a shape list or a data_offsets list",
        "whole numbers of at least 0",
        "nothing more"};
    refuse(fmt::format("expected {}, got {}{}", kExpected[static_cast<int>(level_)], what,
                       name_.empty() ? "" : fmt::format(" (at '{}')", shortened(name_))));
  }

  void begin_tensor() {
    dtype_.reset();
    shape_.clear();
    offsets_.clear();
    seen_ = 0;
  }

  void begin_field(const std::string& text) {
    if (text == "dtype") {
      field_ = Field::kDType;
    } else if (text == "shape") {
      field_ = Field::kShape;
    } else if (text == "data_offsets") {
      field_ = Field::kOffsets;
    } else {
      refuse(fmt::format("tensor '{}': expected dtype, shape and data_offsets, got '{}'",
                         shortened(name_), shortened(text)));
    }
    const unsigned bit = 1u << static_cast<int>(field_);
    if (seen_ & bit) {
      refuse(fmt::format("tensor '{}': '{}' comes twice", shortened(name_), text));
    }
    seen_ |= bit;
  }

  void read_dtype(const std::string& text) {
    for (const NamedDType& known : kNames) {
      if (known.name == text) dtype_ = known.dtype;
    }
    if (dtype_) return;
    std::string names;
    for (const NamedDType& known : kNames) {
      names += (names.empty() ? "" : ", ") + std::string(known.name);
    }
    refuse(fmt::format("tensor '{}': expected a dtype among {}, got '{}'", shortened(name_), names,
                       shortened(text)));
  }

  void end_tensor() {
    const std::string name = shortened(name_);
    if (seen_ != 7 || !dtype_) {
      refuse(
          fmt::format("tensor '{}': expected dtype, shape and data_offsets, one is missing", name));
    }
    if (offsets_.size() != 2 || offsets_[0] > offsets_[1]) {
      refuse(
          fmt::format("tensor '{}': expected data_offsets [begin, end] with begin <= end, got [{}]",
                      name, fmt::join(offsets_, ", ")));
    }
    TensorEntry entry{name_, *dtype_, {}, offsets_[0], offsets_[1] - offsets_[0]};
    uint64_t bytes = size_of(*dtype_);
    // Sizes up to 2^62 and no overflow on the way, even where another size is 0.
    uint64_t product = 1;
    bool fits = true;
    for (const uint64_t size : shape_) {
      fits = fits && size <= (uint64_t{1} << 62);
      fits = fits && !__builtin_mul_overflow(product, std::max<uint64_t>(size, 1), &product);
      fits = fits && product <= (uint64_t{1} << 62);
      fits = fits && !__builtin_mul_overflow(bytes, size, &bytes);
      entry.sizes.push_back(static_cast<int64_t>(size));
    }
    if (!fits) {
      refuse(fmt::format("tensor '{}': shape [{}] has more elements than 2^62", name,
                         fmt::join(shape_, ", ")));
    }
    if (bytes != entry.bytes) {
      refuse(
          fmt::format("tensor '{}': shape [{}] of {} needs {} bytes, got data_offsets [{}] of {}",
                      name, fmt::join(shape_, ", "), safetensors_name(*dtype_), bytes,
                      fmt::join(offsets_, ", "), entry.bytes));
    }
    listing.tensors.push_back(std::move(entry));
  }

  Place place_;
  const char* start_;
  const char* at_;
  Level level_ = Level::kOutside;
  Field field_ = Field::kDType;
  std::set<std::string, std::less<>> names_;
  std::string name_, key_;
  std::optional<DType> dtype_;
  std::vector<uint64_t> shape_, offsets_;
  unsigned seen_ = 0;
};

/// Every byte of the data must belong to exactly one tensor.
void check_coverage(const Place& place, const std::vector<TensorEntry>& tensors,
                    uint64_t data_start, uint64_t file_bytes) {
  std::vector<const TensorEntry*> by_offset;
  by_offset.reserve(tensors.size());
  for (const TensorEntry& entry : tensors) by_offset.push_back(&entry);
  std::sort(by_offset.begin(), by_offset.end(), [](const TensorEntry* a, const TensorEntry* b) {
    return a->offset != b->offset ? a->offset < b->offset : a->bytes < b->bytes;
  });
  const uint64_t data_bytes = file_bytes - data_start;
  uint64_t expected = 0;
  for (const TensorEntry* entry : by_offset) {
    const std::string name = shortened(entry->name);
    if (entry->offset < expected) {
      place.refuse(
          data_start + entry->offset,
          fmt::format("tensor '{}' overlaps the one before it: it begins at {}, expected {}", name,
                      entry->offset, expected));
    }
    if (entry->offset > expected) {
      place.refuse(data_start + expected,
                   fmt::format("a hole of {} bytes before tensor '{}'; expected data without holes",
                               entry->offset - expected, name));
    }
    if (entry->bytes > data_bytes - entry->offset) {
      place.refuse(
          file_bytes,
          fmt::format("the file ends within tensor '{}': expected {} bytes of data, got {}", name,
                      entry->offset + entry->bytes, data_bytes));
    }
    expected = entry->offset + entry->bytes;
  }
  if (expected != data_bytes) {
    place.refuse(data_start + expected,
                 fmt::format("expected the end of the file, got {} more bytes that no tensor owns",
                             data_bytes - expected));
  }
}

/// `text` as a JSON string. Throws ValueError where it isn't UTF-8.
std::string quoted(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    fail<ValueError>("save", "expected names and metadata in UTF-8, got other bytes in '" +
                                 shortened(text) + "'");
  }
}

}  // namespace

SafetensorsListing parse_safetensors(std::string_view call, const std::string& path,
                                     std::span<const std::byte> file) {
  const Place place{call, path};
  if (file.size() < kLengthBytes) {
    place.refuse(file.size(),
                 fmt::format("expected 8 bytes of header length, got {}", file.size()));
  }
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, file.data(), kLengthBytes);
  if (header_bytes > kMostHeaderBytes) {
    place.refuse(0, fmt::format("expected a header of at most {} bytes, got {}", kMostHeaderBytes,
                                header_bytes));
  }
  if (header_bytes > file.size() - kLengthBytes) {
    place.refuse(0, fmt::format("the header should have {} bytes, but only {} follow", header_bytes,
                                file.size() - kLengthBytes));
  }
  const std::string_view header(reinterpret_cast<const char*>(file.data()) + kLengthBytes,
                                header_bytes);
  if (header.empty() || header[0] != '{') {
    place.refuse(kLengthBytes, "expected a header that begins with '{'");
  }
  HeaderReader reader(place, header);
  const char** furthest = reader.furthest();
  nlohmann::json::sax_parse(CountingIterator{header.data(), furthest},
                            CountingIterator{header.data() + header.size(), furthest}, &reader);
  SafetensorsListing listing = std::move(reader.listing);
  const uint64_t data_start = kLengthBytes + header_bytes;
  check_coverage(place, listing.tensors, data_start, file.size());
  for (TensorEntry& entry : listing.tensors) entry.offset += data_start;
  listing.file_bytes = file.size();
  return listing;
}

std::string make_safetensors_header(const std::vector<TensorEntry>& tensors,
                                    const Metadata& metadata) {
  std::string header(kLengthBytes, '\0');
  header += '{';
  if (!metadata.empty()) {
    std::string texts;
    for (const auto& [key, text] : metadata) {
      texts += (texts.empty() ? "" : ",") + quoted(key) + ":" + quoted(text);
    }
    header += fmt::format("{}:{{{}}}", quoted(std::string(kMetadataKey)), texts);
  }
  for (const TensorEntry& entry : tensors) {
    if (entry.name == kMetadataKey) {
      fail<ValueError>("save", "a tensor can't be named '__metadata__': the format keeps the name");
    }
    if (header.back() != '{') header += ',';
    header += fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                          quoted(entry.name), safetensors_name(entry.dtype),
                          fmt::join(entry.sizes, ","), entry.offset, entry.offset + entry.bytes);
  }
  header += '}';
  header.append((kDataAlignment - header.size() % kDataAlignment) % kDataAlignment, ' ');
  const uint64_t header_bytes = header.size() - kLengthBytes;
  if (header_bytes > kMostHeaderBytes) {
    fail<ValueError>("save", fmt::format("names and metadata need a header of {} bytes; the format "
                                         "allows {}",
                                         header_bytes, kMostHeaderBytes));
  }
  std::memcpy(header.data(), &header_bytes, kLengthBytes);
  return header;
}

std::string_view safetensors_name(DType dtype) {
  for (const NamedDType& known : kNames) {
    if (known.dtype == dtype) return known.name;
  }
  fail<DTypeError>("save", fmt::format("the safetensors format has no {}; save its real and "
                                       "imaginary parts as two float64 tensors, or convert it with "
                                       "to(kComplex64)",
                                       name_of(dtype)));
}

}  // namespace tenon
