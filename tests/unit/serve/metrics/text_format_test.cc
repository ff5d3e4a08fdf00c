#include "daemon/serve/metrics/text_format.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "daemon/serve/metrics/metric_units.h"
#include "daemon/serve/metrics/registry.h"
#include "gmock/gmock.h"
#include "tests/support/scrape.h"

namespace fleetmeter {
namespace {

using e2e::Scrape;
using testing::IsEmpty;
using enum MetricType;

constexpr Metric kRatio = {"some_ratio", kGauge, {"a", "b"}, "Help, with \xC3\xA4."};
constexpr Metric kTotal = {"some_total", kCounter, {}, "No labels."};
constexpr Metric kSeconds = {"some_seconds", kHistogram, {}, "Times."};

// Numbers may be spelled in other ways ("1e+06" is 1000000): both are read back.
void ExpectSameMeaning(const std::string& ours, const std::string& theirs) {
  const Scrape a(ours);
  const Scrape b(theirs);
  EXPECT_THAT(a.errors(), IsEmpty());
  EXPECT_EQ(a.types(), b.types());
  EXPECT_EQ(a.helps(), b.helps());
  ASSERT_EQ(a.samples().size(), b.samples().size());
  // The order within a family is free: they write the count of a histogram before its buckets.
  for (const auto& sample : a.samples()) {
    EXPECT_EQ(b.Value(sample.name, sample.labels), sample.value) << sample.name;
  }
}

std::string Theirs(const prometheus::Registry& registry) {
  return prometheus::TextSerializer().Serialize(registry.Collect());
}

TEST(TextFormat, IsWhatPrometheusCppWouldWrite) {
  const char* const tricky[] = {
      "plain",           "",
      "with \"quotes\"", "back\\slash",
      "new\nline",       "\\n is not a new line",
      "trailing\\",      "gr\xC3\xBC\xC3\x9F \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x98\x80",
      "{a=\"b\",c} # 1"};
  const double values[] = {0, 1, -1, 0.5, 1e6, 123456789, 1e300, -2.5e-7};
  for (const char* label : tricky) {
    for (const double value : values) {
      prometheus::Registry gauges;
      AddGauge(gauges, kRatio, {label, "second"}).Set(value);
      prometheus::Registry counters;
      AddCounter(counters, kTotal);
      std::string ours;
      TextWriter out(ours);
      out.Begin(kRatio);
      out.Sample({label, "second"}, value);
      out.Begin(kTotal);
      out.Sample({}, 0);
      ExpectSameMeaning(ours, Theirs(gauges) + Theirs(counters));
      if (value == 0.5) {
        EXPECT_EQ(ours, Theirs(gauges) + Theirs(counters));
      }
    }
  }
}

TEST(TextFormat, WritesTheHistogramsOfPrometheusCpp) {
  prometheus::Registry registry;
  auto& histogram = AddHistogram(registry, kSeconds, {0.0001, 0.1, 1, 86'400});
  for (const double value : {0.05, 0.5, 0.5, 7.0}) histogram.Observe(value);
  std::string ours;
  TextWriter out(ours);
  out.Begin(kSeconds);
  WriteCollected(registry.Collect(), out);
  ExpectSameMeaning(ours, Theirs(registry));
  EXPECT_EQ(Scrape(ours).Value("some_seconds_bucket", {{"le", "1"}}), 3);
  EXPECT_EQ(Scrape(ours).Value("some_seconds_bucket", {{"le", "+Inf"}}), 4);
}

TEST(TextFormat, LabelsAreWrittenInTheOrderOfTheirDeclaration) {
  constexpr Metric kUnsorted = {"some_total", kCounter, {"z", "a"}, "Two labels."};
  prometheus::Registry registry;
  AddCounter(registry, kUnsorted, {"last", "first"}).Increment();
  std::string ours;
  TextWriter out(ours);
  out.Begin(kUnsorted);
  WriteCollected(registry.Collect(), out);
  EXPECT_THAT(ours, testing::EndsWith("\nsome_total{z=\"last\",a=\"first\"} 1\n"));
}

TEST(TextFormat, WhatIsNotKnownHasNoSeries) {
  std::string ours;
  TextWriter out(ours);
  out.Begin(kRatio);
  out.Sample({"1", "2"}, std::nullopt);
  EXPECT_EQ(ours, "# HELP some_ratio Help, with \xC3\xA4.\n# TYPE some_ratio gauge\n");
}

TEST(TextFormat, OpenMetricsNamesFamiliesUnitsAndTheEnd) {
  constexpr Metric kUsd = {"some_usd_total", kCounter, {"who"}, "What \"it\" cost.\nIn all."};
  std::string ours;
  TextWriter out(ours, ExpositionForm::kOpenMetrics);
  out.Begin(kUsd);
  out.Sample({"a \"b\""}, 2.5);
  out.Begin(kRatio);
  out.Begin(kSeconds);
  const double bounds[] = {0.0001, 1, 86'400};
  const uint64_t counts[] = {1, 2, 3};
  out.Histogram({}, {.bounds = bounds, .cumulative = counts, .count = 4, .sum = 9});
  out.End();
  EXPECT_EQ(ours,
            "# HELP some_usd What \\\"it\\\" cost.\\nIn all.\n# TYPE some_usd counter\n"
            "# UNIT some_usd usd\nsome_usd_total{who=\"a \\\"b\\\"\"} 2.5\n"
            "# HELP some_ratio Help, with \xC3\xA4.\n# TYPE some_ratio gauge\n"
            "# UNIT some_ratio ratio\n"
            "# HELP some_seconds Times.\n# TYPE some_seconds histogram\n"
            "# UNIT some_seconds seconds\nsome_seconds_bucket{le=\"0.0001\"} 1\n"
            "some_seconds_bucket{le=\"1.0\"} 2\nsome_seconds_bucket{le=\"86400.0\"} 3\n"
            "some_seconds_bucket{le=\"+Inf\"} 4\nsome_seconds_sum 9\nsome_seconds_count 4\n"
            "# EOF\n");
}

TEST(TextFormat, UnitsAreTheLongestThatANameEndsWith) {
  const auto unit = [](std::string_view name, MetricType type = kGauge) {
    return UnitOf({name, type, {}, "Help."});
  };
  EXPECT_EQ(unit("pool_busy_h100e_seconds_total", kCounter), "h100e_seconds");
  EXPECT_EQ(unit("pool_busy_h100e"), "h100e");
  EXPECT_EQ(unit("case_training_h100e_seconds_per_year"), "h100e_seconds_per_year");
  EXPECT_EQ(unit("some_timestamp_seconds"), "seconds");
  EXPECT_EQ(unit("some_requests_total", kCounter), "");
  EXPECT_EQ(unit("milliseconds"), "") << "it ends with a unit, and is another word";
  EXPECT_EQ(unit("pool_info"), "");
}

}  // namespace
}  // namespace fleetmeter
