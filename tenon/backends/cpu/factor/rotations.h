#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tenon::cpu {

/// The plane rotation that makes (length, 0) of (f, g): length = cosine f + sine g,
/// 0 = cosine g - sine f.
struct PlaneRotation {
  double cosine = 1, sine = 0, length = 0;

  static PlaneRotation of(double f, double g);
};

/// Of complex numbers x and y: x becomes cosine x + sine y, y cosine y - conj(sine) x.
struct ComplexRotation {
  double cosine;
  std::complex<double> sine;
};

/// Turns two rows of `count` numbers.
void turn_two_rows(int64_t count, const ComplexRotation& rotation, std::complex<double>* x,
                   std::complex<double>* y);
/// Turns columns k and k + 1 by rotations[k], for k = 0 to `count` - 1 in turn, of `rows` rows,
/// which lie `stride` apart.
void turn_neighbours(int64_t count, const ComplexRotation* rotations, int64_t rows,
                     std::complex<double>* data, int64_t stride);

/// Rotations of neighbouring rows of a matrix, collected sweep by sweep and made many at a time:
/// a row that is in the registers is turned by several sweeps before it goes back. Columns are the
/// threads' business; each element sees the same operations in the same order.
class Rotations {
 public:
  /// Rows of `width` doubles lie `stride` apart. `complex`: pairs of them are numbers, and sines
  /// may have an imaginary part.
  Rotations(int64_t rows, int64_t width, double* data, int64_t stride, bool complex = false);
  Rotations(const Rotations&) = delete;
  Rotations& operator=(const Rotations&) = delete;

  /// Elements to lay rows of `count` apart: those that lie pages apart would share few places in
  /// the caches.
  template <class T>
  static int64_t stride_of(int64_t count) {
    return count % 32 == 0 ? count + static_cast<int64_t>(64 / sizeof(T)) : count;
  }

  /// Begins a sweep, whose rotations come in the order of their rows, from the last row to the
  /// first where `upwards`.
  void begin_sweep(bool upwards);
  /// Of rows x = `row` and y = `row` + 1: x becomes cosine x + sine y, y cosine y - conj(sine) x.
  void add(int64_t row, double cosine, std::complex<double> sine);
  /// Makes what has been collected.
  void finish();

  static constexpr int64_t kTogether = 4;  ///< sweeps that a row is turned by in the registers

 private:
  static constexpr int64_t kMostSweeps = 32;

  struct Turn {
    double cosine, sine, imaginary;
  };
  /// Rotations [begin, end), numbered in the order in which they come.
  struct Sweep {
    int64_t begin, end;
  };

  void pack(int64_t first_sweep, int64_t count);

  int64_t rows_, width_, stride_;
  double* data_;
  bool complex_, upwards_ = false;
  std::vector<Sweep> sweeps_;
  std::vector<Turn> turns_;     ///< [sweep][rows_]
  std::vector<double> packed_;  ///< as the kernel reads those of kTogether sweeps
  struct Group {
    int64_t begin, end;
    size_t packed;
  };
  std::vector<Group> groups_;
};

}  // namespace tenon::cpu
