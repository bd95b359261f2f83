#include "tenon/io/idx.h"

#include <zlib.h>

#include "tenon/io/io_test_internal.h"

namespace tenon {
namespace {

using namespace io_test;

std::string gzipped(const std::string& bytes) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x.gz");
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  return read_bytes(path);
}

// uint8 [2, 3]: 1 ... 6
const std::string kGolden(
    "\x00\x00\x08\x02\x00\x00\x00\x02\x00\x00\x00\x03\x01\x02\x03\x04\x05\x06", 18);

TEST(Idx, ReadsGoldenBytes) {
  const TemporaryFolder folder;
  for (const std::string& bytes : {kGolden, gzipped(kGolden)}) {
    write_bytes(folder.file("x"), bytes);
    const Tensor tensor = read_idx(folder.file("x"));
    EXPECT_EQ(to_string(tensor.sizes()), "[2, 3]");
    EXPECT_EQ(values<uint8_t>(tensor), (std::vector<uint8_t>{1, 2, 3, 4, 5, 6}));
  }
  write_bytes(folder.file("x"),
              std::string("\x00\x00\x0b\x01\x00\x00\x00\x02\x01\x02\xff\xfe", 12));
  EXPECT_EQ(values<int16_t>(read_idx(folder.file("x"))), (std::vector<int16_t>{258, -2}));
}

TEST(Idx, GzipMembersFollowEachOther) {
  const TemporaryFolder folder;
  write_bytes(folder.file("x"), gzipped(kGolden.substr(0, 13)) + gzipped(kGolden.substr(13)));
  EXPECT_EQ(values<uint8_t>(read_idx(folder.file("x"))), (std::vector<uint8_t>{1, 2, 3, 4, 5, 6}));
}

template <class T>
void expect_round_trip(const std::vector<T>& elements) {
  const TemporaryFolder folder;
  const Tensor tensor = make<T>({static_cast<int64_t>(elements.size() / 2), 2}, elements);
  for (const char* name : {"x", "x.gz"}) {
    write_idx(tensor, folder.file(name));
    const Tensor back = read_idx(folder.file(name));
    EXPECT_TRUE(back.sizes() == tensor.sizes());
    EXPECT_EQ(values<T>(back), elements);
  }
  EXPECT_EQ(folder.count(), 2u);
}

TEST(Idx, EveryElementTypeComesBack) {
  expect_round_trip<uint8_t>({0, 255, 3, 4});
  expect_round_trip<int8_t>({-128, 127});
  expect_round_trip<int16_t>({-32768, 258});
  expect_round_trip<int32_t>({-5, 0x01020304});
  expect_round_trip<float>({0.1f, -3e20f});
  expect_round_trip<double>({0.1, -3e200, 1, 2});
  expect_round_trip<double>({});
}

TEST(Idx, HostileFilesAreErrorsThatSayWhere) {
  const TemporaryFolder folder;
  const std::string path = folder.file("hostile");
  const auto refused = [&](const std::string& bytes, std::initializer_list<const char*> parts) {
    for (const std::string& form : {bytes, gzipped(bytes)}) {
      write_bytes(path, form);
      const std::string message = message_of([&] { read_idx(path); });
      expect_parts(message, {"[read_idx] ", path.c_str(), ": byte "});
      expect_parts(message, parts);
    }
  };
  refused("", {"ends within the magic number: expected 4 bytes, got 0"});
  refused("\x01\x02\x08\x01", {"byte 0", "expected two zero bytes, got 01 02"});
  refused(std::string("\x00\x00\x07\x01", 4), {"byte 2", "got 07"});
  refused(kGolden.substr(0, 10), {"ends within the sizes: expected 4 bytes, got 2"});
  refused(kGolden + "x", {"byte 18", "expected the end of the file"});
  refused(std::string("\x00\x00\x08\x02\xff\xff\xff\xff\xff\xff\xff\xff", 12), {"more than 2^48"});
  refused(std::string("\x00\x00\x0e\x01\x7f\xff\xff\xff", 8), {"can't hold"});
  write_bytes(path, kGolden.substr(0, 17));
  expect_parts(message_of([&] { read_idx(path); }),
               {"within the elements: expected 6 bytes, got 5"});
  expect_parts(message_of([&] { read_idx(folder.file("none")); }), {"errno 2"});
}

TEST(Idx, DamagedGzipIsAnError) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x.gz");
  const std::string packed = gzipped(kGolden);
  for (size_t bytes = 2; bytes < packed.size(); ++bytes) {
    write_bytes(path, packed.substr(0, bytes));
    expect_parts(message_of([&] { read_idx(path); }), {"(packed)"});
  }
  std::string damaged = packed;
  damaged[packed.size() - 6] ^= 1;  // the checksum
  write_bytes(path, damaged);
  expect_parts(message_of([&] { read_idx(path); }), {"(packed): incorrect data check"});
  write_bytes(path, packed + "junk");
  EXPECT_THROW(read_idx(path), IoError);
}

TEST(Idx, RefusesToWriteWhatTheFormatLacks) {
  const TemporaryFolder folder;
  expect_parts(
      message_of<DTypeError>([&] { write_idx(new_tensor({1}, kInt64), folder.file("x")); }),
      {"got int64"});
  expect_parts(message_of<ShapeError>([&] {
                 write_idx(new_tensor({int64_t{1} << 32, 0}, kUInt8), folder.file("x"));
               }),
               {"less than 2^32"});
  const Tensor base = new_tensor({2, 2}, kUInt8);
  expect_parts(message_of<ValueError>([&] {
                 write_idx(new_view(base, {2, 2}, {1, 2}, 0), folder.file("x"));
               }),
               {"contiguous"});
  EXPECT_EQ(folder.count(), 0u);
}

}  // namespace
}  // namespace tenon
