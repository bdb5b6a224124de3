#include "sql/shown_text.h"

#include <gtest/gtest.h>

namespace sql {
namespace {

TEST(ShownText, SecretsAreStars) {
  EXPECT_EQ(ShownText("CREATE SOURCE s (a INT) WITH (x = 'y', Properties.SASL.Password = 'it''s', b = 'c')"),
            "CREATE SOURCE s (a INT) WITH (x = 'y', Properties.SASL.Password = '***', b = 'c')");
  EXPECT_EQ(ShownText("WITH ('properties.ssl.key.pem' = E'a\\nb', \"ssl\".key.password=$$x$$)"),
            "WITH ('properties.ssl.key.pem' = '***', \"ssl\".key.password='***')");
  EXPECT_EQ(ShownText("WITH (sasl.password = hunter2)"), "WITH (sasl.password = '***')");
  EXPECT_EQ(ShownText("CREATE USER u PASSWORD 'x'; ALTER USER u WITH PASSWORD 'y'"),
            "CREATE USER u PASSWORD '***'; ALTER USER u WITH PASSWORD '***'");
}

TEST(ShownText, TheRestStaysAsItIs) {
  const char* texts[] = {"SELECT password FROM users WHERE name = 'x'",
                         "WITH (properties.sasl.password = SECRET kafka)",
                         "SELECT 'sasl.password'", "SELECT 1", ""};
  for (const char* text : texts) EXPECT_EQ(ShownText(text), text);
}

TEST(ShownText, WhatCannotBeScannedIsNotShown) {
  EXPECT_EQ(ShownText("WITH (sasl.password = 'open"), "(a statement with a password)");
}

}  // namespace
}  // namespace sql
