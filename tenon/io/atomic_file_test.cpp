#include "tenon/io/atomic_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tenon/io/io_test_internal.h"

namespace tenon {
namespace {

using namespace io_test;

TEST(AtomicFile, ShowsNothingBeforeCommit) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  write_bytes(path, "old");
  {
    AtomicFile file(path);
    file.write("new");
    EXPECT_EQ(read_bytes(path), "old");
    EXPECT_EQ(folder.count(), 2u);
    file.commit();
  }
  EXPECT_EQ(read_bytes(path), "new");
  EXPECT_EQ(folder.count(), 1u);
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const TemporaryFolder folder;
  { AtomicFile(folder.file("a")).write("x"); }
  EXPECT_EQ(folder.count(), 0u);
}

TEST(AtomicFile, WritesMoreThanItsBuffer) {
  const TemporaryFolder folder;
  std::string expected;
  AtomicFile file(folder.file("a"));
  for (const size_t bytes : {1u, 100'000u, 262'144u, 200'000u, 1'000'000u, 7u}) {
    const std::string part(bytes, static_cast<char>('a' + expected.size() % 26));
    file.write(part);
    expected += part;
  }
  file.commit();
  EXPECT_TRUE(read_bytes(folder.file("a")) == expected);
}

TEST(AtomicFile, FullDiskKeepsTheOldFile) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  write_bytes(path, "old");
  const std::string message = message_of([&] {
    const FullDisk full(1000);
    write_file(path, std::string(5000, 'x'), "save");
  });
  expect_parts(message, {"[save] ", "/a: writing", "errno 27", "the old file is unchanged"});
  EXPECT_EQ(read_bytes(path), "old");
  EXPECT_EQ(folder.count(), 1u);
}

TEST(AtomicFile, UnwritableFolders) {
  const TemporaryFolder folder;
  expect_parts(message_of([&] { write_file(folder.file("none/a"), "x", "save"); }),
               {"[save] ", "none/a: creating a file in", "No such file", "must exist"});
  expect_parts(message_of([&] { write_file(folder.path(), "x", "save"); }),
               {"expected a regular file or none, got a folder"});
  expect_parts(message_of([&] { check_can_write("", "save"); }),
               {"[save] expected the path of a file, got an empty one"});
  expect_parts(message_of([&] { write_file("/dev/full", "x", "save"); }), {"a special file"});
  if (geteuid() == 0) GTEST_SKIP() << "root may write to every folder; that part is left out";
  ASSERT_EQ(chmod(folder.path().c_str(), 0500), 0);
  expect_parts(message_of([&] { write_file(folder.file("a"), "x", "save"); }),
               {"Permission denied"});
  ASSERT_EQ(chmod(folder.path().c_str(), 0700), 0);
}

TEST(AtomicFile, KeepsModeAndLink) {
  const TemporaryFolder folder;
  write_bytes(folder.file("a"), "old");
  ASSERT_EQ(chmod(folder.file("a").c_str(), 0640), 0);
  ASSERT_EQ(symlink("a", folder.file("link").c_str()), 0);
  write_file(folder.file("link"), "new");
  EXPECT_EQ(read_bytes(folder.file("a")), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link")));
  struct stat status;
  ASSERT_EQ(stat(folder.file("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST(AtomicFile, KnowsItsLeftovers) {
  EXPECT_TRUE(is_unfinished_write("model.safetensors.123-0.tmp"));
  EXPECT_FALSE(is_unfinished_write("model.safetensors"));
  EXPECT_FALSE(is_unfinished_write("notes.tmp"));
  EXPECT_FALSE(is_unfinished_write("a.1-x.tmp"));
  EXPECT_FALSE(is_unfinished_write(".1-2.tmp"));
}

}  // namespace
}  // namespace tenon
