#include "tenon/io/png.h"

#include <fmt/format.h>
#include <png.h>

#include <string>

#include "tenon/base/error.h"
#include "tenon/io/atomic_file.h"
#include "tenon/io/mapped_file_internal.h"
#include "tenon/io/png_decoder_internal.h"

namespace tenon {
namespace {

void check_image(const Tensor& image) {
  if (image.dtype() != kUInt8) {
    fail<DTypeError>("write_png",
                     fmt::format("expected uint8 samples of 0 to 255, got {}; convert with "
                                 "to(kUInt8)",
                                 name_of(image.dtype())));
  }
  const bool image_shape =
      image.dim() == 2 || (image.dim() == 3 && image.size(2) >= 1 && image.size(2) <= 4);
  if (!image_shape || image.size(0) < 1 || image.size(1) < 1 || image.size(0) > 0x7fffffff ||
      image.size(1) > 0x7fffffff) {
    fail<ShapeError>("write_png",
                     fmt::format("expected [height, width] or [height, width, 1 to 4], got {}",
                                 to_string(image.sizes())));
  }
  if (image.device().type != kCpu.type || !image.is_contiguous()) {
    fail<ValueError>("write_png",
                     "expected a contiguous tensor on 'cpu'; use to(kCpu) and contiguous()");
  }
}

}  // namespace

Tensor read_png(const std::string& path) {
  const Intrusive<MappedFile> file = MappedFile::open(path, "read_png");
  PngDecoder decoder(path, file->span());
  Shape sizes{decoder.height(), decoder.width()};
  if (decoder.channels() > 1) sizes.push_back(decoder.channels());
  Tensor image = new_tensor(sizes, kUInt8);
  decoder.read_samples(image.data<uint8_t>());
  return image;
}

void write_png(const Tensor& image, const std::string& path) {
  check_image(image);
  constexpr png_uint_32 kFormats[] = {PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB,
                                      PNG_FORMAT_RGBA};
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.height = static_cast<png_uint_32>(image.size(0));
  header.width = static_cast<png_uint_32>(image.size(1));
  header.format = kFormats[image.dim() == 2 ? 0 : image.size(2) - 1];
  png_alloc_size_t bytes = 0;
  std::string packed;
  const uint8_t* samples = image.data<uint8_t>();
  bool made = png_image_write_get_memory_size(header, bytes, 0, samples, 0, nullptr) != 0;
  if (made) {
    packed.resize(bytes);
    made = png_image_write_to_memory(&header, packed.data(), &bytes, 0, samples, 0, nullptr) != 0;
  }
  if (!made) fail<IoError>("write_png", fmt::format("{}: libpng: {}", path, header.message));
  packed.resize(bytes);
  write_file(path, packed, "write_png");
}

}  // namespace tenon
