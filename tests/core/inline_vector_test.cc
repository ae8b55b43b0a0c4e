#include "core/inline_vector.h"

#include <gtest/gtest.h>

#include <cstddef>

namespace cppickle::core {
namespace {

using Numbers = InlineVector<int, 4>;

void fill(Numbers& numbers, int count) {
  for (int i = 0; i < count; ++i) numbers.push_back(i);
}

TEST(InlineVectorTest, FirstOnesNeedNoHeap) {
  Numbers numbers;
  EXPECT_TRUE(numbers.empty());
  fill(numbers, 4);
  EXPECT_EQ(numbers.heap_bytes(), 0u);
  EXPECT_EQ(numbers.back(), 3);
}

TEST(InlineVectorTest, KeepsWhatItHoldsWhenItGrows) {
  Numbers numbers;
  fill(numbers, 1000);
  EXPECT_GE(numbers.heap_bytes(), 1000 * sizeof(int));
  ASSERT_EQ(numbers.size(), 1000u);
  int expected = 0;
  for (int number : numbers) EXPECT_EQ(number, expected++);
  numbers.pop_back();
  EXPECT_EQ(numbers.back(), 998);
}

TEST(InlineVectorTest, CanBeFilledAgainOnceCleared) {
  Numbers numbers;
  fill(numbers, 100);
  numbers.clear();
  EXPECT_TRUE(numbers.empty());
  EXPECT_EQ(numbers.heap_bytes(), 0u);
  fill(numbers, 2);
  EXPECT_EQ(numbers[1], 1);
}

class InlineVectorTakeTest : public testing::TestWithParam<int> {};

TEST_P(InlineVectorTakeTest, TakesOverWhatTheOtherHolds) {
  Numbers from, to;
  fill(from, GetParam());
  fill(to, 7);
  to.take(from);
  EXPECT_TRUE(from.empty());
  ASSERT_EQ(to.size(), static_cast<std::size_t>(GetParam()));
  for (int i = 0; i < GetParam(); ++i) {
    EXPECT_EQ(to[static_cast<std::size_t>(i)], i);
  }
  fill(from, 9);
  EXPECT_EQ(from.back(), 8);
}

INSTANTIATE_TEST_SUITE_P(Sizes, InlineVectorTakeTest, testing::Values(0, 3, 4, 50));

}  // namespace
}  // namespace cppickle::core
