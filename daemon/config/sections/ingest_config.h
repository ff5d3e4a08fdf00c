// Section `ingest`: what is accepted from collectors.
#pragma once

#include <cstdint>

#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/settings/setting.h"

namespace fleetmeter {

struct RateConfig {
  int64_t reports_per_second = 100'000;
  int64_t burst_reports = 200'000;
  int64_t bytes_per_second = 128 * kMiB;
  int64_t burst_bytes = 256 * kMiB;

  template <class Visitor>
  static void Describe(Visitor& visit) {
    visit(Setting{.key = "reports_per_second",
                  .help = "An identity may send so many reports a second, on average."},
          IntegerIn{1, 100'000'000}, &RateConfig::reports_per_second);
    visit(
        Setting{.key = "burst_reports",
                .help = "An identity that was silent may send so many reports at once. The number "
                        "is at least max_reports_per_batch."},
        IntegerIn{1, 1'000'000'000}, &RateConfig::burst_reports);
    visit(Setting{.key = "bytes_per_second",
                  .help = "An identity may send so many bytes a second, on average."},
          SizeIn{kKiB, 1'024 * kGiB}, &RateConfig::bytes_per_second);
    visit(Setting{.key = "burst_bytes",
                  .help = "An identity that was silent may send so many bytes at once. The size is "
                          "at least max_message."},
          SizeIn{kKiB, 1'024 * kGiB}, &RateConfig::burst_bytes);
  }
};

struct IngestConfig {
  int64_t queue_reports = 65'536;
  int64_t commit_reports = 2'048;
  int64_t max_message_bytes = 4 * kMiB;
  int64_t max_reports_per_batch = 512;
  int64_t max_streams = 4'096;
  int64_t buffer_bytes = kGiB;
  int64_t max_window_nanos = kHour;
  int64_t max_lateness_nanos = 7 * kDay;
  int64_t future_tolerance_nanos = 5 * kSecond;
  int64_t adjust_up_to_nanos = 90 * kDay;
  RateConfig rate;
  int64_t max_chips_per_source = 4'096;
  int64_t supply_factor = 2;
  int64_t max_sources_per_identity = 200'000;
  bool accept_replay = false;

  template <class Visitor>
  static void Describe(Visitor& visit) {
    visit(Setting{.key = "queue_reports",
                  .help = "At most this many reports of all streams together wait to be committed. "
                          "Senders are told to wait while the queue is full. A batch counts as at "
                          "least one report for each 16 groups and each 4 KiB, here and in "
                          "commit_reports and rate. With tls, no identity can fill all of the "
                          "queue."},
          IntegerIn{1, 10'000'000}, &IngestConfig::queue_reports);
    visit(
        Setting{.key = "commit_reports",
                .help = "At most this many reports are committed in one transaction. The number is "
                        "at most queue_reports."},
        IntegerIn{1, 1'000'000}, &IngestConfig::commit_reports);
    visit(Setting{.key = "max_message", .help = "Larger messages are refused."},
          SizeIn{kKiB, 64 * kMiB}, &IngestConfig::max_message_bytes);
    visit(Setting{.key = "max_reports_per_batch",
                  .help = "Batches with more reports are refused. The number is at most "
                          "queue_reports."},
          IntegerIn{1, 100'000}, &IngestConfig::max_reports_per_batch);
    visit(Setting{.key = "max_streams", .help = "At most this many streams are open at once."},
          IntegerIn{1, 10'000'000}, &IngestConfig::max_streams);
    visit(Setting{.key = "buffer",
                  .help = "gRPC's buffers for all collectors together may take this much memory. "
                          "Beyond it, gRPC reads less and takes no new connections."},
          SizeIn{64 * kMiB, 1'024 * kGiB}, &IngestConfig::buffer_bytes);
    DescribeWindows(visit);
    visit(Section{"rate",
                  "How much one identity may send. Who sends more is told to wait. Without tls all "
                  "senders together are one identity."},
          &IngestConfig::rate);
    DescribeSources(visit);
    visit(
        Setting{.key = "accept_replay",
                .help = "With true, streams may replay the past faster than real time. The ledger "
                        "then holds replayed usage like any other."},
        TrueOrFalse{}, &IngestConfig::accept_replay);
  }

 private:
  // What a sender may say that it holds.
  template <class Visitor>
  static void DescribeSources(Visitor& visit) {
    visit(Setting{.key = "max_chips_per_source",
                  .takes = Takes::kReload,
                  .help = "A report may list at most this many chips, or as many as its source "
                          "holds already. History may list any number."},
          IntegerIn{1, 10'000'000}, &IngestConfig::max_chips_per_source);
    visit(Setting{.key = "supply_factor",
                  .takes = Takes::kReload,
                  .help = "With tls, the sources of one identity together may hold at most this "
                          "many times the chips of a kind that the plan declares, but 256 chips of "
                          "each kind in any case. What a source holds already is not refused."},
          IntegerIn{1, 1'000}, &IngestConfig::supply_factor);
    visit(Setting{.key = "max_sources_per_identity",
                  .takes = Takes::kReload,
                  .help = "With tls, at most this many sources belong to one identity. Reports of "
                          "further ones are rejected."},
          IntegerIn{1, 100'000'000}, &IngestConfig::max_sources_per_identity);
  }

  // When a report's window may lie. The ledger is opened for the longest delay: what is rolled up
  // no longer changes.
  template <class Visitor>
  static void DescribeWindows(Visitor& visit) {
    visit(Setting{.key = "max_window", .help = "One report may cover at most this much time."},
          DurationIn{kSecond, kDay}, &IngestConfig::max_window_nanos);
    visit(Setting{.key = "max_lateness",
                  .help = "A report is booked in the hours that it covers if its window ended at "
                          "most this long ago by the daemon's clock."},
          DurationIn{kSecond, 90 * kDay}, &IngestConfig::max_lateness_nanos);
    visit(Setting{.key = "future_tolerance",
                  .takes = Takes::kReload,
                  .help = "A report's window may end this far ahead of the daemon's clock."},
          DurationIn{0, kHour}, &IngestConfig::future_tolerance_nanos);
    visit(Setting{.key = "adjust_up_to",
                  .help = "A report that is later than max_lateness is booked in the present hour, "
                          "as an adjustment, if its window ended at most this long ago. Later ones "
                          "are rejected."},
          DurationIn{0, 400 * kDay}, &IngestConfig::adjust_up_to_nanos);
  }
};

}  // namespace fleetmeter
