#pragma once

#include <cstdint>
#include <string>

#include "tenon/data/dataset.h"

namespace tenon::data {

inline constexpr int64_t kDigitSide = 28;

/// What `draw_digits` varies; 1 is about how much people's handwriting does, 0 prints every digit
/// alike.
struct DigitOptions {
  double variation = 1;
  ImageOptions image = {};
};

/// Draws `count` hand-written-looking digits, 28 x 28, white on black: strokes of one of several
/// ways of writing each digit, bent, slanted, turned, scaled and moved, with a pen of varying
/// width, blur and noise. Image i depends on `seed` and `first` + i alone, byte for byte on any
/// machine and for any number of threads; the ten classes are equally likely. Throws ValueError on
/// negative counts or a variation outside [0, 2].
TENON_API ImageDataset draw_digits(int64_t count, uint64_t seed, int64_t first = 0,
                                   const DigitOptions& options = {});

/// Digits to train on and others to measure with, drawn from one seed.
TENON_API TrainAndTest draw_digit_sets(int64_t train_count, int64_t test_count, uint64_t seed,
                                       const DigitOptions& options = {});

/// Reads the IDX files of MNIST-like digits from a folder: `train-images-idx3-ubyte`,
/// `train-labels-idx1-ubyte` and the same with `t10k`, plain or `.gz`. Where only one of the two
/// sets is there, its first four fifths train and the rest measures. Throws IoError where neither
/// is there, or a file is damaged, of another kind, or has labels that aren't 0 to 9.
TENON_API TrainAndTest read_digit_sets(const std::string& folder, ImageOptions options = {});

}  // namespace tenon::data
