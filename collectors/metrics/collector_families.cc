#include "collectors/metrics/collector_families.h"

#include <functional>
#include <optional>

#include "daemon/base/clock.h"

namespace fleetmeter::collector {
namespace {

using All = std::vector<PipelineStats>;
// nullopt: no sample of this source.
using Value = std::function<std::optional<double>(const PipelineStats&)>;

double Seconds(int64_t nanos) { return static_cast<double>(nanos) / kNanosPerSecond; }

std::optional<double> AsDouble(uint64_t value) { return static_cast<double>(value); }

void Family(const All& all, const char* name, const char* type, const char* help,
            const Value& value, TextWriter& out) {
  out.Family(name, type, help);
  for (const PipelineStats& stats : all) {
    if (const auto number = value(stats)) out.Sample({{"pipeline", stats.source}}, *number);
  }
}

void Gauge(const All& all, const char* name, const char* help, const Value& value,
           TextWriter& out) {
  Family(all, name, "gauge", help, value, out);
}

void Counter(const All& all, const char* name, const char* help, const Value& value,
             TextWriter& out) {
  Family(all, name, "counter", help, value, out);
}

void WriteOutbox(const All& all, int64_t now, TextWriter& out) {
  Gauge(
      all, "fleetmeter_collector_waiting_reports", "Reports that wait to be acknowledged.",
      [](const auto& s) { return AsDouble(s.outbox.waiting_reports); }, out);
  Gauge(
      all, "fleetmeter_collector_oldest_waiting_seconds",
      "Age of the oldest window that waits; 0 if none does.",
      [now](const auto& s) -> std::optional<double> {
        const int64_t end = s.outbox.oldest_waiting_end_unix_nanos;
        return end == 0 ? 0 : std::max(0.0, Seconds(now - end));
      },
      out);
  Gauge(
      all, "fleetmeter_collector_spool_bytes",
      "What reports take, acknowledged ones that are kept included: on disk, or in memory without "
      "a spool.",
      [](const auto& s) { return AsDouble(s.outbox.bytes); }, out);
  Gauge(
      all, "fleetmeter_collector_unwritten_reports",
      "Reports held in memory because the disk has no room.",
      [](const auto& s) { return AsDouble(s.outbox.unwritten_reports); }, out);
  Counter(
      all, "fleetmeter_collector_coalesced_reports_total",
      "Reports added into others because the spool was full.",
      [](const auto& s) { return AsDouble(s.outbox.coalesced_reports); }, out);
  Counter(
      all, "fleetmeter_collector_damaged_segments_total",
      "Files of the spool that were found damaged or missing at start.",
      [](const auto& s) { return AsDouble(s.outbox.damaged_segments); }, out);
  Counter(
      all, "fleetmeter_collector_lost_reports_total",
      "Reports lost to damaged files, those that the daemon has included.",
      [](const auto& s) { return AsDouble(s.outbox.lost_reports); }, out);
}

void WriteSender(const All& all, TextWriter& out) {
  Gauge(
      all, "fleetmeter_collector_connected", "1 while a daemon has welcomed the stream.",
      [](const auto& s) { return AsDouble(s.sender.connected ? 1 : 0); }, out);
  Gauge(
      all, "fleetmeter_collector_refused", "1 when the daemon will not have the stream for good.",
      [](const auto& s) { return AsDouble(s.refused ? 1 : 0); }, out);
  Counter(
      all, "fleetmeter_collector_sessions_total", "Streams that a daemon welcomed.",
      [](const auto& s) { return AsDouble(s.sender.sessions); }, out);
  Counter(
      all, "fleetmeter_collector_acknowledged_reports_total",
      "Reports that a daemon settled: counted, rejected or counted before.",
      [](const auto& s) { return AsDouble(s.sender.acknowledged); }, out);
  Counter(
      all, "fleetmeter_collector_duplicate_reports_total",
      "Reports that the daemon had counted before.",
      [](const auto& s) { return AsDouble(s.sender.duplicates); }, out);
  Counter(
      all, "fleetmeter_collector_conflicting_reports_total",
      "Reports whose sequence the daemon had settled with other content.",
      [](const auto& s) { return AsDouble(s.sender.conflicts); }, out);
  out.Family("fleetmeter_collector_rejected_reports_total", "counter",
             "Reports that the daemon rejected, by its reason.");
  for (const PipelineStats& stats : all) {
    for (const auto& [reason, count] : stats.sender.rejected) {
      out.Sample({{"pipeline", stats.source}, {"reason", reason}}, static_cast<double>(count));
    }
  }
  Gauge(
      all, "fleetmeter_collector_last_acknowledged_timestamp_seconds",
      "When the daemon last acknowledged something; absent before.",
      [](const auto& s) -> std::optional<double> {
        const int64_t at = s.sender.last_acknowledged_unix_nanos;
        return at == 0 ? std::nullopt : std::optional(Seconds(at));
      },
      out);
}

void WriteSampling(const All& all, TextWriter& out) {
  Counter(
      all, "fleetmeter_collector_failed_samples_total",
      "Windows for which the source gave nothing.",
      [](const auto& s) { return AsDouble(s.samples_failed); }, out);
  Counter(
      all, "fleetmeter_collector_skipped_ticks_total",
      "Ticks without a sample for want of room; the next window is longer.",
      [](const auto& s) { return AsDouble(s.ticks_skipped); }, out);
  Counter(
      all, "fleetmeter_collector_held_ticks_total",
      "Ticks without a sample because the wall clock stood still or was set back.",
      [](const auto& s) { return AsDouble(s.ticks_held); }, out);
}

}  // namespace

void WriteCollectorFamilies(const std::vector<PipelineStats>& pipelines, int64_t now_unix_nanos,
                            const std::string& version, TextWriter& out) {
  WriteOutbox(pipelines, now_unix_nanos, out);
  WriteSender(pipelines, out);
  WriteSampling(pipelines, out);
  out.Family("fleetmeter_collector_build_info", "gauge", "1.");
  out.Sample({{"version", version}}, 1);
}

}  // namespace fleetmeter::collector
