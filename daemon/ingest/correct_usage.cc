#include "daemon/ingest/correct_usage.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "absl/numeric/int128.h"
#include "daemon/base/clock.h"
#include "daemon/ingest/decode_label.h"
#include "daemon/ingest/decode_report.h"
#include "daemon/wire/chip_state.h"

namespace fleetmeter {
namespace {

constexpr size_t kMostUsageDifferences = 10'000;

grpc::Status WrongCorrection(const std::string& what) {
  return {grpc::StatusCode::INVALID_ARGUMENT, what};
}

v1::CorrectUsageResponse::Standing ToWire(UsageStanding standing) {
  switch (standing) {
    case UsageStanding::kNew:
      return v1::CorrectUsageResponse::NEW;
    case UsageStanding::kUnchanged:
      return v1::CorrectUsageResponse::UNCHANGED;
    case UsageStanding::kChanged:
      return v1::CorrectUsageResponse::CHANGED;
    case UsageStanding::kPartial:
      return v1::CorrectUsageResponse::PARTIAL;
  }
  return v1::CorrectUsageResponse::STANDING_UNSPECIFIED;
}

void Fill(absl::int128 chip_nanos, v1::ChipTime* to) {
  to->set_seconds(static_cast<int64_t>(chip_nanos / kNanosPerSecond));
  to->set_nanos(static_cast<int32_t>(chip_nanos % kNanosPerSecond));
}

void Fill(const UsageChange& from, v1::UsageDifference* to) {
  to->set_day_unix_seconds(from.day);
  v1::UsageGroup& use = *to->mutable_use();
  use.set_state(fleetmeter::ToWire(from.group.state));
  use.set_chip(from.group.chip);
  use.set_pool(from.group.pool);
  use.set_team(from.group.team);
  use.set_workload(from.group.workload);
  use.set_workload_type(from.group.workload_type);
  use.set_model(from.group.model);
  use.set_run(from.group.run);
  use.set_signal(from.group.signal);
  Fill(from.chips_before, to->mutable_chips_before());
  Fill(from.chips_after, to->mutable_chips_after());
  Fill(from.busy_before, to->mutable_busy_before());
  Fill(from.busy_after, to->mutable_busy_after());
}

}  // namespace

grpc::Status DecodeUsageCorrection(const v1::CorrectUsageRequest& request, AdminOrder* order) {
  if (request.source().empty()) return WrongCorrection("source is empty; expected a name");
  if (const auto bad = CheckLabel(request.source(), "source")) return WrongCorrection(bad->detail);
  order->action = AdminAction::kCorrectUsage;
  order->source = request.source();
  order->reason = request.reason();
  order->dry_run = request.preview();
  order->agreed_digest = request.agreed_digest();
  order->told.source = request.source();
  if (request.has_covers()) {
    const TimeSpan covers{request.covers().start_unix_nanos(), request.covers().end_unix_nanos()};
    if (covers.start_unix_nanos < 0 || covers.start_unix_nanos >= covers.end_unix_nanos) {
      return WrongCorrection("covers: expected an end after its start, and a start of 0 or more");
    }
    order->told.covers = covers;
  }
  for (int i = 0; i < request.reports_size(); ++i) {
    v1::UsageReport wire = request.reports(i);
    wire.set_sequence(1);
    SequencedReport decoded = DecodeReport(wire);
    if (decoded.rejection) {
      return WrongCorrection(fmt::format("reports[{}].{}: {}", i, decoded.rejection->field,
                                         decoded.rejection->detail));
    }
    order->told.reports.push_back(std::move(decoded.report));
  }
  if (absl::Status reason = CheckReason(*order); !reason.ok()) {
    return WrongCorrection(std::string(reason.message()));
  }
  return grpc::Status::OK;
}

void FillUsageCorrection(const AdminAnswer& answer, bool preview,
                         v1::CorrectUsageResponse* response) {
  for (const UsageStanding standing : answer.standings) response->add_standings(ToWire(standing));
  for (const UsageChange& change : answer.usage_changes) {
    if (static_cast<size_t>(response->differences_size()) == kMostUsageDifferences) break;
    Fill(change, response->add_differences());
  }
  response->set_more_differences(answer.usage_changes.size() -
                                 static_cast<size_t>(response->differences_size()));
  response->set_digest(answer.digest);
  response->set_nothing_to_do(answer.nothing_to_do);
  response->set_windows(answer.entry.windows);
  if (!preview && !answer.nothing_to_do) response->set_entry_number(answer.entry.number);
}

}  // namespace fleetmeter
