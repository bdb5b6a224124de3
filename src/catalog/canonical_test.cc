#include <gtest/gtest.h>

#include "catalog/catalog.h"

namespace catalog {
namespace {

TEST(Canonical, IgnoresCommentsAndWhiteSpace) {
  EXPECT_EQ(Canonical("CREATE  VIEW v -- a comment\n AS\tSELECT 1"), "CREATE VIEW v AS SELECT 1");
  EXPECT_EQ(Canonical("a /* x /* nested */ y */ b"), "a b");
}

TEST(Canonical, KeepsQuotedTextAsItIs) {
  EXPECT_EQ(Canonical("SELECT 'a  -- b',  \"x  y\""), "SELECT 'a  -- b', \"x  y\"");
  EXPECT_NE(Canonical("SELECT 'a  b'"), Canonical("SELECT 'a b'"));
}

TEST(Canonical, SurvivesUnfinishedText) {
  EXPECT_EQ(Canonical("SELECT 'a"), "SELECT 'a");
  EXPECT_EQ(Canonical("a /* never closed"), "a");
}

}  // namespace
}  // namespace catalog
