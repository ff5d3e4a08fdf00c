// What the hot paths cost, side by side in one run: read the ratios, not the times.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "daemon/accounting/admission.h"
#include "daemon/accounting/fleet_state.h"
#include "daemon/ingest/decode_report.h"
#include "daemon/serve/metrics/text_format.h"
#include "daemon/view/snapshot.h"
#include "tests/unit/accounting/fleet_builder.h"

namespace fleetmeter {
namespace {

constexpr int kChipsPerHost = 16;

v1::UsageReport WireReport() {
  v1::UsageReport report;
  report.set_sequence(1);
  report.set_source("host-000001");
  report.set_window_start_unix_nanos(kStart);
  report.set_window_length_nanos(kWindow);
  v1::UsageGroup& group = *report.add_groups();
  group.set_chip("half");
  group.set_state(v1::CHIP_STATE_ASSIGNED);
  group.set_pool("alpha");
  group.set_team("red");
  group.set_signal("gr_engine_active");
  for (int i = 0; i < kChipsPerHost; ++i) {
    group.mutable_per_chip()->add_device(static_cast<uint32_t>(i));
    group.mutable_per_chip()->add_activity(i / 20.0);
  }
  return report;
}

// The floor: what protobuf takes to parse a report of 16 chips into a reused message.
void ParseReport(benchmark::State& state) {
  const std::string bytes = WireReport().SerializeAsString();
  v1::UsageReport report;
  for (auto _ : state) benchmark::DoNotOptimize(report.ParseFromString(bytes));
  state.SetItemsProcessed(state.iterations() * kChipsPerHost);
}
BENCHMARK(ParseReport);

// Parse, check and turn into integers.
void ParseAndDecodeReport(benchmark::State& state) {
  const std::string bytes = WireReport().SerializeAsString();
  v1::UsageReport report;
  for (auto _ : state) {
    report.ParseFromString(bytes);
    benchmark::DoNotOptimize(DecodeReport(report));
  }
  state.SetItemsProcessed(state.iterations() * kChipsPerHost);
}
BENCHMARK(ParseAndDecodeReport);

// Admit and apply to the live state of a fleet of this many hosts.
void AdmitAndApply(benchmark::State& state) {
  const auto model = MakeReferenceData();
  FleetState fleet({.silent_after_nanos = INT64_MAX / 4,
                    .forget_after_nanos = INT64_MAX / 4,
                    .keep_windows_nanos = INT64_MAX / 4,
                    .idle_below = 0.05});
  std::vector<UsageReport> reports;
  for (int64_t host = 0; host < state.range(0); ++host) {
    reports.push_back(Report(fmt::format("host-{:06}", host), 0,
                             {Assigned("half", kChipsPerHost, "alpha", 0.5)}));
  }
  size_t next = 0;
  for (auto _ : state) {
    UsageReport& report = reports[next];
    const AdmissionContext context = {
        .reference = *model,
        .limits = {INT64_MAX / 4, INT64_MAX / 4, INT64_MAX / 4, INT64_MAX / 4},
        .now = {kStart, kStart, false},
        .windows = fleet.Windows(report.source)};
    benchmark::DoNotOptimize(CheckAdmission(report, context));
    ApplyTo(fleet, report, *model, kStart);
    report.window_start_unix_nanos += kWindow;
    next = (next + 1) % reports.size();
  }
  state.SetItemsProcessed(state.iterations() * kChipsPerHost);
}
BENCHMARK(AdmitAndApply)->Arg(1'000)->Arg(200'000);

constexpr Metric kBusy = {
    "fleetmeter_pool_busy_h100e", MetricType::kGauge, {"pool", "chip", "signal"}, "Busy."};

// 100,000 series of three labels, written by our writer ...
void WriteSeries(benchmark::State& state) {
  const int64_t series = state.range(0);
  std::vector<std::string> pools;
  for (int64_t i = 0; i < series; ++i) pools.push_back(fmt::format("pool-{}", i));
  for (auto _ : state) {
    std::string out;
    TextWriter writer(out);
    writer.Begin(kBusy);
    for (const std::string& pool : pools) {
      writer.Sample({pool, "trainium2", "neuroncore_utilization"}, 1234.5);
    }
    benchmark::DoNotOptimize(out);
  }
  state.SetItemsProcessed(state.iterations() * series);
}
BENCHMARK(WriteSeries)->Arg(100'000)->Unit(benchmark::kMillisecond);

// ... and collected and serialised by prometheus-cpp.
void WriteSeriesPrometheusCpp(benchmark::State& state) {
  const int64_t series = state.range(0);
  prometheus::Registry registry;
  auto& family =
      prometheus::BuildGauge().Name("fleetmeter_pool_busy_h100e").Help("Busy.").Register(registry);
  for (int64_t i = 0; i < series; ++i) {
    family
        .Add({{"pool", fmt::format("pool-{}", i)},
              {"chip", "trainium2"},
              {"signal", "neuroncore_utilization"}})
        .Set(1234.5);
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(prometheus::TextSerializer().Serialize(registry.Collect()));
  }
  state.SetItemsProcessed(state.iterations() * series);
}
BENCHMARK(WriteSeriesPrometheusCpp)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fleetmeter

BENCHMARK_MAIN();
