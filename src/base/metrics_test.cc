#include "base/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace base {
namespace {

bool Contains(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, ExposesEachFamilyWithHelpAndType) {
  MetricsRegistry registry;
  registry.GetCounter("freshet_records_total", "records read", {{"source", "orders"}}).Add(3);
  registry.GetCounter("freshet_records_total", "records read", {{"source", "clicks"}}).Add();
  registry.GetGauge("freshet_lag", "records behind").Set(2.5);
  const std::string text = registry.Expose();
  EXPECT_TRUE(Contains(text, "# HELP freshet_records_total records read"));
  EXPECT_TRUE(Contains(text, "# TYPE freshet_records_total counter"));
  EXPECT_TRUE(Contains(text, "freshet_records_total{source=\"orders\"} 3"));
  EXPECT_TRUE(Contains(text, "freshet_records_total{source=\"clicks\"} 1"));
  EXPECT_TRUE(Contains(text, "# TYPE freshet_lag gauge"));
  EXPECT_TRUE(Contains(text, "freshet_lag 2.5"));
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameSeries) {
  MetricsRegistry registry;
  Counter& first = registry.GetCounter("c", "h", {{"a", "1"}});
  EXPECT_EQ(&first, &registry.GetCounter("c", "h", {{"a", "1"}}));
  EXPECT_NE(&first, &registry.GetCounter("c", "h", {{"a", "2"}}));
}

TEST(Metrics, LabelValuesFromOutsideCannotForgeLines) {
  MetricsRegistry registry;
  registry.GetCounter("c", "h", {{"topic", "a\"} 1\nforged 2\\"}}).Add(7);
  const std::string text = registry.Expose();
  EXPECT_TRUE(Contains(text, "c{topic=\"a\\\"} 1\\nforged 2\\\\\"} 7"));
  EXPECT_EQ(text.find("\nforged"), std::string::npos);
}

TEST(Metrics, HistogramBucketsAreCumulative) {
  MetricsRegistry registry;
  Histogram& histogram = registry.GetHistogram("h", "seconds", {{"q", "x"}});
  histogram.Observe(0.00005);
  histogram.Observe(0.0002);  // on a bound: counts below it
  histogram.Observe(0.3);
  histogram.Observe(1000);
  EXPECT_EQ(histogram.count(), 4u);
  const std::string text = registry.Expose();
  EXPECT_TRUE(Contains(text, "h_bucket{q=\"x\",le=\"0.0001\"} 1"));
  EXPECT_TRUE(Contains(text, "h_bucket{q=\"x\",le=\"0.0002\"} 2"));
  EXPECT_TRUE(Contains(text, "h_bucket{q=\"x\",le=\"0.5\"} 3"));
  EXPECT_TRUE(Contains(text, "h_bucket{q=\"x\",le=\"100\"} 3"));
  EXPECT_TRUE(Contains(text, "h_bucket{q=\"x\",le=\"+Inf\"} 4"));
  EXPECT_TRUE(Contains(text, "h_count{q=\"x\"} 4"));
}

TEST(Metrics, HostileNamesShareOneOverflowSeries) {
  MetricsRegistry registry;
  for (int i = 0; i < 11'000; ++i)
    registry.GetCounter("c", "h", {{"name", std::to_string(i)}}).Add();
  Counter& beyond = registry.GetCounter("c", "h", {{"name", "one more"}});
  EXPECT_EQ(&beyond, &registry.GetCounter("c", "h", {{"name", "and another"}}));
  EXPECT_GE(beyond.value(), 1'000u);
  EXPECT_EQ(registry.GetCounter("c", "h", {{"name", "5"}}).value(),
            1u);  // the early ones keep counting apart
}

TEST(Metrics, ForgottenGaugesAreNotToldAndMakeRoom) {
  MetricsRegistry registry;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 6'000; ++i)
      registry
          .GetGauge("lag", "records", {{"source", std::to_string(round) + "-" + std::to_string(i)}})
          .Set(1);
    const std::string text = registry.Expose();
    EXPECT_EQ(text.find("overflow"), std::string::npos) << round;
    EXPECT_NE(text.find("lag{source=\"" + std::to_string(round) + "-7\"} 1\n"), std::string::npos);
    registry.ForgetGauges("lag");
    EXPECT_EQ(registry.Expose().find("source="), std::string::npos);
  }
  registry.ForgetGauges("never made");
}

TEST(Metrics, ForgettingTheOverflowSeriesGivesBackOnlyWhatWasCounted) {
  MetricsRegistry registry;
  registry.GetCounter("kept_total", "kept").Add(1);
  for (int i = 0; i < 10'500; ++i)
    registry.GetGauge("lag", "records", {{"source", std::to_string(i)}}).Set(1);
  registry.ForgetGauges("lag");
  for (int i = 0; i < 10'000; ++i)
    registry.GetGauge("lag", "records", {{"source", std::to_string(i)}}).Set(1);
  EXPECT_NE(registry.Expose().find("overflow"),
            std::string::npos);  // 1 + 9,999 fit, the last does not
}

TEST(Metrics, ThreadsCountWithoutLosingAny) {
  MetricsRegistry registry;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        registry.GetCounter("c", "h", {{"shared", "yes"}}).Add();
        registry.GetHistogram("h", "h").Observe(1);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(registry.GetCounter("c", "h", {{"shared", "yes"}}).value(), 40'000u);
  EXPECT_EQ(registry.GetHistogram("h", "h").count(), 40'000u);
  EXPECT_DOUBLE_EQ(registry.GetHistogram("h", "h").sum(), 40'000);
}

TEST(Metrics, DescribesWhatIsRegistered) {
  MetricsRegistry registry;
  registry.GetGauge("g", "a gauge");
  const auto described = registry.Describe();
  ASSERT_EQ(described.size(), 1u);
  EXPECT_EQ(described[0].name, "g");
  EXPECT_EQ(described[0].type, "gauge");
  EXPECT_EQ(described[0].help, "a gauge");
}

}  // namespace
}  // namespace base
