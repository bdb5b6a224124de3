// The sketches inside DuckDB: parallel GROUP BY, FILTER, OVER, NULLs, merging, errors.

#include <cmath>
#include <cstdlib>

#include "store/sketch_memory.h"
#include "store/test_store.h"

namespace store {
namespace {

class SketchFunctionsTest : public testing::Test {
 protected:
  TestStore store_;
};

TEST_F(SketchFunctionsTest, GroupsInParallelWithinTheBound) {
  ASSERT_TRUE(store_
                  ->RunDdl({"CREATE TABLE t AS SELECT i % 97 AS g, (i * 7919 % 100003)::DOUBLE AS "
                            "v FROM range(500000) r(i)"})
                  .ok());
  EXPECT_EQ(
      store_.Answer(
          "SELECT count(*) FROM (SELECT g, freshet_quantile(freshet_ddsketch(v), 0.95) AS got, "
          "quantile_disc(v, 0.95) AS exact FROM t GROUP BY g) WHERE abs(got - exact) > exact * "
          "0.010001"),
      "0");
  EXPECT_EQ(
      store_.Answer(
          "SELECT count(*) FROM (SELECT g, freshet_hll_estimate(freshet_hll(v::VARCHAR)) AS got, "
          "count(DISTINCT v) AS exact FROM t GROUP BY g) WHERE abs(got - exact) > exact * 0.06"),
      "0");
  EXPECT_EQ(store_.Answer("SELECT count(*) FROM (SELECT g, freshet_var_samp(freshet_moments(v)) AS "
                          "got, var_samp(v) AS exact "
                          "FROM t GROUP BY g) WHERE abs(got - exact) > exact * 1e-9"),
            "0");
}

TEST_F(SketchFunctionsTest, ManyGroupsLeakNothing) {
  const size_t before = SketchMemory::used();
  EXPECT_EQ(store_.Answer(
                "SELECT count(*) FROM (SELECT i % 50000 AS g, freshet_ddsketch(i::DOUBLE) AS s, "
                "freshet_hll(i::VARCHAR) AS h FROM range(300000) r(i) GROUP BY g) WHERE "
                "octet_length(s) <= 64"),
            "50000");
  EXPECT_EQ(SketchMemory::used(), before);
}

TEST_F(SketchFunctionsTest, MergedStatesEqualTheOneOfAllRows) {
  EXPECT_EQ(
      store_.Answer(
          "SELECT bool_and(a.s = b.s) FROM (SELECT k, freshet_ddsketch_merge(s) AS s FROM (SELECT "
          "i % 5 AS k, i % 31 AS part, "
          "freshet_ddsketch(sin(i) * 1000) AS s FROM range(20000) r(i) GROUP BY ALL) GROUP BY k) a "
          "JOIN (SELECT i % 5 AS k, "
          "freshet_ddsketch(sin(i) * 1000) AS s FROM range(20000) r(i) GROUP BY ALL) b USING (k)"),
      "true");
}

TEST_F(SketchFunctionsTest, FewValuesAreCountedExactlyWhateverTheirPartials) {
  EXPECT_EQ(
      store_.Answer("SELECT freshet_hll_estimate(freshet_hll_merge(s)) FROM (SELECT "
                    "freshet_hll(i::VARCHAR) AS s FROM (VALUES (1464), (1466), (1467), (1481), "
                    "(1489)) v(i) GROUP BY i)"),
      "5");
  EXPECT_EQ(store_.Answer("SELECT count(*) FROM (SELECT g, "
                          "freshet_hll_estimate(freshet_hll_merge(s)) AS got, any_value(n) AS n "
                          "FROM (SELECT i // 20 "
                          "AS g, 1 + i // 20 % 20 AS n, freshet_hll(i::VARCHAR) AS s FROM "
                          "range(40000) r(i) WHERE i "
                          "% 20 <= i // 20 % 20 GROUP BY i) GROUP BY g) WHERE got <> n"),
            "0");
}

TEST_F(SketchFunctionsTest, SkipsNullsAndIsNullOverNothing) {
  EXPECT_EQ(store_
                .Answer("SELECT freshet_quantile(freshet_ddsketch(CASE WHEN i % 2 = 0 THEN i END), "
                        "0) FROM range(1, 9) r(i)")
                .substr(0, 3),
            "2.0");
  for (const char* state : {"freshet_ddsketch(NULL::DOUBLE)", "freshet_hll(NULL::VARCHAR)",
                            "freshet_moments(NULL::DOUBLE)", "freshet_ddsketch_merge(NULL::BLOB)",
                            "freshet_hll_merge(NULL::BLOB)", "freshet_moments_merge(NULL::BLOB)"})
    EXPECT_EQ(store_.Answer(std::string("SELECT ") + state + " IS NULL FROM range(3)"), "true")
        << state;
  EXPECT_EQ(store_.Answer("SELECT freshet_quantile(NULL, 0.5) IS NULL AND "
                          "freshet_quantile(freshet_ddsketch(1), NULL) IS NULL AND "
                          "freshet_hll_estimate(NULL) IS NULL AND freshet_var_samp(NULL) IS NULL"),
            "true");
  EXPECT_EQ(store_.Answer("SELECT freshet_var_samp(freshet_moments(5)) IS NULL AND "
                          "freshet_var_pop(freshet_moments(5)) = 0"),
            "true");
}

TEST_F(SketchFunctionsTest, WorksWithFilterAndOver) {
  EXPECT_EQ(store_.Answer("SELECT freshet_stddev_pop(freshet_moments(i) FILTER (WHERE i < 3)) < 1 "
                          "FROM range(10) r(i)"),
            "true");
  EXPECT_EQ(
      store_.Answer("SELECT count(*) FROM (SELECT i, freshet_quantile(freshet_ddsketch(i::DOUBLE) "
                    "OVER (ORDER BY i ROWS BETWEEN 2 "
                    "PRECEDING AND CURRENT ROW), 1) AS top FROM range(5000) r(i)) WHERE abs(top - "
                    "i) > i * 0.0101"),
      "0");
  EXPECT_EQ(store_.Answer("SELECT freshet_hll_estimate(freshet_hll(DISTINCT i::VARCHAR)) FROM "
                          "(SELECT unnest([1, 1, 2, 3, 3]) AS i)"),
            "3");
}

TEST_F(SketchFunctionsTest, ErrorsHaveStates) {
  auto error = [&](const std::string& sql) { return Answer(store_.connection(), sql); };
  EXPECT_EQ(error("SELECT freshet_ddsketch('infinity'::DOUBLE)"),
            "ERROR 22003: percentile value is infinite or not a number");
  EXPECT_EQ(error("SELECT freshet_ddsketch('nan'::DOUBLE)"),
            "ERROR 22003: percentile value is infinite or not a number");
  EXPECT_EQ(error("SELECT freshet_quantile(freshet_ddsketch(1), 1.5)"),
            "ERROR 22003: percentile value is not between 0 and 1");
  EXPECT_EQ(error("SELECT freshet_quantile('abc'::BLOB, 0.5)"),
            "ERROR XX001: damaged percentile sketch");
  EXPECT_EQ(error("SELECT freshet_hll_merge('abc'::BLOB)"),
            "ERROR XX001: damaged distinct-count sketch");
  EXPECT_EQ(error("SELECT freshet_var_samp('abc'::BLOB)"), "ERROR XX001: damaged moments");
}

TEST_F(SketchFunctionsTest, SketchesBeyondTheAllowanceAreOutOfMemory) {
  SketchMemory::SetLimit(SketchMemory::used() + (1 << 20));
  EXPECT_EQ(
      Answer(store_.connection(),
             "SELECT count(s) FROM (SELECT i % 100000 AS g, freshet_ddsketch(i::DOUBLE) AS s FROM "
             "range(2000000) r(i) GROUP BY g)"),
      "ERROR 53200: out of memory");
  SketchMemory::SetLimit(size_t{128} << 20);
  EXPECT_EQ(store_.Answer("SELECT 1"), "1");
}

}  // namespace
}  // namespace store
