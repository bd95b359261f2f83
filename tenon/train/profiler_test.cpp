// Profiles of eager and compiled code.

#include "tenon/train/profiler.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tenon/autograd/autograd.h"
#include "tenon/base/error.h"
#include "tenon/graph/compile.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"
#include "tenon/ops/operators.h"
#include "tenon/optim/optim.h"

namespace tenon {
namespace {

const ProfileAverage* find(const std::vector<ProfileAverage>& all, std::string_view name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const ProfileAverage& a) { return a.name == name; });
  return found == all.end() ? nullptr : &*found;
}

TEST(Profiler, CountsOpsWithShapesAndBytes) {
  const Tensor x = ones({8, 16}), w = ones({16, 4});
  Profiler profiler;
  for (int i = 0; i < 3; ++i) exp(matmul(x, w)).add_(1);
  profiler.stop();
  exp(x);  // no longer
  const std::vector<ProfileAverage> all = profiler.averages();
  for (const char* name : {"matmul", "exp", "add"}) {
    ASSERT_TRUE(find(all, name)) << name << "\n" << profiler.table();
    EXPECT_EQ(find(all, name)->count, 3) << name;
    EXPECT_EQ(find(all, name)->category, "op");
  }
  EXPECT_EQ(find(all, "matmul")->bytes, 3 * 4 * (8 * 16 + 16 * 4 + 8 * 4));
  EXPECT_EQ(profiler.events()[0].shapes, "float32[8, 16], float32[16, 4] -> float32[8, 4]");
  EXPECT_NE(profiler.table().find("matmul"), std::string::npos);
  EXPECT_NE(profiler.table(1).find("and 2 more"), std::string::npos) << profiler.table(1);
}

TEST(Profiler, ShapesAreToldApartWhereAsked) {
  Profiler profiler;
  for (const int64_t size : {3, 5, 3}) exp(ones({size}));
  profiler.stop();
  std::vector<std::pair<std::string, int64_t>> found;
  for (const ProfileAverage& average : profiler.averages(/*by_shapes=*/true)) {
    if (average.name == "exp") found.emplace_back(average.shapes, average.count);
  }
  std::sort(found.begin(), found.end());
  const std::string three = "float32[3] -> float32[3]", five = "float32[5] -> float32[5]";
  EXPECT_EQ(found, (decltype(found){{three, 2}, {five, 1}}));
}

TEST(Profiler, OptimizersShowTheirUpdates) {
  Tensor w = ones({3, 4}).requires_grad_(), b = ones({4}).requires_grad_();
  optim::SGD optimizer({w, b}, {.learning_rate = 0.1});
  sum(w * b).backward();
  Profiler profiler;
  optimizer.step();
  profiler.stop();
  ASSERT_EQ(profiler.events().size(), 1u) << profiler.table();
  EXPECT_EQ(profiler.events()[0].name, "update");
  EXPECT_EQ(profiler.events()[0].shapes, "float32[12], float32[4]");
  EXPECT_EQ(profiler.events()[0].bytes, 3 * 4 * (12 + 4));  // parameter and gradient, and written
}

TEST(Profiler, TimeOfItsOwnIsWithoutTheEventsWithin) {
  Profiler profiler;
  {
    const RecordFunction outer("outer");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    {
      const RecordFunction inner("inner");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    { const RecordFunction inner("inner"); }
  }
  profiler.stop();
  const std::vector<ProfileAverage> all = profiler.averages();
  const ProfileAverage &outer = *find(all, "outer"), &inner = *find(all, "inner");
  EXPECT_EQ(inner.count, 2);
  EXPECT_GE(inner.self_us, 5000);
  EXPECT_GE(outer.self_us, 2000);
  EXPECT_NEAR(outer.total_us, outer.self_us + inner.total_us, 1);
}

TEST(Profiler, CompiledFunctionsShowTheirSteps) {
  const Tensor x = ones({8, 16});
  auto f = compile([&] { return neg(exp(abs(x))); });
  f();
  Profiler profiler;
  f();
  profiler.stop();
  ASSERT_EQ(profiler.events().size(), 1u) << profiler.table();
  EXPECT_EQ(profiler.events()[0].name, "abs+exp+neg");
  EXPECT_EQ(profiler.events()[0].category, "step");
  EXPECT_EQ(profiler.events()[0].shapes, "float32[8, 16] -> float32[8, 16]");
  EXPECT_EQ(profiler.events()[0].bytes, 2 * 4 * 8 * 16);
}

TEST(Profiler, ThreadsHaveNumbersOfTheirOwn) {
  Profiler profiler;
  std::thread other([] { exp(ones({2})); });
  other.join();
  exp(ones({2}));
  profiler.stop();
  std::vector<int> threads;
  for (const ProfileEvent& event : profiler.events()) {
    if (event.name == "exp") threads.push_back(event.thread);
  }
  ASSERT_EQ(threads.size(), 2u);
  EXPECT_NE(threads[0], threads[1]);
}

TEST(Profiler, OneAtATime) {
  Profiler first;
  EXPECT_THROW(Profiler(), ValueError);
  first.stop();
  EXPECT_NO_THROW(Profiler());
}

TEST(Profiler, WritesATraceThatBrowsersRead) {
  const std::string path = (std::filesystem::temp_directory_path() /
                            ("tenon_trace_" + std::to_string(::getpid()) + ".json"))
                               .string();
  Profiler profiler;
  { const RecordFunction scope("a \"quoted\"\\ name\n\xff"); }
  exp(ones({2, 3}));
  profiler.stop();
  profiler.export_chrome_trace(path);
  std::ifstream file(path);
  const nlohmann::json trace = nlohmann::json::parse(file);
  const nlohmann::json& events = trace.at("traceEvents");
  ASSERT_EQ(events.size(), profiler.events().size());
  EXPECT_EQ(events[0]["name"], "a \"quoted\"\\ name\n\xef\xbf\xbd");
  const nlohmann::json& last = events.back();
  EXPECT_EQ(last["name"], "exp");
  EXPECT_EQ(last["ph"], "X");
  EXPECT_EQ(last["args"]["shapes"], "float32[2, 3] -> float32[2, 3]");
  EXPECT_GE(last["ts"].get<double>(), 0);
  EXPECT_GT(last["dur"].get<double>(), 0);
  std::filesystem::remove(path);
  EXPECT_THROW(profiler.export_chrome_trace("/no/such/folder/trace.json"), IoError);
}

}  // namespace
}  // namespace tenon
