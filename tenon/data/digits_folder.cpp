#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "tenon/base/error.h"
#include "tenon/data/digits.h"
#include "tenon/io/idx.h"

namespace tenon::data {
namespace {

constexpr std::string_view kCall = "read_digit_sets";

std::optional<std::string> find_file(const std::string& folder, std::string_view name) {
  for (const std::string_view ending : {"", ".gz"}) {
    std::string path = fmt::format("{}/{}{}", folder, name, ending);
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) return path;
  }
  return {};
}

std::optional<ImageDataset> read_set(const std::string& folder, std::string_view set,
                                     ImageOptions options) {
  const auto images_path = find_file(folder, fmt::format("{}-images-idx3-ubyte", set));
  const auto labels_path = find_file(folder, fmt::format("{}-labels-idx1-ubyte", set));
  if (!images_path && !labels_path) return {};
  if (!images_path || !labels_path) {
    fail<IoError>(kCall, fmt::format("{}: expected {}-images-idx3-ubyte and {}-labels-idx1-ubyte, "
                                     "plain or .gz; the {} are missing",
                                     folder, set, set, images_path ? "labels" : "images"));
  }
  Tensor images = read_idx(*images_path);
  const Tensor labels = read_idx(*labels_path);
  if (images.dtype() != kUInt8 || images.dim() != 3 || images.numel() == 0) {
    fail<IoError>(kCall,
                  fmt::format("{}: expected uint8 images [count, height, width], got {} {}",
                              *images_path, name_of(images.dtype()), to_string(images.sizes())));
  }
  if (labels.dtype() != kUInt8 || labels.dim() != 1 || labels.size(0) != images.size(0)) {
    fail<IoError>(kCall,
                  fmt::format("{}: expected {} labels of uint8, got {} {}", *labels_path,
                              images.size(0), name_of(labels.dtype()), to_string(labels.sizes())));
  }
  for (int64_t i = 0; i < labels.numel(); ++i) {
    const int label = labels.data<uint8_t>()[i];
    if (label > 9) {
      fail<IoError>(kCall,
                    fmt::format("{}: label {}: expected 0 to 9, got {}", *labels_path, i, label));
    }
  }
  return ImageDataset(std::move(images), labels, options);
}

}  // namespace

TrainAndTest read_digit_sets(const std::string& folder, ImageOptions options) {
  std::optional<ImageDataset> train = read_set(folder, "train", options);
  std::optional<ImageDataset> test = read_set(folder, "t10k", options);
  if (train && test) return {std::move(*train), std::move(*test)};
  if (!train && !test) {
    fail<IoError>(kCall,
                  fmt::format("{}: expected train-images-idx3-ubyte and "
                              "train-labels-idx1-ubyte, or the same with t10k, plain or .gz; "
                              "found none of them",
                              folder));
  }
  const ImageDataset& only = train ? *train : *test;
  const int64_t cut = only.size() * 4 / 5;
  return {only.subset(0, cut), only.subset(cut, only.size())};
}

}  // namespace tenon::data
