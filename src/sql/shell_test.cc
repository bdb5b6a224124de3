#include <gtest/gtest.h>

#include "sql/parse_one.h"
#include "sql/position.h"

namespace sql {
namespace {

constexpr const char* kOrders = R"(CREATE SOURCE IF NOT EXISTS orders (
  order_id BIGINT NOT NULL, region TEXT PATH '$.customer."home.region"', amount DECIMAL(12,2), status character varying,
  order_time TIMESTAMP WITH TIME ZONE, tags text[],
  revenue DECIMAL(12,2) AS (CASE WHEN status = 'paid' THEN amount ELSE 0 END),
  WATERMARK FOR order_time AS order_time - INTERVAL '5' SECOND
)
INCLUDE key AS k INCLUDE partition INCLUDE offset AS o INCLUDE timestamp AS ts INCLUDE header 'trace' AS trace
WITH (connector = 'kafka', topic = 'orders', properties.bootstrap.server = 'localhost:9092', scan.startup.timestamp.millis = 17,
      'Retention' = '7 days', flag = TRUE)
FORMAT PLAIN ENCODE JSON)";

TEST(CreateSource, ReadsEveryClause) {
  const auto source = One<CreateSource>(kOrders);
  EXPECT_TRUE(source.if_not_exists);
  const auto& columns = source.schema.columns;
  ASSERT_EQ(columns.size(), 12u);
  EXPECT_TRUE(columns[0].not_null);
  EXPECT_EQ(columns[1].path, (std::vector<std::string>{"customer", "home.region"}));
  EXPECT_EQ(model::NameOf(columns[2].type), "numeric(12,2)");
  EXPECT_EQ(columns[3].type, model::kText);
  EXPECT_EQ(columns[4].type, model::kTimestampTz);
  EXPECT_TRUE(columns[5].type.array);
  EXPECT_EQ(columns[6].origin, model::Origin::kGenerated);
  EXPECT_EQ(columns[6].expression, "CASE WHEN status = 'paid' THEN amount ELSE 0 END");
  EXPECT_EQ(columns[7].name, "k");
  EXPECT_EQ(columns[8].name, "partition");
  EXPECT_EQ(columns[11].origin, model::Origin::kHeader);
  EXPECT_EQ(columns[11].path, std::vector<std::string>{"trace"});
  EXPECT_EQ(source.schema.event_time, 4);
  EXPECT_EQ(source.schema.watermark_delay_us, 5'000'000);
  EXPECT_EQ(source.options.at("properties.bootstrap.server"), "localhost:9092");
  EXPECT_EQ(source.options.at("scan.startup.timestamp.millis"), "17");
  EXPECT_EQ(source.options.at("retention"), "7 days");
  EXPECT_EQ(source.options.at("flag"), "true");
  EXPECT_EQ(source.encode, "JSON");
}

TEST(CreateSource, SaysWhatIsWrongAndWhere) {
  const auto check = [](const std::string& text, const char* message, const char* hint,
                        const char* at) {
    const base::Status status = Fails(text);
    EXPECT_EQ(status.message(), message);
    EXPECT_EQ(status.hint(), hint);
    EXPECT_EQ(status.position(), CharacterPosition(text, static_cast<int>(text.find(at)))) << text;
  };
  check("CREATE SOURCE s (a int) FROMAT PLAIN ENCODE JSON", "unknown clause \"FROMAT\"",
        "Perhaps you meant FORMAT.", "FROMAT");
  check("CREATE SOURCE s (a int) FORMAT PLAN ENCODE JSON", "unknown format \"PLAN\"",
        "Perhaps you meant PLAIN.", "PLAN");
  check("CREATE SOURCE s (a int) INCLUDE ofset FORMAT PLAIN ENCODE JSON",
        "unknown INCLUDE of \"ofset\"", "Perhaps you meant OFFSET.", "ofset");
  check("CREATE SOURCE s (a int PAHT 'x') FORMAT PLAIN ENCODE JSON",
        "unknown column clause \"PAHT\"", "Perhaps you meant PATH.", "PAHT");
  check("CREATE SOURCE s (a int NOT NULL PAHT 'x') FORMAT PLAIN ENCODE JSON",
        "unknown column clause \"PAHT\"", "Perhaps you meant PATH.", "PAHT");
  check("CREATE SOURCE s (a itn) FORMAT PLAIN ENCODE JSON", "type \"itn\" does not exist", "",
        "itn");
  check("CREATE SOURCE s (ä int, b int AS (a +)) FORMAT PLAIN ENCODE JSON",
        "syntax error at end of input", "", ")) FORMAT");
  check("CREATE SOURCE s (a int, a text) FORMAT PLAIN ENCODE JSON",
        "column \"a\" specified more than once", "", "a text");
  check("CREATE SOURCE s (a int) FORMAT PLAIN ENCODE JSON x", "syntax error at or near \"x\"", "",
        "x");
  EXPECT_EQ(Fails("CREATE SOURCE s (a int)").message(), "FORMAT is missing");
  EXPECT_EQ(Fails("CREATE SOURCE s (a timestamptz, WATERMARK FOR b AS b) FORMAT PLAIN ENCODE JSON")
                .sqlstate(),
            "42703");
  EXPECT_EQ(Fails("CREATE SOURCE s (a timestamptz, WATERMARK FOR a AS a + INTERVAL '1' DAY) FORMAT "
                  "PLAIN ENCODE JSON")
                .hint(),
            "Write WATERMARK FOR a AS a - INTERVAL '5' SECOND.");
  EXPECT_EQ(Fails("CREATE SOURCE s (a int) WITH (k = 1, K = 2) FORMAT PLAIN ENCODE JSON").message(),
            "option \"k\" is given more than once");
  EXPECT_EQ(Fails("CREATE SOURCE s (a int PRIMARY KEY) FORMAT PLAIN ENCODE JSON").sqlstate(),
            "0A000");
  EXPECT_EQ(Fails("CREATE SOURCE s (PRIMARY KEY (a))").sqlstate(), "0A000");
  EXPECT_EQ(Fails("CREATE SOURCE s (a varchar(3)) FORMAT PLAIN ENCODE JSON").sqlstate(), "0A000");
  EXPECT_EQ(Fails("CREATE SOURCE other.s (a int) FORMAT PLAIN ENCODE JSON").sqlstate(), "3F000");
  EXPECT_EQ(Fails("CREATE SOURCE s (a int PATH 'x[0]') FORMAT PLAIN ENCODE JSON").sqlstate(),
            "42601");
  EXPECT_EQ(Fails("CREATE SOURCE s (a numeric(50,2)) FORMAT PLAIN ENCODE JSON").sqlstate(),
            "22023");
}

TEST(CreateView, ReadsOptionsAndSelect) {
  const std::string text =
      "CREATE OR REPLACE MATERIALIZED VIEW v WITH (retention = '1 year', allowed.lateness = '1 "
      "day') AS\n"
      "SELECT window_start, count(*) AS n FROM TUMBLE(orders, order_time, INTERVAL '1' MINUTE) "
      "GROUP BY 1";
  const auto view = One<CreateView>(text);
  EXPECT_TRUE(view.or_replace);
  EXPECT_EQ(view.options.at("allowed.lateness"), "1 day");
  EXPECT_TRUE(view.select_text.starts_with("SELECT window_start"));
  EXPECT_EQ(view.select->items[0].expr->location, static_cast<int>(text.find("window_start")));
  ASSERT_EQ(view.select->from.size(), 1u);
  const TableRef& from = *view.select->from[0];
  EXPECT_EQ(from.kind, TableRef::Kind::kWindow);
  EXPECT_EQ(from.name, std::vector<std::string>{"orders"});
  EXPECT_EQ(from.time_column, "order_time");
  EXPECT_EQ(from.window_args.size(), 1u);
  EXPECT_TRUE(
      One<CreateView>("CREATE MATERIALIZED VIEW IF NOT EXISTS v AS SELECT 1").if_not_exists);
  EXPECT_EQ(Fails("CREATE MATERIALIZED VIEW v AS SELECT 1 WITH NO DATA").sqlstate(), "42601");
  EXPECT_EQ(Fails("CREATE MATERIALIZED VIEW v AS INSERT INTO t VALUES (1)").sqlstate(), "42601");
  EXPECT_EQ(Fails("CREATE MATERIALIZED VIEW v (a) AS SELECT 1").sqlstate(), "0A000");
  const std::string bad = "CREATE MATERIALIZED VIEW \"ä\" AS SELECT 1 frm x y";
  EXPECT_EQ(Fails(bad).position(), static_cast<int>(bad.find(" x y")) + 1);
}

TEST(Windows, FlinkSpellingIsTheSame) {
  for (const char* text :
       {"SELECT 1 FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(c), INTERVAL '1' MINUTE))",
        "SELECT 1 FROM TABLE ( tumble ( t , descriptor ( c ), INTERVAL '1 minute')) AS x",
        "SELECT 1 FROM tumble(t, c, INTERVAL '1' MINUTE) x"}) {
    const auto select = One<SelectStatement>(text);
    ASSERT_EQ(select.select->from.size(), 1u);
    EXPECT_EQ(select.select->from[0]->kind, TableRef::Kind::kWindow) << text;
    EXPECT_EQ(select.select->from[0]->time_column, "c");
  }
  EXPECT_EQ(
      One<SelectStatement>("SELECT 1 FROM HOP(t, c, INTERVAL '1' MINUTE, INTERVAL '5' MINUTE)")
          .select->from[0]
          ->window,
      TableRef::Window::kHop);
  EXPECT_EQ(One<SelectStatement>("SELECT 1 FROM SESSION(t, c, INTERVAL '1' MINUTE, k, l)")
                .select->from[0]
                ->window_args.size(),
            3u);
  EXPECT_EQ(Fails("SELECT 1 FROM TUMBLE(t, c)").hint(),
            "Write TUMBLE(relation, time column, size [, offset] [, time zone]).");
  EXPECT_EQ(Fails("SELECT 1 FROM TUMBLE(t, c + 1, INTERVAL '1' DAY)").sqlstate(), "42601");
  EXPECT_EQ(
      Fails("SELECT 1 FROM TUMBLE(t, c, INTERVAL '1' DAY, INTERVAL '1' DAY, 'UTC', 3)").sqlstate(),
      "42601");
}

TEST(Shells, LookupsAsOfProcessingTime) {
  const auto from_of = [](const std::string& from) {
    auto view = One<CreateView>("CREATE MATERIALIZED VIEW v AS SELECT 1 FROM " + from);
    return std::move(view.select->from[0]);
  };
  const auto one =
      from_of("a JOIN public.b FOR SYSTEM_TIME AS OF PROCTIME() AS c ON a.x = c.x JOIN d ON true");
  EXPECT_TRUE(one->left->right->as_of_processing);
  EXPECT_EQ(one->left->right->alias, "c");
  EXPECT_EQ(one->left->right->name, (std::vector<std::string>{"public", "b"}));
  EXPECT_FALSE(one->right->as_of_processing || one->left->left->as_of_processing);
  EXPECT_TRUE(one->Clone()->left->right->as_of_processing);
  const auto then = from_of("a JOIN b FOR SYSTEM_TIME AS OF a.\"At\" c ON a.x = c.x");
  EXPECT_FALSE(then->right->as_of_processing);
  EXPECT_EQ(then->right->as_of->name, (std::vector<std::string>{"a", "At"}));
  EXPECT_EQ(then->Clone()->right->as_of->name[1], "At");
  EXPECT_EQ(then->right->alias, "c");
  const std::string view = "CREATE MATERIALIZED VIEW v AS SELECT 1 FROM ";
  for (const char* from :
       {"a JOIN b FOR SYSTEM_TIME AS OF at ON true", "a JOIN b FOR SYSTEM_TIME AS OF p.a.at ON true",
        "a JOIN b FOR SYSTEM_TIME AS OF a.at() ON true", "a JOIN b FOR SYSTEM_TIME",
        "a FOR SYSTEM_TIME AS OF", "(SELECT 1 FROM a FOR SYSTEM_TIME AS OF PROCTIME()) AS x",
        "a AS x FOR SYSTEM_TIME AS OF PROCTIME()", "a JOIN b FOR SYSTEM_TIME AS OF PROCTIME(",
        "a JOIN b FOR SYSTEM_TIME AS OF PROCTIME(1) ON true"})
    EXPECT_EQ(Fails(view + from).sqlstate(), "0A000") << from;
}

TEST(Shells, AlterAndDrop) {
  EXPECT_EQ(One<AlterSource>("ALTER SOURCE s PAUSE").action, AlterSource::Action::kPause);
  EXPECT_EQ(One<AlterSource>("alter source public.s resume").name, "s");
  const auto reset = One<AlterSource>("ALTER SOURCE s RESET TO OFFSET 17 PARTITION 3");
  EXPECT_EQ(reset.reset_to, "offset");
  EXPECT_EQ(reset.offset, 17);
  EXPECT_EQ(reset.partition, 3);
  EXPECT_EQ(One<AlterSource>("ALTER SOURCE s RESET ACCEPT").reset_to, "accept");
  EXPECT_EQ(Fails("ALTER SOURCE s PAUS").hint(), "Perhaps you meant PAUSE.");
  EXPECT_EQ(Fails("ALTER SOURCE s RESET TO EARLEST").hint(), "Perhaps you meant EARLIEST.");
  EXPECT_EQ(Fails("ALTER SOURCE s RESET TO OFFSET -1").sqlstate(), "22023");
  EXPECT_EQ(Fails("ALTER SOURCE s PAUSE now").sqlstate(), "42601");
  EXPECT_EQ(One<AlterView>("ALTER MATERIALIZED VIEW v RESUME").name, "v");
  const auto drop = One<DropStatement>("DROP MATERIALIZED VIEW IF EXISTS a, public.b CASCADE");
  EXPECT_EQ(drop.names, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(drop.cascade && drop.if_exists);
  EXPECT_EQ(One<DropStatement>("DROP SOURCE s RESTRICT").kind, DropStatement::Kind::kSource);
  EXPECT_EQ(Fails("DROP SOURCE s CASCADE x").sqlstate(), "42601");
}

}  // namespace
}  // namespace sql
