#include <gtest/gtest.h>

#include "sql/parse_one.h"

namespace sql {
namespace {

TEST(CreateSink, FromAViewAndAsSelect) {
  const auto from = One<CreateSink>(
      "CREATE SINK IF NOT EXISTS s FROM v WITH (topic = 't') FORMAT UPSERT ENCODE JSON");
  EXPECT_TRUE(from.if_not_exists);
  EXPECT_EQ(from.from, "v");
  EXPECT_EQ(from.format, "UPSERT");
  EXPECT_EQ(from.options.at("topic"), "t");
  const auto select = One<CreateSink>(
      "CREATE SINK s AS WITH x AS (SELECT 1) SELECT format, count(*) FROM t WHERE a IN (SELECT b "
      "FROM u) GROUP BY 1 EMIT ON WINDOW CLOSE WITH (topic = 't') FORMAT PLAIN ENCODE JSON");
  ASSERT_NE(select.select, nullptr);
  EXPECT_TRUE(select.emit_on_close);
  EXPECT_EQ(select.select->items.size(), 2u);
  EXPECT_FALSE(One<CreateSink>("CREATE SINK s AS SELECT 1 WITH (a = 1) FORMAT PLAIN ENCODE JSON")
                   .emit_on_close);
}

TEST(CreateSink, SaysWhatIsWrong) {
  EXPECT_EQ(Fails("CREATE SINK s").sqlstate(), "42601");
  EXPECT_EQ(Fails("CREATE SINK s INTO t").sqlstate(), "42601");
  EXPECT_EQ(Fails("CREATE SINK s FROM v WITH (a = 1)").sqlstate(), "42601");
  EXPECT_EQ(Fails("CREATE SINK s FROM v FORMAT PLANE ENCODE JSON").hint(),
            "Perhaps you meant PLAIN.");
  EXPECT_EQ(Fails("CREATE SINK s FROM v FORMAT PLAIN ENCODE JSON more").sqlstate(), "42601");
  EXPECT_EQ(Fails("CREATE SINK s AS FORMAT PLAIN ENCODE JSON").sqlstate(), "42601");
}

TEST(CreateView, EmitOnWindowClose) {
  EXPECT_TRUE(One<CreateView>("CREATE MATERIALIZED VIEW v AS SELECT count(*) FROM t GROUP BY a "
                              "EMIT ON WINDOW CLOSE")
                  .emit_on_close);
  EXPECT_FALSE(
      One<CreateView>("CREATE MATERIALIZED VIEW v AS SELECT count(*) FROM t").emit_on_close);
  EXPECT_EQ(Fails("CREATE MATERIALIZED VIEW v AS SELECT count(*) FROM t EMIT ON WINDOW").sqlstate(),
            "42601");
}

TEST(AlterSource, ColumnsAndRebuild) {
  const auto add =
      One<AlterSource>("ALTER SOURCE s ADD COLUMN IF NOT EXISTS a NUMERIC(12,2) PATH 'x.y'");
  EXPECT_EQ(add.action, AlterSource::Action::kAddColumn);
  EXPECT_TRUE(add.if_not_exists);
  EXPECT_EQ(add.column.name, "a");
  EXPECT_EQ(add.column_text, "a NUMERIC(12,2) PATH 'x.y'");
  EXPECT_EQ(One<AlterSource>("ALTER SOURCE s ADD b TEXT").column.path,
            std::vector<std::string>{"b"});
  const auto drop = One<AlterSource>("ALTER SOURCE s ALTER COLUMN \"A b\" DROP NOT NULL");
  EXPECT_EQ(drop.action, AlterSource::Action::kDropNotNull);
  EXPECT_EQ(drop.column.name, "A b");
  EXPECT_TRUE(One<AlterSource>("ALTER SOURCE s RESET TO OFFSET 5 PARTITION 2 REBUILD").rebuild);
  EXPECT_EQ(Fails("ALTER SOURCE s ADD COLUMN").sqlstate(), "42601");
  EXPECT_EQ(Fails("ALTER SOURCE s ALTER COLUMN a DROP DEFAULT").sqlstate(), "42601");
}

TEST(Replay, WithAndWithoutACondition) {
  EXPECT_EQ(One<ReplayDeadLetters>("REPLAY DEAD LETTERS OF s").where, nullptr);
  EXPECT_NE(One<ReplayDeadLetters>("REPLAY DEAD LETTERS OF s WHERE partition = 1").where, nullptr);
  EXPECT_EQ(Fails("REPLAY DEAD LETTERS OF s WHERE").sqlstate(), "42601");
  EXPECT_EQ(Fails("REPLAY DEAD LETTERS OF s WHEN 1").sqlstate(), "42601");
}

TEST(Explain, OfADefinition) {
  const auto explain =
      One<Explain>("EXPLAIN CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT count(*) AS n FROM t");
  EXPECT_EQ(explain.kind, Explain::Kind::kReplace);
  EXPECT_EQ(explain.view, "v");
  ASSERT_NE(explain.create, nullptr);
  EXPECT_TRUE(explain.create->or_replace);
  EXPECT_TRUE(explain.create_text.starts_with("CREATE OR REPLACE"));
}

}  // namespace
}  // namespace sql
