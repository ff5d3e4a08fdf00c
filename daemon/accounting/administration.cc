#include "daemon/accounting/administration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "daemon/accounting/reprice.h"
#include "daemon/base/clock.h"
#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"

namespace fleetmeter {
namespace {

constexpr size_t kMostNearest = 3;
constexpr size_t kMostReasonBytes = 1'000;

AdminAnswer Refused(absl::Status status) {
  AdminAnswer answer;
  answer.status = std::move(status);
  return answer;
}

AdminAnswer UnknownSource(const std::string& source, const LiveBooks& books) {
  std::vector<std::string> names;
  for (SourceFacts& facts : books.fleet.Sources()) names.push_back(std::move(facts.source));
  std::sort(names.begin(), names.end());
  const auto nearest = NearestNames(source, names, kMostNearest);
  return Refused(absl::NotFoundError(fmt::format(
      "{} is not a source that is known{}", Quoted(source),
      nearest.empty() ? "" : fmt::format("; the nearest are: {}", fmt::join(nearest, ", ")))));
}

AdminAnswer StillLive(const SourceFacts& facts, const std::string& what, int64_t now_unix_nanos) {
  return Refused(absl::FailedPreconditionError(fmt::format(
      "source {} is live: its latest report ended {} s ago; expected {}", Quoted(facts.source),
      std::max<int64_t>(0, now_unix_nanos - facts.counted_to_unix_nanos) / kNanosPerSecond, what)));
}

// The latest entry of the action about a source; nullptr: there is none.
const AdminEntry* LatestEntry(AdminAction action, const std::string& source,
                              const LiveBooks& books) {
  const auto found = std::find_if(
      books.entries.rbegin(), books.entries.rend(),
      [&](const AdminEntry& entry) { return entry.action == action && entry.source == source; });
  return found == books.entries.rend() ? nullptr : &*found;
}

AdminAnswer DoneBefore(const AdminEntry& entry) {
  AdminAnswer answer;
  answer.nothing_to_do = true;
  answer.entry = entry;
  return answer;
}

AdminAnswer Decided(const AdminOrder& order) {
  AdminAnswer answer;
  answer.entry.action = order.action;
  answer.entry.identity = order.identity;
  answer.entry.reason = order.reason;
  answer.entry.source = order.source;
  return answer;
}

// By segment, that no total leaves what it can be.
absl::Status CheckTotals(const AdminOrder& order, const RepriceResult& result,
                         const LiveBooks& books) {
  std::map<outcomes::Segment, int64_t> unpriced;
  // As for reports (count_outcome.cc): no total may come near the end of 64 bits.
  OutcomeChange change;
  for (const RepricedDay& day : result.days) {
    unpriced[{day.row.model, day.row.customer_tier}] += day.row.amounts.unpriced_requests;
    change.Count(kRevenueAmount, day.row.amounts.revenue_micro_usd);
    const OutcomeRoom room =
        books.outcomes.shares().RoomFor(order.identity, OutcomeKind::kInference, day.source);
    if (room.FirstBeyond(change) == kOutcomeAmounts.size()) continue;
    return absl::OutOfRangeError(
        "with it, all revenue in the books would be more than they can hold; expected smaller "
        "prices");
  }
  for (const auto& [segment, change] : unpriced) {
    const SegmentTotal total = books.outcomes.TotalOf(segment);
    if (total.reported.unpriced_requests + total.corrected.unpriced_requests + change >= 0) {
      continue;
    }
    return absl::FailedPreconditionError(fmt::format(
        "model {}, customer tier {}, would have fewer than 0 unpriced requests, since corrections "
        "took some away without saying which; expected a correction by its own report",
        Quoted(segment.model), Quoted(segment.customer_tier)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckReason(const AdminOrder& order) {
  if (order.reason.size() > kMostReasonBytes || FindInvalidUtf8(order.reason)) {
    return absl::InvalidArgumentError(
        fmt::format("reason is too long or no UTF-8; expected at most {} bytes", kMostReasonBytes));
  }
  if (!order.dry_run && order.reason.find_first_not_of(" \t\r\n") == std::string::npos) {
    return absl::InvalidArgumentError(
        "reason is empty; expected why, for whoever reads the entry later");
  }
  return absl::OkStatus();
}

AdminAnswer PrepareForget(const AdminOrder& order, const LiveBooks& books, int64_t now_unix_nanos) {
  const auto facts = books.fleet.FindSource(books.names.Of(order.source));
  if (!facts) {
    const AdminEntry* before = LatestEntry(AdminAction::kForget, order.source, books);
    return before == nullptr ? UnknownSource(order.source, books) : DoneBefore(*before);
  }
  if (facts->source != order.source) {
    return Refused(absl::FailedPreconditionError(
        fmt::format("{} is another name of source {}; expected the name of today",
                    Quoted(order.source), Quoted(facts->source))));
  }
  if (facts->state == SourceState::kHistory) {
    return Refused(absl::FailedPreconditionError(
        fmt::format("source {} has brought history only, and holds no chips; expected a source "
                    "that has reported itself",
                    Quoted(order.source))));
  }
  const bool live = facts->state == SourceState::kLive;
  if (live && facts->unlisted_micro_chips == 0) {
    return StillLive(*facts, "a source whose collector was stopped", now_unix_nanos);
  }
  if (!live && facts->micro_chips + facts->unlisted_micro_chips == 0) {
    if (const AdminEntry* before = LatestEntry(AdminAction::kForget, order.source, books)) {
      return DoneBefore(*before);
    }
  }
  AdminAnswer answer = Decided(order);
  answer.entry.whole_source = !live;
  answer.entry.micro_chips = facts->unlisted_micro_chips + (live ? 0 : facts->micro_chips);
  return answer;
}

AdminAnswer PrepareMove(const AdminOrder& order, const LiveBooks& books) {
  // One name may be that of a source of usage and of one of outcomes: both are moved.
  const auto facts = books.fleet.FindSource(books.names.Of(order.source));
  const bool of_outcomes = books.outcomes.HasSource(order.source);
  if (!facts && !of_outcomes) return UnknownSource(order.source, books);
  const bool of_usage = facts && facts->source == order.source;
  if (!of_usage && !of_outcomes) {
    return Refused(absl::FailedPreconditionError(
        fmt::format("{} is another name of source {}; expected the name of today",
                    Quoted(order.source), Quoted(facts->source))));
  }
  if ((!of_usage || facts->owner == order.new_owner) &&
      (!of_outcomes || books.outcomes.OwnerOf(order.source) == order.new_owner)) {
    const AdminEntry* before = LatestEntry(AdminAction::kMove, order.source, books);
    if (before != nullptr && before->new_owner == order.new_owner) return DoneBefore(*before);
    AdminAnswer answer;
    answer.nothing_to_do = true;
    return answer;
  }
  AdminAnswer answer = Decided(order);
  answer.entry.new_owner = order.new_owner;
  return answer;
}

AdminAnswer PrepareRename(const AdminOrder& order, const LiveBooks& books, int64_t now_unix_nanos) {
  if (order.source == order.new_source) {
    return Refused(absl::FailedPreconditionError("old and new name are the same"));
  }
  const std::string now_called = books.names.Of(order.source);
  const std::string target = books.names.Of(order.new_source);
  if (now_called == target) {
    if (now_called != order.source) {
      const AdminEntry* before = LatestEntry(AdminAction::kRename, order.source, books);
      if (before != nullptr) return DoneBefore(*before);
    }
    return Refused(absl::FailedPreconditionError(
        fmt::format("{} is another name of source {} already; expected the name of another source",
                    Quoted(order.new_source), Quoted(order.source))));
  }
  if (now_called != order.source) {
    return Refused(absl::FailedPreconditionError(
        fmt::format("{} is another name of source {} already; expected a name that is none",
                    Quoted(order.source), Quoted(now_called))));
  }
  const auto old = books.fleet.FindSource(order.source);
  if (!old) return UnknownSource(order.source, books);
  const auto found = books.fleet.FindSource(target);
  if (!found) return UnknownSource(order.new_source, books);
  if (old->state == SourceState::kLive) {
    return StillLive(*old, "a host that reports under one name; stop the collector of this name",
                     now_unix_nanos);
  }
  AdminAnswer answer = Decided(order);
  answer.entry.new_source = target;
  answer.entry.micro_chips = old->micro_chips + old->unlisted_micro_chips;
  return answer;
}

AdminAnswer PrepareReprice(const AdminOrder& order, const std::vector<InferenceDay>& booked,
                           const ReferenceData& reference, const LiveBooks& books) {
  const outcomes::PriceBook& prices = reference.outcomes.prices;
  if (prices.version() == 0) {
    return Refused(absl::FailedPreconditionError(
        "there is no price book in force; expected the setting outcomes.prices"));
  }
  auto result = Reprice(booked, prices);
  if (!result.ok()) return Refused(result.status());
  if (absl::Status status = CheckTotals(order, *result, books); !status.ok())
    return Refused(status);
  if (order.agreed_digest != 0 && !result->days.empty() && order.agreed_digest != result->digest) {
    return Refused(absl::FailedPreconditionError(
        "books or prices have changed since this was shown; expected to be asked again"));
  }
  AdminAnswer answer = Decided(order);
  answer.nothing_to_do = result->days.empty();
  answer.not_repriced = std::move(result->not_repriced);
  answer.digest = result->digest;
  answer.entry.from_day = order.from_day;
  answer.entry.to_day = order.to_day;
  answer.entry.old_price_book_version = result->old_price_book_version;
  answer.entry.price_book_version = prices.version();
  answer.entry.priced_requests = result->priced_requests;
  answer.entry.revenue_micro_usd = result->revenue_micro_usd;
  answer.entry.repriced = std::move(result->days);
  return answer;
}

}  // namespace fleetmeter
