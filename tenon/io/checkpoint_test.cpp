#include "tenon/io/checkpoint.h"

#include <cmath>
#include <limits>

#include "tenon/io/io_test_internal.h"

namespace tenon {
namespace {

using namespace io_test;

TEST(Checkpoint, ComesBackBitForBit) {
  const TemporaryFolder folder;
  Checkpoint saved;
  saved.add_tensors("model", {{"weight", make<float>({2}, {0.1f, -0.f})}});
  saved.add_tensors("optimizer", {{"weight", make<float>({1}, {7})}});
  saved.set_int("epoch", std::numeric_limits<int64_t>::min());
  saved.set_double("loss", 0.1);
  saved.set_double("tiny", std::numeric_limits<double>::denorm_min());
  saved.set_double("minus_zero", -0.0);
  saved.set_double("infinite", -std::numeric_limits<double>::infinity());
  saved.set_double("nan", std::numeric_limits<double>::quiet_NaN());
  saved.set_bool("done", true);
  saved.set_string("note", "two words\nand a line \xc3\xa4");
  saved.set_string("empty", "");
  Generator generator(0xfedcba9876543210u);
  generator.advance(0x8000000000000001u);
  saved.set_generator("random", generator);
  saved.save(folder.file("x"));

  const Checkpoint back = Checkpoint::load(folder.file("x"));
  EXPECT_EQ(back.get_int("epoch"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(back.get_double("loss"), 0.1);
  EXPECT_EQ(back.get_double("tiny"), std::numeric_limits<double>::denorm_min());
  EXPECT_TRUE(std::signbit(back.get_double("minus_zero")));
  EXPECT_EQ(back.get_double("infinite"), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(back.get_double("nan")));
  EXPECT_TRUE(back.get_bool("done"));
  EXPECT_EQ(back.get_string("note"), "two words\nand a line \xc3\xa4");
  EXPECT_EQ(back.get_string("empty"), "");
  EXPECT_EQ(back.get_generator("random").seed(), 0xfedcba9876543210u);
  EXPECT_EQ(back.get_generator("random").offset(), 0x8000000000000001u);
  EXPECT_EQ(back.values().size(), saved.values().size());
  const StateDict model = back.tensors_of("model");
  ASSERT_EQ(model.size(), 1u);
  EXPECT_EQ(values<float>(model.at("weight")), (std::vector<float>{0.1f, -0.f}));
  EXPECT_EQ(values<float>(back.tensors_of("optimizer").at("weight")), (std::vector<float>{7}));
}

TEST(Checkpoint, MissingAndOtherKindsAreErrors) {
  const TemporaryFolder folder;
  Checkpoint saved;
  saved.set_int("epoch", 3);
  saved.save(folder.file("x"));
  const Checkpoint back = Checkpoint::load(folder.file("x"));
  EXPECT_TRUE(back.has("epoch"));
  expect_parts(message_of([&] { back.get_int("step"); }),
               {"/x: expected a value of kind int named 'step', got none"});
  expect_parts(message_of([&] { back.get_double("epoch"); }), {"one of another kind"});
}

TEST(Checkpoint, HostileMetadataIsAnError) {
  const TemporaryFolder folder;
  const std::string path = folder.file("x");
  const auto refused = [&](const Metadata& metadata, std::initializer_list<const char*> parts) {
    save({}, path, metadata);
    const std::string message = message_of([&] { Checkpoint::load(path); });
    expect_parts(message, {"[Checkpoint::load] ", path.c_str()});
    expect_parts(message, parts);
  };
  refused({}, {"is no checkpoint"});
  refused({{"tenon.checkpoint", "2"}}, {"version 1 to 1, got '2'"});
  refused({{"tenon.checkpoint", "x"}}, {"got 'x'"});
  for (const char* text : {"", "int", "int ", "int 1x", "int 99999999999999999999", "float ",
                           "float zz", "bool yes", "list 1"}) {
    refused({{"tenon.checkpoint", "1"}, {"value.a", text}}, {"'value.a'"});
  }
  write_bytes(path, "not a file of tensors");
  EXPECT_THROW(Checkpoint::load(path), IoError);
}

Checkpoint of_step(int64_t step) {
  Checkpoint checkpoint;
  checkpoint.set_int("step", step);
  return checkpoint;
}

TEST(CheckpointFolder, KeepsTheNewest) {
  const TemporaryFolder parent;
  const CheckpointFolder folder(parent.file("deep/er"), 2);
  EXPECT_EQ(folder.latest(), std::nullopt);
  for (const int64_t step : {5, 10, 200}) folder.save(of_step(step), step);
  EXPECT_EQ(folder.steps(), (std::vector<int64_t>{10, 200}));
  EXPECT_EQ(Checkpoint::load(*folder.latest()).get_int("step"), 200);
  EXPECT_THROW(CheckpointFolder("x", 0), ValueError);
  EXPECT_THROW(folder.save(of_step(0), -1), ValueError);
}

TEST(CheckpointFolder, LeftoversOfKilledWritesDontCount) {
  const TemporaryFolder parent;
  const CheckpointFolder folder(parent.path(), 2);
  folder.save(of_step(1), 1);
  const std::string leftover = folder.path_of(2) + ".4711-0.tmp";
  write_bytes(leftover, "half");
  write_bytes(parent.file("checkpoint-x.safetensors"), "");
  write_bytes(parent.file("checkpoint-7.safetensors"), "");
  write_bytes(parent.file("notes.1-1.tmp"), "mine");
  EXPECT_EQ(*folder.latest(), folder.path_of(1));
  folder.save(of_step(3), 3);
  EXPECT_FALSE(std::filesystem::exists(leftover));
  EXPECT_TRUE(std::filesystem::exists(parent.file("notes.1-1.tmp")));
  EXPECT_EQ(*folder.latest(), folder.path_of(3));
}

TEST(CheckpointFolder, AFullDiskKeepsTheOldOnes) {
  const TemporaryFolder parent;
  const CheckpointFolder folder(parent.path(), 1);
  folder.save(of_step(1), 1);
  Checkpoint large = of_step(2);
  large.tensors().add("a", new_tensor({1 << 20}, kFloat32));
  EXPECT_THROW(
      {
        const FullDisk full(4096);
        folder.save(large, 2);
      },
      IoError);
  EXPECT_EQ(Checkpoint::load(*folder.latest()).get_int("step"), 1);
  EXPECT_EQ(parent.count(), 1u);
}

TEST(CheckpointFolder, AFolderThatCantBeMadeIsAnError) {
  const TemporaryFolder parent;
  write_bytes(parent.file("file"), "");
  expect_parts(message_of([&] { CheckpointFolder(parent.file("file/x")).save(of_step(1), 1); }),
               {"making the folder failed", "Not a directory"});
  expect_parts(message_of([&] { CheckpointFolder(parent.file("file/x")).prepare(); }),
               {"[CheckpointFolder::prepare]", "making the folder failed", "Not a directory"});
  // The kernel's own folder takes no file, not even root's.
  expect_parts(message_of([&] { CheckpointFolder("/proc/self").prepare(); }),
               {"[CheckpointFolder::prepare]", "creating a file in '/proc/self' failed"});
  expect_parts(message_of([&] { CheckpointFolder(parent.file("file")).latest(); }),
               {"[CheckpointFolder::steps]", "reading the folder failed: Not a directory"});
}

TEST(CheckpointFolder, PreparingLeavesNothingButTheFolder) {
  const TemporaryFolder parent;
  const CheckpointFolder folder(parent.file("deep/er"));
  folder.prepare();
  EXPECT_TRUE(std::filesystem::is_empty(parent.file("deep/er")));
  EXPECT_EQ(folder.latest(), std::nullopt);
}

}  // namespace
}  // namespace tenon
