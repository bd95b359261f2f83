#include "tenon/io/safetensors.h"

#include <unistd.h>

#include <complex>
#include <cstring>
#include <limits>

#include "tenon/io/io_test_internal.h"

namespace tenon {
namespace {

using namespace io_test;

std::string with_length(const std::string& header, const std::string& data) {
  std::string bytes(8, '\0');
  const uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

std::string tensor_json(const std::string& name, const std::string& dtype, const std::string& shape,
                        const std::string& offsets) {
  return '"' + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" +
         offsets + "}";
}

TEST(Safetensors, ReadsGoldenBytes) {
  const TemporaryFolder folder;
  const std::string path = folder.file("golden.safetensors");
  // Field order, white space and order of the data as other writers have them.
  const std::string header =
      R"({ "b":{"shape":[2,2],"dtype":"F32","data_offsets":[4,20]}, )"
      R"("__metadata__":{"made by":"hand \u00e4"}, "a":{"dtype":"I16","shape":[2],"data_offsets":[0,4]}}  )";
  write_bytes(path, with_length(header, std::string("\x01\x00\xff\xff"
                                                    "\x00\x00\x80\x3f\x00\x00\x00\x40"
                                                    "\x00\x00\x40\x40\x00\x00\x80\xc0",
                                                    20)));
  const StateDict dict = load(path);
  ASSERT_EQ(dict.size(), 2u);
  EXPECT_EQ(dict.begin()->first, "b");
  EXPECT_EQ(to_string(dict.at("b").sizes()), "[2, 2]");
  EXPECT_EQ(values<float>(dict.at("b")), (std::vector<float>{1, 2, 3, -4}));
  EXPECT_EQ(values<int16_t>(dict.at("a")), (std::vector<int16_t>{1, -1}));
  EXPECT_EQ(load_metadata(path).at("made by"), "hand \xc3\xa4");
}

TEST(Safetensors, WritesGoldenBytes) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x");
  save({{"n", make<uint8_t>({3}, {7, 8, 9})}, {"x", make<float>({1}, {1.0f})}}, path,
       {{"k", "v\n"}});
  std::string header =
      R"({"__metadata__":{"k":"v\n"},"n":{"dtype":"U8","shape":[3],"data_offsets":[4,7]},)"
      R"("x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  header.append(192 - 8 - header.size(), ' ');
  EXPECT_EQ(read_bytes(path), with_length(header, std::string("\x00\x00\x80\x3f\x07\x08\x09", 7)));
}

TEST(Safetensors, EveryDTypeComesBackBitForBit) {
  const TemporaryFolder folder;
  StateDict dict;
  for (int i = 0; i < kDTypeCount; ++i) {
    const auto dtype = static_cast<DType>(i);
    if (dtype == kComplex128) continue;
    Tensor tensor = new_tensor({3, 5}, dtype);
    for (size_t b = 0; b < tensor.nbytes(); ++b) {
      static_cast<uint8_t*>(tensor.raw_data())[b] =
          static_cast<uint8_t>(dtype == kBool ? b % 2 : b * 37 + 11);
    }
    dict.add(std::string(name_of(dtype)), tensor);
  }
  dict.add("empty", new_tensor({0, 4}, kFloat32));
  dict.add("zero-dim", make<double>({}, {0.1}));
  save(dict, folder.file("x"));
  const StateDict back = load(folder.file("x"));
  ASSERT_EQ(back.size(), dict.size());
  auto expected = dict.begin();
  for (const auto& [name, tensor] : back) {
    EXPECT_EQ(name, expected->first);
    EXPECT_EQ(tensor.dtype(), expected->second.dtype());
    EXPECT_TRUE(tensor.sizes() == expected->second.sizes());
    EXPECT_TRUE(tensor.is_contiguous());
    EXPECT_EQ(std::memcmp(tensor.raw_data(), expected->second.raw_data(), tensor.nbytes()), 0);
    ++expected;
  }
}

TEST(Safetensors, StridedTensorsAreWrittenRowMajor) {
  const TemporaryFolder folder;
  const Tensor base = make<int32_t>({2, 3, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  save({{"t", new_view(base, {2, 3, 2}, {1, 2, 6}, 0)},
        {"s", new_view(base, {2, 2}, {6, 2}, 1)},
        {"none", new_view(base, {0, 2}, {6, 2}, 1)}},
       folder.file("x"));
  const StateDict back = load(folder.file("x"));
  EXPECT_EQ(values<int32_t>(back.at("t")),
            (std::vector<int32_t>{0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11}));
  EXPECT_EQ(values<int32_t>(back.at("s")), (std::vector<int32_t>{1, 3, 7, 9}));
}

TEST(Safetensors, MappedTensorsOutliveTheFileAndNeverWriteToIt) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x");
  save({{"a", make<float>({2}, {1, 2})}, {"b", make<float>({2}, {3, 4})}}, path);
  const std::string before = read_bytes(path);
  Tensor a = load(path).at("a");
  a.data<float>()[0] = 50;
  EXPECT_EQ(read_bytes(path), before);
  save({{"a", make<float>({2}, {-1, -2})}}, path);
  EXPECT_EQ(values<float>(a), (std::vector<float>{50, 2}));
  std::filesystem::remove(path);
  EXPECT_EQ(values<float>(a), (std::vector<float>{50, 2}));
}

TEST(Safetensors, MisalignedDataIsCopied) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x");
  std::string data(9, '\0');
  const double value = 0.1;
  std::memcpy(data.data() + 1, &value, 8);
  write_bytes(path, with_length("{" + tensor_json("a", "U8", "[1]", "[0,1]") + "," +
                                    tensor_json("b", "F64", "[]", "[1,9]") + "}",
                                data));
  const Tensor b = load(path).at("b");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(b.raw_data()) % 8, 0u);
  EXPECT_EQ(b.data<double>()[0], 0.1);
}

TEST(Safetensors, ListsWithoutData) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x");
  save({{"a", make<uint8_t>({3}, {1, 2, 3})}, {"b", new_tensor({2, 0}, kFloat64)}}, path);
  const SafetensorsListing listing = list_safetensors(path);
  ASSERT_EQ(listing.tensors.size(), 2u);
  EXPECT_EQ(listing.tensors[0].name, "a");
  EXPECT_EQ(listing.tensors[0].dtype, kUInt8);
  EXPECT_EQ(listing.tensors[0].bytes, 3u);
  EXPECT_EQ(listing.tensors[0].offset % 64, 0u);
  EXPECT_EQ(listing.file_bytes, listing.tensors[0].offset + 3);
  EXPECT_EQ(to_string(listing.tensors[1].sizes), "[2, 0]");
}

TEST(Safetensors, AnEmptyDictIsAFile) {
  const TemporaryFolder folder;
  save({}, folder.file("x"));
  EXPECT_TRUE(load(folder.file("x")).empty());
}

TEST(Safetensors, RefusesToSaveWhatTheFormatLacks) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x");
  expect_parts(message_of<DTypeError>([&] {
                 save({{"z", new_tensor({1}, kComplex128)}}, path);
               }),
               {"no complex128", "to(kComplex64)"});
  expect_parts(message_of<DeviceError>([&] {
                 save({{"m", new_tensor({1}, kFloat32, kMeta)}}, path);
               }),
               {"'m'", "'meta'"});
  expect_parts(message_of<ValueError>([&] { save({{"u", Tensor()}}, path); }), {"undefined"});
  expect_parts(message_of<ValueError>([&] {
                 save({{"__metadata__", new_tensor({1}, kFloat32)}}, path);
               }),
               {"__metadata__"});
  expect_parts(message_of<ValueError>([&] {
                 save({{"\xff", new_tensor({1}, kFloat32)}}, path);
               }),
               {"UTF-8"});
  EXPECT_EQ(folder.count(), 0u);
}

TEST(Safetensors, FullDiskLeavesTheOldFile) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x");
  save({{"a", make<float>({1}, {5})}}, path);
  expect_parts(message_of([&] {
                 const FullDisk full(4096);
                 save({{"a", new_tensor({1 << 20}, kFloat32)}}, path);
               }),
               {"[save] ", "errno 27"});
  EXPECT_EQ(load(path).at("a").data<float>()[0], 5);
  EXPECT_EQ(folder.count(), 1u);
}

struct Hostile {
  const char* title;
  std::string bytes;
  std::vector<const char*> parts;
};

std::vector<Hostile> hostile_files() {
  const std::string four(4, '\0'), eight(8, '\0');
  const std::string good = tensor_json("a", "F32", "[1]", "[0,4]");
  const auto one = [&](const std::string& tensor, const std::string& data) {
    return with_length("{" + tensor + "}", data);
  };
  std::string longer = with_length("{}", "");
  longer[0] = 100;
  std::string huge = longer;
  huge[7] = 0x7f;
  std::string deep = R"({"a":)" + std::string(100'000, '[');
  return {
      {"empty", "", {"byte 0", "expected 8 bytes of header length, got 0"}},
      {"short length", "\x01\x02", {"byte 2", "got 2"}},
      {"length beyond the file", longer, {"should have 100 bytes", "only 2 follow"}},
      {"huge length", huge, {"at most 100000000 bytes"}},
      {"no object", with_length("[]", ""), {"byte 8", "begins with '{'"}},
      {"empty header", with_length("", ""), {"begins with '{'"}},
      {"truncated JSON", with_length(R"({"a":{"dtype")", ""), {"no valid JSON"}},
      {"garbage after JSON", with_length("{} x", ""), {"no valid JSON"}},
      {"not UTF-8", with_length("{\"\xff\":1}", ""), {"no valid JSON"}},
      {"deep", with_length(deep, ""), {"got a list"}},
      {"duplicate tensor", one(good + "," + good, four), {"'a' comes twice"}},
      {"duplicate field", one(R"("a":{"dtype":"F32","dtype":"F32"})", ""), {"'dtype' comes twice"}},
      {"duplicate metadata", one(R"("__metadata__":{"k":"1","k":"2"})", ""), {"'k' comes twice"}},
      {"metadata no text", one(R"("__metadata__":{"k":1})", ""), {"a text for the metadata key"}},
      {"missing field", one(R"("a":{"dtype":"F32","shape":[1]})", four), {"one is missing"}},
      {"unknown field", one(R"("a":{"color":"red"})", four), {"got 'color'"}},
      {"unknown dtype", one(tensor_json("a", "F8_E4M3", "[4]", "[0,4]"), four), {"got 'F8_E4M3'"}},
      {"negative size", one(tensor_json("a", "F32", "[-1]", "[0,4]"), four), {"a negative number"}},
      {"fraction", one(tensor_json("a", "F32", "[1.0]", "[0,4]"), four), {"a fraction"}},
      {"shape is text", one(tensor_json("a", "F32", "\"1\"", "[0,4]"), four), {"got a text"}},
      {"offsets turned", one(tensor_json("a", "F32", "[1]", "[4,0]"), four), {"begin <= end"}},
      {"one offset", one(tensor_json("a", "F32", "[1]", "[4]"), four), {"begin <= end"}},
      {"three offsets",
       one(tensor_json("a", "F32", "[1]", "[0,4,8]"), four),
       {"at most 2 numbers"}},
      {"wrong byte count", one(tensor_json("a", "F32", "[2]", "[0,4]"), four), {"needs 8 bytes"}},
      {"size overflow",
       one(tensor_json("a", "F32", "[4294967296,4294967296]", "[0,4]"), four),
       {"more elements than 2^62"}},
      {"size overflow with zero",
       one(tensor_json("a", "F32", "[0,4294967296,4294967296]", "[0,0]"), ""),
       {"more elements than 2^62"}},
      {"offset overflow",
       one(tensor_json("a", "U8", "[18446744073709551615]", "[0,18446744073709551615]"), four),
       {"more elements than 2^62"}},
      {"overlap",
       one(good + "," + tensor_json("b", "F32", "[1]", "[2,6]"), eight),
       {"'b' overlaps the one before it: it begins at 2, expected 4"}},
      {"same data twice",
       one(good + "," + tensor_json("b", "F32", "[1]", "[0,4]"), four),
       {"overlaps"}},
      {"hole",
       one(tensor_json("b", "F32", "[1]", "[4,8]"), eight),
       {"a hole of 4 bytes before tensor 'b'"}},
      {"file too short",
       one(good, "\1\2"),
       {"ends within tensor 'a': expected 4 bytes of data, got 2"}},
      {"file too long", one(good, eight), {"got 4 more bytes that no tensor owns"}},
      {"bool of 2",
       one(tensor_json("a", "BOOL", "[2]", "[0,2]"), "\x01\x02"),
       {"expected 0 or 1, got 2"}},
  };
}

TEST(Safetensors, HostileFilesAreErrorsThatSayWhere) {
  const TemporaryFolder folder;
  const std::string path = folder.file("hostile");
  for (const Hostile& hostile : hostile_files()) {
    SCOPED_TRACE(hostile.title);
    write_bytes(path, hostile.bytes);
    const std::string message = message_of([&] { load(path); });
    expect_parts(message, {"[load] ", path.c_str(), ": byte "});
    for (const char* part : hostile.parts) expect_parts(message, {part});
  }
  expect_parts(message_of([&] { load(folder.file("none")); }), {"none: opening failed", "errno 2"});
  expect_parts(message_of([&] { load(folder.path()); }), {"got a folder"});
  expect_parts(message_of([&] { load("/dev/zero"); }), {"a special file"});
}

TEST(Safetensors, EveryTruncationIsAnError) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x");
  save({{"a", make<float>({2}, {1, 2})}, {"b", make<uint8_t>({1}, {3})}}, path, {{"k", "v"}});
  const std::string whole = read_bytes(path);
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
    write_bytes(path, whole.substr(0, bytes));
    EXPECT_THROW(load(path), IoError) << bytes;
  }
}

TEST(StateDict, KeepsOrderAndFindsNames) {
  StateDict dict{{"b", make<float>({1}, {1})}, {"a", make<float>({1}, {2})}};
  dict["c"] = make<float>({1}, {3});
  dict["b"] = make<float>({1}, {4});
  std::string names;
  for (const auto& [name, tensor] : dict) names += name;
  EXPECT_EQ(names, "bac");
  EXPECT_EQ(dict.at("b").data<float>()[0], 4);
  EXPECT_EQ(dict.find("d"), nullptr);
  EXPECT_TRUE(dict.erase("b"));
  EXPECT_FALSE(dict.erase("b"));
  EXPECT_EQ(dict.at("c").data<float>()[0], 3);
  expect_parts(message_of<IndexError>([&] { (void)dict.at("d"); }), {"'d' among the 2: a, c"});
  EXPECT_THROW(dict.add("a", Tensor()), ValueError);
}

}  // namespace
}  // namespace tenon
