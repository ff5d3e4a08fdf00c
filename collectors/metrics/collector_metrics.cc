#include "collectors/metrics/collector_metrics.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "collectors/metrics/deferred_samples.h"
#include "daemon/base/clock.h"
#include "daemon/base/revision.h"
#include "daemon/base/version.h"
#include "daemon/serve/metrics/metric_reference.h"

namespace fleetmeter::collector {
namespace {

using enum MetricType;

double Seconds(int64_t nanos) { return static_cast<double>(nanos) / kNanosPerSecond; }

// A series for each pipeline: what `value`, a function or a member, gives of its PipelineStats.
template <auto value>
void EachPipeline(const CollectorFigures& figures, SeriesWriter& out) {
  for (const PipelineStats& stats : figures.pipelines) {
    out.Sample({stats.source}, static_cast<double>(std::invoke(value, stats)));
  }
}

// The same of a member of its outbox.
template <uint64_t OutboxStats::* value>
void EachOutbox(const CollectorFigures& figures, SeriesWriter& out) {
  EachPipeline<[](const PipelineStats& stats) { return stats.outbox.*value; }>(figures, out);
}

// The same of a member of its sender.
template <auto value>
void EachSender(const CollectorFigures& figures, SeriesWriter& out) {
  EachPipeline<[](const PipelineStats& stats) { return stats.sender.*value; }>(figures, out);
}

void WriteOldestWaiting(const CollectorFigures& figures, SeriesWriter& out) {
  for (const PipelineStats& stats : figures.pipelines) {
    const int64_t end = stats.outbox.oldest_waiting_end_unix_nanos;
    out.Sample({stats.source}, end == 0 ? 0 : std::max(0.0, Seconds(figures.now_unix_nanos - end)));
  }
}

void WriteRejected(const CollectorFigures& figures, SeriesWriter& out) {
  for (const PipelineStats& stats : figures.pipelines) {
    for (const auto& [reason, count] : stats.sender.rejected) {
      out.Sample({stats.source, reason}, static_cast<double>(count));
    }
  }
}

void WriteLastAcknowledged(const CollectorFigures& figures, SeriesWriter& out) {
  for (const PipelineStats& stats : figures.pipelines) {
    const int64_t at = stats.sender.last_acknowledged_unix_nanos;
    if (at != 0) out.Sample({stats.source}, Seconds(at));
  }
}

// A series for each live source.
template <auto value>
void EachSource(const CollectorFigures& figures, SeriesWriter& out) {
  for (const SourceStats& stats : figures.sources) {
    out.Sample({stats.source}, static_cast<double>(std::invoke(value, stats)));
  }
}

void WriteSourceErrors(const CollectorFigures& figures, SeriesWriter& out) {
  for (const SourceStats& stats : figures.sources) {
    for (const auto& [reason, count] : stats.errors) {
      out.Sample({stats.source, reason}, static_cast<double>(count));
    }
  }
}

void WriteSourceSuccess(const CollectorFigures& figures, SeriesWriter& out) {
  for (const SourceStats& stats : figures.sources) {
    const int64_t at = stats.last_success_unix_nanos;
    if (at != 0) out.Sample({stats.source}, Seconds(at));
  }
}

double LookSeconds(const SourceStats& stats) { return Seconds(stats.last_took.count()); }

int64_t OddReadings(const SourceStats& stats) {
  return stats.counts.readings.clamped + stats.counts.readings.unmeasured;
}

int64_t BadLines(const SourceStats& stats) { return stats.counts.bad_lines; }

// A series for each pool and kind of chip of which a source knows a quota.
template <std::optional<Micro> PoolQuota::* amount>
void EachQuota(const CollectorFigures& figures, SeriesWriter& out) {
  for (const SourceStats& stats : figures.sources) {
    for (const PoolQuota& quota : stats.quotas) {
      if (!(quota.*amount)) continue;
      out.Sample({stats.source, quota.pool, quota.chip},
                 static_cast<double>(*(quota.*amount)) / static_cast<double>(kOne));
    }
  }
}

// What joining found; there is nothing to say without live sources.
template <int64_t ObservationCounts::* value>
void OfAllSources(const CollectorFigures& figures, SeriesWriter& out) {
  if (!figures.sources.empty()) out.Sample({}, static_cast<double>(figures.joined.*value));
}

void WriteReloads(const CollectorFigures& figures, SeriesWriter& out) {
  if (!figures.reloads) return;
  out.Sample({"ok"}, static_cast<double>(figures.reloads->succeeded));
  out.Sample({"failed"}, static_cast<double>(figures.reloads->failed));
}

void WriteLastReload(const CollectorFigures& figures, SeriesWriter& out) {
  if (figures.reloads) out.Sample({}, figures.reloads->last_succeeded ? 1 : 0);
}

void WriteReloadTime(const CollectorFigures& figures, SeriesWriter& out) {
  if (figures.reloads) out.Sample({}, Seconds(figures.reloads->last_success_unix_nanos));
}

void WriteBuildInfo(const CollectorFigures&, SeriesWriter& out) {
  out.Sample({kVersion, Revision()}, 1);
}

constexpr Family<CollectorFigures> kFamilies[] = {
    {{"fleetmeter_collector_waiting_reports",
      kGauge,
      {"pipeline"},
      "This many reports wait to be acknowledged."},
     EachOutbox<&OutboxStats::waiting_reports>},
    {{"fleetmeter_collector_oldest_waiting_seconds",
      kGauge,
      {"pipeline"},
      "The oldest window that waits ended this many seconds ago. The value is 0 when none waits."},
     WriteOldestWaiting},
    {{"fleetmeter_collector_spool_bytes",
      kGauge,
      {"pipeline"},
      "Reports take this many bytes, on disk or, without a spool, in memory. Acknowledged reports "
      "that are still kept are included."},
     EachOutbox<&OutboxStats::bytes>},
    {{"fleetmeter_collector_unwritten_reports",
      kGauge,
      {"pipeline"},
      "This many reports are held in memory because the disk has no room for them."},
     EachOutbox<&OutboxStats::unwritten_reports>},
    {{"fleetmeter_collector_coalesced_reports_total",
      kCounter,
      {"pipeline"},
      "This many reports were added into others because the spool was full."},
     EachOutbox<&OutboxStats::coalesced_reports>},
    {{"fleetmeter_collector_damaged_segments_total",
      kCounter,
      {"pipeline"},
      "This many files of the spool were found damaged or missing at the start."},
     EachOutbox<&OutboxStats::damaged_segments>},
    {{"fleetmeter_collector_lost_reports_total",
      kCounter,
      {"pipeline"},
      "This many reports were lost to damaged files. Reports that the daemon has all the same are "
      "included."},
     EachOutbox<&OutboxStats::lost_reports>},
    {{"fleetmeter_collector_deferred_reports",
      kGauge,
      {"pipeline", "reason", "subject"},
      "The daemon has deferred this many reports, and they wait here to be offered again. The "
      "label "
      "subject says what has to be mended first. All subjects of a pipeline beyond the twenty with "
      "the most reports are `other`. The series is absent while none is deferred."},
     WriteDeferred},
    {{"fleetmeter_collector_deferred_bytes",
      kGauge,
      {"pipeline"},
      "Deferred reports take this many bytes, on disk or, without a spool, in memory."},
     WriteDeferredBytes},
    {{"fleetmeter_collector_deferred_oldest_wait_seconds",
      kGauge,
      {"pipeline"},
      "Of the reports that are deferred now, the oldest was first deferred this many seconds ago. "
      "Time in which the collector did not run is left out. The value is 0 when none is deferred."},
     WriteDeferredWait},
    {{"fleetmeter_collector_deferred_lost_reports_total",
      kCounter,
      {"pipeline", "reason"},
      "This many deferred reports were given up, because they had waited for too long or took too "
      "much room. The reason is that for which the daemon deferred them. The series is absent "
      "before the first."},
     WriteDeferredLost},
    {{"fleetmeter_collector_connected",
      kGauge,
      {"pipeline"},
      "The value is 1 while a daemon has welcomed the stream, and 0 otherwise."},
     EachSender<&SenderStats::connected>},
    {{"fleetmeter_collector_refused",
      kGauge,
      {"pipeline"},
      "The value is 1 when the daemon refuses the stream for good, and 0 otherwise."},
     EachPipeline<&PipelineStats::refused>},
    {{"fleetmeter_collector_sessions_total",
      kCounter,
      {"pipeline"},
      "A daemon has welcomed this many streams."},
     EachSender<&SenderStats::sessions>},
    {{"fleetmeter_collector_acknowledged_reports_total",
      kCounter,
      {"pipeline"},
      "A daemon has settled this many reports: counted them, rejected them, or found that it had "
      "counted them before."},
     EachSender<&SenderStats::acknowledged>},
    {{"fleetmeter_collector_duplicate_reports_total",
      kCounter,
      {"pipeline"},
      "The daemon had counted this many of the reports before."},
     EachSender<&SenderStats::duplicates>},
    {{"fleetmeter_collector_conflicting_reports_total",
      kCounter,
      {"pipeline"},
      "The daemon had settled the sequence of this many reports with other content."},
     EachSender<&SenderStats::conflicts>},
    {{"fleetmeter_collector_rejected_reports_total",
      kCounter,
      {"pipeline", "reason"},
      "The daemon rejected this many reports for the reason. The series is absent before the "
      "first."},
     WriteRejected},
    {{"fleetmeter_collector_last_acknowledged_timestamp_seconds",
      kGauge,
      {"pipeline"},
      "The daemon last acknowledged something at this time, as seconds since the Unix epoch. The "
      "series is absent before the first time."},
     WriteLastAcknowledged},
    {{"fleetmeter_collector_failed_samples_total",
      kCounter,
      {"pipeline"},
      "The source gave nothing for this many windows."},
     EachPipeline<&PipelineStats::samples_failed>},
    {{"fleetmeter_collector_skipped_ticks_total",
      kCounter,
      {"pipeline"},
      "This many samples were not taken because there was no room for them. The next window is "
      "then longer, and no time is lost."},
     EachPipeline<&PipelineStats::ticks_skipped>},
    {{"fleetmeter_collector_held_ticks_total",
      kCounter,
      {"pipeline"},
      "This many samples were not taken because the wall clock stood still or was set back."},
     EachPipeline<&PipelineStats::ticks_held>},
    {{"fleetmeter_collector_source_looks_total",
      kCounter,
      {"source"},
      "This live source of the configuration was asked this often."},
     EachSource<&SourceStats::looks>},
    {{"fleetmeter_collector_source_errors_total",
      kCounter,
      {"source", "reason"},
      "This live source failed this often. The reason is the code of the error, such as "
      "`deadline_exceeded`."},
     WriteSourceErrors},
    {{"fleetmeter_collector_source_last_success_timestamp_seconds",
      kGauge,
      {"source"},
      "The live source answered last at this time. The series is absent until it has."},
     WriteSourceSuccess},
    {{"fleetmeter_collector_source_look_seconds",
      kGauge,
      {"source"},
      "The latest look at the live source took this many seconds."},
     EachSource<LookSeconds>},
    {{"fleetmeter_collector_source_devices",
      kGauge,
      {"source"},
      "The live source listed this many chips when it answered last."},
     EachSource<&SourceStats::devices>},
    {{"fleetmeter_collector_source_odd_readings_total",
      kCounter,
      {"source"},
      "This many readings of the live source were outside 0 to 1, or not numbers."},
     EachSource<OddReadings>},
    {{"fleetmeter_collector_source_bad_lines_total",
      kCounter,
      {"source"},
      "This many lines of the live source could not be read."},
     EachSource<BadLines>},
    {{"fleetmeter_collector_quota_chips",
      kGauge,
      {"source", "pool", "chip"},
      "The scheduler grants the queues of the pool this many chips of the kind, by its nominal "
      "quota. Compare it with the allocation of the plan. The series is absent while no source "
      "tells."},
     EachQuota<&PoolQuota::nominal>},
    {{"fleetmeter_collector_quota_reserved_chips",
      kGauge,
      {"source", "pool", "chip"},
      "The queues of the pool have reserved quota for this many chips of the kind. That is no "
      "activity. The series is absent while no source tells."},
     EachQuota<&PoolQuota::reserved>},
    {{"fleetmeter_collector_quota_admitted_chips",
      kGauge,
      {"source", "pool", "chip"},
      "The scheduler has admitted work of the pool for this many chips of the kind. That is no "
      "activity. The series is absent while no source tells."},
     EachQuota<&PoolQuota::admitted>},
    {{"fleetmeter_collector_unattributed_chips",
      kGauge,
      {},
      "This many chips were in use in the latest round, and no rule said whose they are. The "
      "series is absent without live sources."},
     OfAllSources<&ObservationCounts::unattributed_chips>},
    {{"fleetmeter_collector_unknown_kind_chips",
      kGauge,
      {},
      "This many chips of the latest round are of a kind that nobody knows. The series is absent "
      "without live sources."},
     OfAllSources<&ObservationCounts::unknown_kinds>},
    {{"fleetmeter_collector_unattributed_requests",
      kGauge,
      {},
      "This many requests waited for chips in the latest round, and no rule said whose they are. "
      "The series is absent without live sources."},
     OfAllSources<&ObservationCounts::unattributed_requests>},
    {{"fleetmeter_collector_source_disagreements",
      kGauge,
      {},
      "Live sources disagreed about this many things in the latest round: the kind or the holder "
      "of a chip, or whether there is one. The series is absent without live sources."},
     OfAllSources<&ObservationCounts::disagreements>},
    {{"fleetmeter_collector_alike_hosts",
      kGauge,
      {},
      "In the latest round this many pairs of hosts had names that differ by a domain alone, and "
      "nothing showed that they are one host. Each is counted as two. The series is absent without "
      "live sources."},
     OfAllSources<&ObservationCounts::alike_hosts>},
    {{"fleetmeter_collector_left_out_hosts",
      kGauge,
      {},
      "This many hosts of the latest round are in no report: the source that decides who holds "
      "their chips does not answer. They are silent at the daemon. The series is absent without "
      "live sources."},
     OfAllSources<&ObservationCounts::left_out_hosts>},
    {{"fleetmeter_collector_unheard_hosts",
      kGauge,
      {},
      "This many hosts of the latest round are reported without the source that decides who holds "
      "their chips: it has never answered, and the time await_holders is over. Chips that no other "
      "source calls held are unattributed. The series is absent without live sources."},
     OfAllSources<&ObservationCounts::unheard_hosts>},
    {{"fleetmeter_collector_withheld_chips",
      kGauge,
      {},
      "This many chips, or parts of chips, of the latest round are in no report: a source that a "
      "reload took out of the configuration said that they are held or unfit, and no source that "
      "is left says so. The daemon takes them for unaccounted for. The series is absent without "
      "live sources."},
     OfAllSources<&ObservationCounts::withheld_chips>},
    {{"fleetmeter_collector_config_reloads_total",
      kCounter,
      {"result"},
      "The configuration was read this many times; the start is the first. With the result ok it "
      "is in force; with the result failed the old one stays. The series is absent without a "
      "configuration."},
     WriteReloads},
    {{"fleetmeter_collector_config_last_reload_successful",
      kGauge,
      {},
      "The value is 1 if the last reload succeeded. It is 0 if the reload was refused and the old "
      "configuration stays in force. The series is absent without a configuration."},
     WriteLastReload},
    {{"fleetmeter_collector_config_last_reload_success_timestamp_seconds",
      kGauge,
      {},
      "The configuration in force was loaded at this time, as seconds since the Unix epoch. The "
      "series is absent without a configuration."},
     WriteReloadTime},
    {{"fleetmeter_collector_build_info",
      kGauge,
      {"version", "revision"},
      "The value is 1. The labels name the collector's version and its commit, or \"unknown\"."},
     WriteBuildInfo},
};

}  // namespace

constexpr MetricGroup<CollectorFigures> kCollectorMetrics = {
    "The collector",
    "`fleetmeter-collector --metrics` serves these families and those of the process. They tell "
    "what has not reached the daemon, which therefore knows nothing of it. Counters count since "
    "the collector started. The label `pipeline` is the name of a source, such as `replay-csv`.",
    kFamilies,
};

std::string MetricsReference() {
  return MetricSection(kCollectorMetrics) + MetricSection(kServedMetrics);
}

}  // namespace fleetmeter::collector
