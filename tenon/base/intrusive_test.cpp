#include "tenon/base/intrusive.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace tenon {
namespace {

struct Object {
  ReferenceCount references;
  int* destroyed = nullptr;

  static void destroy(Object* object) {
    ++*object->destroyed;
    delete object;
  }
};

Intrusive<Object> make(int& destroyed) {
  auto* object = new Object;
  object->destroyed = &destroyed;
  return Intrusive<Object>::adopt(object);
}

void use_handles() {
  int destroyed = 0;
  Intrusive<Object> a = make(destroyed), b = a;
  EXPECT_EQ(a->references.value(), 2u);
  Intrusive<Object>& same = b;
  b = same;
  EXPECT_EQ(a->references.value(), 2u);
  b = std::move(same);
  EXPECT_EQ(a, b);
  a = make(destroyed);  // the first is b's alone now
  EXPECT_EQ(b->references.value(), 1u);
  EXPECT_EQ(destroyed, 0);
  b = std::move(a);
  EXPECT_FALSE(a);
  EXPECT_EQ(destroyed, 1);
  b = {};
  EXPECT_EQ(destroyed, 2);
}

TEST(Intrusive, CountsHandles) { use_handles(); }

TEST(Intrusive, CountsHandlesOfSeveralThreads) {
  int destroyed = 0;
  {
    const Intrusive<Object> shared = make(destroyed);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&shared] {
        EXPECT_FALSE(is_single_threaded());
        use_handles();
        std::vector<Intrusive<Object>> handles;
        for (int i = 0; i < 20000; ++i) {
          handles.push_back(shared);
          if (i % 3 == 0) handles.clear();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(shared->references.value(), 1u);
  }
  EXPECT_EQ(destroyed, 1);
}

}  // namespace
}  // namespace tenon
