#include <fmt/format.h>
#include <png.h>

#include <csetjmp>
#include <cstring>
#include <string>
#include <vector>

#include "tenon/base/error.h"
#include "tenon/io/png_decoder_internal.h"

namespace tenon {
namespace {

constexpr uint64_t kMostDeflateRatio = 1032;
constexpr png_uint_32 kMostSide = 1 << 20;
constexpr png_alloc_size_t kMostChunkBytes = png_alloc_size_t{8} << 20;

}  // namespace

/// libpng reports errors by a jump, so the functions that call it hold nothing with a destructor.
struct PngDecoder::State {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::span<const std::byte> file;
  size_t position = 0;
  char message[160] = {};

  ~State() { png_destroy_read_struct(&png, &info, nullptr); }

  static void on_error(png_structp png, png_const_charp message) {
    auto* state = static_cast<State*>(png_get_error_ptr(png));
    std::strncpy(state->message, message, sizeof(state->message) - 1);
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep destination, size_t bytes) {
    auto* state = static_cast<State*>(png_get_io_ptr(png));
    if (bytes > state->file.size() - state->position) png_error(png, "the file ends in the middle");
    std::memcpy(destination, state->file.data() + state->position, bytes);
    state->position += bytes;
  }

  bool read_header();
  bool read_rows(png_bytepp rows);
};

bool PngDecoder::State::read_header() {
  if (setjmp(png_jmpbuf(png))) return false;
  png_set_read_fn(png, this, on_read);
  png_set_user_limits(png, kMostSide, kMostSide);
  png_set_chunk_malloc_max(png, kMostChunkBytes);
  png_read_info(png, info);
  png_set_expand(png);  // palettes, fewer than 8 bits, transparent colours
  png_set_scale_16(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return true;
}

bool PngDecoder::State::read_rows(png_bytepp rows) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_read_image(png, rows);
  png_read_end(png, nullptr);
  return true;
}

PngDecoder::PngDecoder(std::string path, std::span<const std::byte> file)
    : path_(std::move(path)), state_(std::make_unique<State>()) {
  State& state = *state_;
  state.file = file;
  state.png =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, State::on_error, State::on_warning);
  if (state.png) state.info = png_create_info_struct(state.png);
  if (!state.info) fail<OutOfMemoryError>("read_png", "libpng could not get its memory");
  if (!state.read_header()) refuse(state.message);
  height_ = png_get_image_height(state.png, state.info);
  width_ = png_get_image_width(state.png, state.info);
  channels_ = png_get_channels(state.png, state.info);
  const uint64_t samples = static_cast<uint64_t>(height_ * width_ * channels_);
  // A packed bit may become four samples; nothing else may grow more than deflate packs.
  constexpr uint64_t kMostSamplesPerByte = kMostDeflateRatio * 8 * 4;
  if (samples > file.size() * kMostSamplesPerByte) {
    refuse(fmt::format("{} x {} x {} samples are more than a file of {} bytes can hold", height_,
                       width_, channels_, file.size()));
  }
}

PngDecoder::~PngDecoder() = default;

void PngDecoder::refuse(const std::string& message) const {
  fail<IoError>("read_png", fmt::format("{}: byte {}: {}; the file is damaged or no PNG image",
                                        path_, state_->position, message));
}

void PngDecoder::read_samples(uint8_t* destination) {
  std::vector<png_bytep> rows(static_cast<size_t>(height_));
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = destination + i * static_cast<size_t>(width_ * channels_);
  }
  if (!state_->read_rows(rows.data())) refuse(state_->message);
}

}  // namespace tenon
