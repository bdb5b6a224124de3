#include "base/failure_point.h"

#include <csignal>
#include <cstdlib>

#include <gtest/gtest.h>

namespace base {
namespace {

// The variable is read once in a process, so each case passes in a process of its own.
void PassThrough(const char* variable, const char* name, int times) {
  if (variable) setenv("FRESHET_FAILURE_POINTS", variable, 1);
  for (int i = 0; i < times; ++i) FailurePoint(name);
  std::_Exit(7);
}

class FailurePointTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(FailurePointTest, NothingHappensWithoutTheVariable) {
  EXPECT_EXIT(PassThrough(nullptr, "a", 1000), testing::ExitedWithCode(7), "");
}

TEST_F(FailurePointTest, TheNamedPassEndsTheProcess) {
  EXPECT_EXIT(PassThrough("b=1,a=3", "a", 2), testing::ExitedWithCode(7), "");
  EXPECT_EXIT(PassThrough("b=1,a=3", "a", 3), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(PassThrough("b=1,a=3", "c", 9), testing::ExitedWithCode(7), "");
}

TEST_F(FailurePointTest, AVariableThatCannotBeReadIsSaid) {
  for (const char* wrong : {"a", "a=", "a=0", "a=x", "=1", "a=1x", "a=1,,b=1"})
    EXPECT_EXIT(PassThrough(wrong, "a", 1), testing::ExitedWithCode(1), "NAME=PASSES") << wrong;
}

}  // namespace
}  // namespace base
