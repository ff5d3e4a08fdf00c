#include "daemon/serve/metrics/daemon_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "daemon/base/clock.h"
#include "daemon/base/revision.h"
#include "daemon/base/version.h"

namespace fleetmeter {
namespace {

using enum MetricType;

const std::vector<double> kSkewBounds = {0.01, 0.1, 1, 5, 60, 3'600, 86'400};
// From a commit's own time: a report that a collector sends at once is booked within milliseconds.
const std::vector<double> kLagBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,    2,
                                        5,     10,   15,    30,   60,  120,  300, 3600, 86'400};
const std::vector<double> kWorkBounds = {0.0001, 0.0005, 0.001, 0.005, 0.02, 0.05, 0.1, 0.5, 1, 5};

void WriteBuildInfo(const DaemonFigures&, SeriesWriter& out) {
  out.Sample({kVersion, Revision(), __VERSION__}, 1);
}

void WriteDeferredSources(const DaemonFigures& figures, SeriesWriter& out) {
  for (const DeferredCount& count : figures.writer.Deferred()) {
    out.Sample({Name(count.reason), count.pool}, static_cast<double>(count.sources));
  }
}

void WriteBooksUsed(const DaemonFigures& figures, SeriesWriter& out) {
  for (const auto& [amount, used] : figures.writer.BooksUsed()) out.Sample({amount}, used);
}

void WriteClockSources(const DaemonFigures& figures, SeriesWriter& out) {
  const ClockVotes votes = figures.writer.clock_state().votes;
  out.Sample({"agrees"}, static_cast<double>(votes.agreeing));
  out.Sample({"ahead"}, static_cast<double>(votes.ahead));
  out.Sample({"behind"}, static_cast<double>(votes.behind));
}

constexpr Family<DaemonFigures> kIngest[] = {
    {{"fleetmeter_ingest_reports_total",
      kCounter,
      {"result"},
      "This many reports ended with the result. A report with the result accepted, duplicate, "
      "conflict or rejected is settled. One with the result deferred is kept by its sender and "
      "offered again. One with the result out_of_sequence or busy is not settled and has to be "
      "sent again. The count of deferred reports begins anew when the daemon starts."},
     Counted},
    {{"fleetmeter_ingest_rejected_reports_total",
      kCounter,
      {"reason"},
      "This many reports were rejected for the reason. REASONS.md explains each reason."},
     Counted},
    {{"fleetmeter_ingest_deferred_reports_total",
      kCounter,
      {"reason"},
      "Reports were deferred this many times for the reason. Each time that a sender offers one "
      "again and it is deferred again counts. The count begins anew when the daemon starts. "
      "REASONS.md explains each reason."},
     Counted},
    {{"fleetmeter_ingest_deferred_sources",
      kGauge,
      {"reason", "pool"},
      "The latest deferred report of this many sources was deferred for the reason. The label pool "
      "is the pool that the fault is about. It is empty where the fault is about no pool, and for "
      "all pools beyond the first 100. A source leaves when the report is counted, or when none of "
      "its reports was deferred for 15 minutes. The series is absent while there is none."},
     WriteDeferredSources},
    {{"fleetmeter_ingest_held_back_reports_total",
      kCounter,
      {"limit"},
      "This many reports were refused for now, and their senders are to send them again. The limit "
      "is rate where the sender had sent as much as ingest.rate allows, and queue where the queue "
      "was full or the sender had its share of it. The log names the senders."},
     Counted},
    {{"fleetmeter_ingest_overflow_signal_reports_total",
      kCounter,
      {},
      "This many accepted reports have usage that is counted under the signal overflow, because "
      "the books know as many signals as they take."},
     Counted},
    {{"fleetmeter_ingest_odd_readings_total",
      kCounter,
      {"treated"},
      "This many readings of devices in accepted reports were outside of what they can be. Those "
      "treated as clamped were outside by at most a millionth. The devices of those treated as "
      "unmeasured count as held and not measured."},
     Counted},
    {{"fleetmeter_ingest_closed_gaps_total",
      kCounter,
      {},
      "This many gaps in what sources have reported were closed. Of each source the latest 1,000 "
      "gaps stay open; late reports that lie in older ones are rejected as overlapping."},
     Counted},
    {{"fleetmeter_ingest_closed_gap_seconds_total",
      kCounter,
      {},
      "The gaps that were closed are this many seconds long in all."},
     Counted},
    {{"fleetmeter_ingest_streams", kGauge, {}, "This many ingest streams are open."}, Counted},
    {{"fleetmeter_ingest_fenced_sessions_total",
      kCounter,
      {},
      "This many sessions went on after a later session had opened their stream. Two processes on "
      "one spool do that, and so does a cloned host."},
     Counted},
    {{"fleetmeter_ingest_clock_skew_seconds",
      kHistogram,
      {},
      "Each batch gives one observation: by how many seconds the wall clocks of its sender and of "
      "the daemon differ. The time that the batch was under way is included."},
     Counted},
    {{"fleetmeter_ingest_queue_reports",
      kGauge,
      {},
      "This many reports wait for the writer. A batch counts as at least one for each 16 groups "
      "and "
      "each 4 KiB of it."},
     OneSeries<[](const DaemonFigures& f) {
       return static_cast<double>(f.writer.queued_reports());
     }>},
    {{"fleetmeter_ingest_queue_limit_reports",
      kGauge,
      {},
      "At most this many reports may wait for the writer."},
     OneSeries<[](const DaemonFigures& f) {
       return static_cast<double>(f.writer.queue_limit_reports());
     }>},
    {{"fleetmeter_ingest_lag_seconds",
      kHistogram,
      {},
      "Each accepted report gives one observation: the seconds from the end of its window, by the "
      "wall clock of the sender, to its commit, by that of the daemon."},
     Counted},
};

constexpr Family<DaemonFigures> kDaemon[] = {
    {{"fleetmeter_build_info",
      kGauge,
      {"version", "revision", "compiler"},
      "The value is 1. The labels name the version of the daemon, the commit that it was built "
      "from, and the compiler that built it. The commit is \"unknown\" where the sources were no "
      "checkout, and ends in -dirty where they differed from it."},
     WriteBuildInfo},
    {{"fleetmeter_clock_steps_total",
      kCounter,
      {},
      "The wall clock of the daemon was set this many times while it ran."},
     Counted},
    {{"fleetmeter_clock_ahead_seconds",
      kGauge,
      {},
      "When the wall clock was last set, it was this many seconds ahead of the time that had "
      "really passed since the start. The value is 0 if it never was set."},
     Counted},
    {{"fleetmeter_clock_confirmed",
      kGauge,
      {},
      "The value is 1 while the wall clock of the daemon is near the time that has really passed "
      "by "
      "the books, and sources do not contradict it. While it is 0, nothing is deleted, closed or "
      "forgotten before both clocks say that it is time."},
     OneSeries<[](const DaemonFigures& f) {
       return f.writer.clock_state().confirmed ? 1.0 : 0.0;
     }>},
    {{"fleetmeter_clock_unconfirmed_seconds",
      kGauge,
      {},
      "The wall clock of the daemon is this many seconds ahead of the time that has really passed "
      "by the books. Below 0 it is behind."},
     OneSeries<[](const DaemonFigures& f) {
       return static_cast<double>(f.writer.clock_state().ahead_nanos) / kNanosPerSecond;
     }>},
    {{"fleetmeter_clock_sources",
      kGauge,
      {"clock"},
      "This many sources, of a sample of 64, have a clock that agrees with that of the daemon, is "
      "ahead of it or is behind it."},
     WriteClockSources},
    {{"fleetmeter_connections_refused_total",
      kCounter,
      {"listener"},
      "The listener closed this many connections at once, because as many were open as file "
      "descriptors allow."},
     Counted},
    {{"fleetmeter_calls_over_share_total",
      kCounter,
      {"call"},
      "This many calls were refused because as many were open as may be, or because their identity "
      "had its share of them. The call is stream for ingest streams, watch for watches of "
      "headroom, "
      "and question for questions about outcomes. With tls, an identity may have three times as "
      "many as are left."},
     Counted},
    {{"fleetmeter_http_evicted_connections_total",
      kCounter,
      {},
      "The HTTP listener closed this many connections to make room for new ones, because as many "
      "were open as it keeps. Those closed had waited longest for a request, or had read an answer "
      "for longest."},
     Counted},
    {{"fleetmeter_http_refused_hosts_total",
      kCounter,
      {},
      "The HTTP listener refused this many requests whose Host header names another host than this "
      "machine. A web page of a stranger asks so, and so does a proxy that passes its own Host "
      "header on."},
     Counted},
    {{"fleetmeter_watchdog_healthy",
      kGauge,
      {},
      "The value is 1 while the daemon reaches its own listeners and the writer makes progress, "
      "and 0 otherwise."},
     OneSeries<[](const DaemonFigures& f) { return f.healthy ? 1.0 : 0.0; }>},
    {{"fleetmeter_books_used_ratio",
      kGauge,
      {"amount"},
      "This part of what the books can hold of the amount is taken, from 0 to 1. The amounts are "
      "chip_seconds, signals, and those of outcomes. One sender alone can take half of what the "
      "others have left."},
     WriteBooksUsed},
    {{"fleetmeter_ledger_commit_seconds",
      kHistogram,
      {},
      "Each commit gives one observation: the seconds that it took."},
     Counted},
    {{"fleetmeter_ledger_commit_failures_total",
      kCounter,
      {},
      "This many commits failed. Nothing of them was counted or acknowledged."},
     Counted},
    {{"fleetmeter_ledger_writable",
      kGauge,
      {},
      "The value is 1 while the ledger takes commits. While it is 0, reports are refused, and what "
      "was committed before is shown."},
     OneSeries<[](const DaemonFigures& f) {
       return f.writer.LedgerTrouble().empty() ? 1.0 : 0.0;
     }>},
    {{"fleetmeter_config_reloads_total",
      kCounter,
      {"result"},
      "Configuration, catalog and plans were reloaded this many times. With the result ok they are "
      "in force; with the result failed the old ones stay."},
     Counted},
    {{"fleetmeter_config_last_reload_successful",
      kGauge,
      {},
      "The value is 1 if the last reload succeeded. It is 0 if the reload was refused and the old "
      "configuration stays in force."},
     Counted},
    {{"fleetmeter_config_last_reload_success_timestamp_seconds",
      kGauge,
      {},
      "The configuration in force was loaded at this time, as seconds since the Unix epoch."},
     Counted},
    {{"fleetmeter_exposition_render_seconds",
      kHistogram,
      {},
      "Each scrape gives one observation, and each export by OTLP: the seconds that it took to "
      "work "
      "out and write its fleet and outcomes."},
     Counted},
};

// By its name, in either table.
consteval const Metric& Named(std::string_view name, MetricType type) {
  for (const auto& family : kIngest) {
    if (family.metric.name == name) return Declared(kIngest, name, type);
  }
  return Declared(kDaemon, name, type);
}

prometheus::Counter& Result(prometheus::Registry& registry, const std::string& result) {
  return AddCounter(registry, Named("fleetmeter_ingest_reports_total", kCounter), {result});
}

prometheus::Counter& OddCounter(prometheus::Registry& registry, const std::string& treated) {
  return AddCounter(registry, Named("fleetmeter_ingest_odd_readings_total", kCounter), {treated});
}

prometheus::Counter& Reloads(prometheus::Registry& registry, const std::string& result) {
  return AddCounter(registry, Named("fleetmeter_config_reloads_total", kCounter), {result});
}

}  // namespace

constexpr MetricGroup<DaemonFigures> kIngestMetrics = {
    "Ingest",
    "These families show what happens to reports on their way into the daemon. The results "
    "accepted, duplicate, conflict and rejected count since the books began. Everything else "
    "counts since the daemon started.",
    kIngest,
};

constexpr MetricGroup<DaemonFigures> kDaemonMetrics = {
    "The daemon itself",
    "These families show how the daemon is built and how well it works. Counters count since it "
    "started.",
    kDaemon,
};

DaemonMetrics::DaemonMetrics()
    : registry_(std::make_unique<prometheus::Registry>()),
      accepted_(Result(*registry_, "accepted")),
      duplicate_(Result(*registry_, "duplicate")),
      conflict_(Result(*registry_, "conflict")),
      out_of_sequence_(Result(*registry_, "out_of_sequence")),
      rejected_(Result(*registry_, "rejected")),
      deferred_(Result(*registry_, "deferred")),
      busy_(Result(*registry_, "busy")),
      odd_clamped_(OddCounter(*registry_, "clamped")),
      odd_unmeasured_(OddCounter(*registry_, "unmeasured")),
      overflowed_(AddCounter(*registry_,
                             Named("fleetmeter_ingest_overflow_signal_reports_total", kCounter))),
      closed_gaps_(AddCounter(*registry_, Named("fleetmeter_ingest_closed_gaps_total", kCounter))),
      closed_gap_seconds_(
          AddCounter(*registry_, Named("fleetmeter_ingest_closed_gap_seconds_total", kCounter))),
      streams_(AddGauge(*registry_, Named("fleetmeter_ingest_streams", kGauge))),
      fenced_(AddCounter(*registry_, Named("fleetmeter_ingest_fenced_sessions_total", kCounter))),
      skew_(AddHistogram(*registry_, Named("fleetmeter_ingest_clock_skew_seconds", kHistogram),
                         kSkewBounds)),
      clock_steps_(AddCounter(*registry_, Named("fleetmeter_clock_steps_total", kCounter))),
      clock_ahead_(AddGauge(*registry_, Named("fleetmeter_clock_ahead_seconds", kGauge))),
      lag_(
          AddHistogram(*registry_, Named("fleetmeter_ingest_lag_seconds", kHistogram), kLagBounds)),
      commit_(AddHistogram(*registry_, Named("fleetmeter_ledger_commit_seconds", kHistogram),
                           kWorkBounds)),
      commit_failures_(
          AddCounter(*registry_, Named("fleetmeter_ledger_commit_failures_total", kCounter))),
      reloads_ok_(Reloads(*registry_, "ok")),
      reloads_failed_(Reloads(*registry_, "failed")),
      reload_successful_(
          AddGauge(*registry_, Named("fleetmeter_config_last_reload_successful", kGauge))),
      reload_time_(AddGauge(
          *registry_, Named("fleetmeter_config_last_reload_success_timestamp_seconds", kGauge))),
      render_(AddHistogram(*registry_, Named("fleetmeter_exposition_render_seconds", kHistogram),
                           kWorkBounds)),
      evicted_http_(
          AddCounter(*registry_, Named("fleetmeter_http_evicted_connections_total", kCounter))),
      refused_hosts_(
          AddCounter(*registry_, Named("fleetmeter_http_refused_hosts_total", kCounter))) {
  for (const std::string listener : {"ingest", "query", "admin"}) {
    refused_connections_[listener] = &AddCounter(
        *registry_, Named("fleetmeter_connections_refused_total", kCounter), {listener});
  }
  for (const std::string call : {"stream", "watch", "question"}) {
    over_share_[call] =
        &AddCounter(*registry_, Named("fleetmeter_calls_over_share_total", kCounter), {call});
  }
  for (const std::string limit : {"rate", "queue"}) {
    held_back_[limit] = &AddCounter(
        *registry_, Named("fleetmeter_ingest_held_back_reports_total", kCounter), {limit});
  }
  for (const RejectReason reason : kRejectReasons) {
    rejected_by_reason_[IndexOf(reason)] =
        &AddCounter(*registry_, Named("fleetmeter_ingest_rejected_reports_total", kCounter),
                    {std::string(Name(reason))});
    if (!CanBeMended(reason)) continue;
    deferred_by_reason_[IndexOf(reason)] =
        &AddCounter(*registry_, Named("fleetmeter_ingest_deferred_reports_total", kCounter),
                    {std::string(Name(reason))});
  }
}

DaemonMetrics::~DaemonMetrics() = default;

std::vector<prometheus::MetricFamily> DaemonMetrics::Collect() const {
  return registry_->Collect();
}

}  // namespace fleetmeter
