#include "daemon/serve/otlp/otlp_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "daemon/serve/metrics/metric_units.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;
using enum MetricType;

constexpr Metric kGaugeOf = {"some_h100e", kGauge, {"pool", "chip"}, "What is held."};
constexpr Metric kTotalOf = {"some_bytes_total", kCounter, {}, "What came."};
constexpr Metric kTimesOf = {"some_seconds", kHistogram, {"step"}, "How long it took."};
constexpr int64_t kBegan = 1'000;
constexpr int64_t kThen = 2'000;

const OtlpMoment kMoment{.instance = "host:1", .start_unix_nanos = kBegan, .unix_nanos = kThen};

std::vector<std::pair<std::string, std::string>> PairsOf(
    const google::protobuf::RepeatedPtrField<otlp::KeyValue>& attributes) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& each : attributes) pairs.emplace_back(each.key(), each.value().string_value());
  return pairs;
}

const otlp::ScopeMetrics& ScopeOf(const otlp::ExportMetricsServiceRequest& request) {
  return request.resource_metrics(0).scope_metrics(0);
}

TEST(OtlpWriter, SaysWhoIsMeasuredAndWhoMeasures) {
  OtlpWriter out(kMoment);
  out.Begin(kTotalOf);
  out.Sample({}, 1);
  const auto requests = out.Take();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_THAT(PairsOf(requests[0].resource_metrics(0).resource().attributes()),
              UnorderedElementsAre(Pair("service.name", "fleetmeter"),
                                   Pair("service.instance.id", "host:1"),
                                   Pair("service.version", testing::Not(""))));
  EXPECT_EQ(ScopeOf(requests[0]).scope().name(), "fleetmeterd");
  EXPECT_NE(ScopeOf(requests[0]).scope().version(), "");
}

TEST(OtlpWriter, KeepsTypesLabelsUnitsAndValues) {
  OtlpWriter out(kMoment);
  out.Begin(kGaugeOf);
  out.Sample({"serving", "h100"}, -0.5);
  out.Sample({"", "b\"\\\n"}, std::nan(""));
  out.Begin(kTotalOf);
  out.Sample({}, 7);
  const auto requests = out.Take();
  const otlp::ScopeMetrics& scope = ScopeOf(requests.at(0));
  ASSERT_EQ(scope.metrics_size(), 2);
  const otlp::Metric& gauge = scope.metrics(0);
  EXPECT_EQ(gauge.name(), "some_h100e");
  EXPECT_EQ(gauge.description(), "What is held.");
  EXPECT_EQ(gauge.unit(), "{H100e}");
  ASSERT_EQ(gauge.gauge().data_points_size(), 2);
  const otlp::NumberDataPoint& point = gauge.gauge().data_points(0);
  EXPECT_THAT(PairsOf(point.attributes()),
              ElementsAre(Pair("pool", "serving"), Pair("chip", "h100")));
  EXPECT_EQ(point.as_double(), -0.5);
  EXPECT_EQ(point.time_unix_nano(), 2'000U);
  EXPECT_EQ(point.start_time_unix_nano(), 0U) << "a gauge counts since nothing";
  EXPECT_TRUE(std::isnan(gauge.gauge().data_points(1).as_double()));
  const otlp::Metric& total = scope.metrics(1);
  EXPECT_EQ(total.name(), "some_bytes_total");
  EXPECT_EQ(total.unit(), "By");
  EXPECT_TRUE(total.sum().is_monotonic());
  EXPECT_EQ(total.sum().aggregation_temporality(), otlp::AGGREGATION_TEMPORALITY_CUMULATIVE);
  EXPECT_EQ(total.sum().data_points(0).as_double(), 7);
  EXPECT_EQ(total.sum().data_points(0).start_time_unix_nano(), 1'000U);
}

TEST(OtlpWriter, HasEachBucketOfAHistogramByItself) {
  OtlpWriter out(kMoment);
  out.Begin(kTimesOf);
  const std::vector<double> bounds = {0.5, 1};
  const std::vector<uint64_t> cumulative = {2, 5};
  const std::string_view labels[] = {"commit"};
  out.Histogram(labels, {.bounds = bounds, .cumulative = cumulative, .count = 9, .sum = 12.5});
  const auto requests = out.Take();
  const otlp::Metric& metric = ScopeOf(requests.at(0)).metrics(0);
  EXPECT_EQ(metric.unit(), "s");
  const otlp::HistogramDataPoint& point = metric.histogram().data_points(0);
  EXPECT_THAT(PairsOf(point.attributes()), ElementsAre(Pair("step", "commit")));
  EXPECT_THAT(point.explicit_bounds(), ElementsAre(0.5, 1));
  EXPECT_THAT(point.bucket_counts(), ElementsAre(2, 3, 4));
  EXPECT_EQ(point.count(), 9U);
  EXPECT_EQ(point.sum(), 12.5);
  EXPECT_EQ(point.start_time_unix_nano(), 1'000U);
}

TEST(OtlpWriter, LeavesOutWhatIsNotKnown) {
  OtlpWriter out(kMoment);
  out.Begin(kGaugeOf);
  out.Sample({"serving", "h100"}, std::nullopt);
  EXPECT_TRUE(out.Take().empty());
  out.Begin(kTotalOf);
  out.Sample({}, 0);
  const auto requests = out.Take();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(ScopeOf(requests[0]).metrics_size(), 1) << "no metric without a point";
}

TEST(OtlpWriter, BeginsAnotherRequestBeforeOneIsTooLarge) {
  OtlpWriter out(kMoment, 2'000);
  out.Begin(kGaugeOf);
  for (int i = 0; i < 100; ++i) out.Sample({"pool", std::to_string(i)}, i);
  out.Begin(kTotalOf);
  out.Sample({}, 7);
  const auto requests = out.Take();
  ASSERT_GT(requests.size(), 2U);
  int next = 0;
  for (const auto& request : requests) {
    EXPECT_LT(request.ByteSizeLong(), 3'000U);
    EXPECT_EQ(request.resource_metrics(0).resource().attributes_size(), 3);
    for (const otlp::Metric& metric : ScopeOf(request).metrics()) {
      EXPECT_NE(metric.description(), "");
      for (const auto& point : metric.gauge().data_points()) EXPECT_EQ(point.as_double(), next++);
    }
  }
  EXPECT_EQ(next, 100);
  EXPECT_EQ(ScopeOf(requests.back()).metrics().rbegin()->sum().data_points(0).as_double(), 7);
}

TEST(MetricUnits, AreThoseThatNamesEndWith) {
  const auto unit = [](std::string_view name, MetricType type = kGauge) {
    return std::string(UcumUnitOf({name, type, {}, ""}));
  };
  EXPECT_EQ(unit("a_seconds"), "s");
  EXPECT_EQ(unit("a_h100e_seconds_total", kCounter), "{H100e}.s");
  EXPECT_EQ(unit("a_coverage_ratio"), "1");
  EXPECT_EQ(unit("a_reports_total", kCounter), "");
  EXPECT_EQ(unit("a_milliseconds"), "") << "a word that ends so is no unit";
  EXPECT_EQ(unit("seconds"), "") << "a name of nothing but a unit";
}

}  // namespace
}  // namespace fleetmeter
