#include "daemon/serve/query/admin_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "daemon/base/text.h"
#include "daemon/ledger/usage_amounts.h"
#include "daemon/security/spiffe_id.h"

namespace fleetmeter {
namespace {

constexpr uint32_t kDefaultSources = 1'000;
constexpr uint32_t kMostSources = 10'000;
constexpr size_t kMostDifferences = 10'000;
constexpr int64_t kDaySeconds = 86'400;
constexpr int64_t kLastDay = 7'258'118'400;  // 2200-01-01

// In the order in which they are listed: first what needs a statement.
constexpr std::array kListedStates = {
    SourceState::kUnaccounted, SourceState::kRejected, SourceState::kSilent,  SourceState::kLive,
    SourceState::kForgotten,   SourceState::kHistory,  SourceState::kOutcomes};

absl::Status WrongField(const std::string& field, const std::string& what) {
  return absl::InvalidArgumentError(fmt::format("{} {}", field, what));
}

absl::Status CheckDays(const AdminOrder& order) {
  if (order.from_day < 0 || order.from_day % kDaySeconds != 0 || order.to_day > kLastDay ||
      order.to_day % kDaySeconds != 0) {
    return WrongField(
        "from_day_unix_seconds, to_day_unix_seconds",
        fmt::format("are {} and {}; expected starts of UTC days", order.from_day, order.to_day));
  }
  if (order.from_day < order.to_day) return absl::OkStatus();
  return WrongField("to_day_unix_seconds", "is not after from_day_unix_seconds; expected a day");
}

// Unaccounted chips of a live or silent source need a statement too.
int ListedAt(const SourceFacts& facts) {
  if (facts.unlisted_micro_chips > 0) return 0;
  const auto* at = std::find(kListedStates.begin(), kListedStates.end(), facts.state);
  return static_cast<int>(at - kListedStates.begin());
}

bool IsSourceState(std::string_view text) {
  return std::any_of(kListedStates.begin(), kListedStates.end(),
                     [&](SourceState state) { return Name(state) == text; });
}

// Where a source is in the list. A page goes on after a place, so that sources that come and go
// meanwhile make no other one be listed twice or left out.
using SourcePlace = std::pair<int, std::string>;

SourcePlace PlaceOf(const Writer::NamedSource& source) {
  return {ListedAt(source.facts), source.facts.source};
}

std::string PlaceText(const SourcePlace& place) {
  return fmt::format("{}:{}", place.first, place.second);
}

std::optional<SourcePlace> ReadPlace(const std::string& token) {
  if (token.size() < 2 || token[0] < '0' || token[0] > '9' || token[1] != ':') return std::nullopt;
  return SourcePlace{token[0] - '0', token.substr(2)};
}

// Whether a source is not heard that was.
bool IsSilent(SourceState state) {
  return state == SourceState::kSilent || state == SourceState::kUnaccounted ||
         state == SourceState::kRejected;
}

v1::Source SourceMessage(const Writer::NamedSource& source) {
  v1::Source message;
  message.set_source(source.facts.source);
  message.set_state(std::string(Name(source.facts.state)));
  if (source.facts.counted_to_unix_nanos > 0) {
    message.set_counted_to_unix_nanos(source.facts.counted_to_unix_nanos);
    message.set_counted_from_unix_nanos(source.facts.counted_from_unix_nanos);
    if (IsSilent(source.facts.state)) {
      message.set_silent_since_unix_nanos(source.facts.counted_to_unix_nanos);
    }
  }
  if (source.facts.state != SourceState::kOutcomes && source.facts.counted_to_unix_nanos > 0) {
    message.set_micro_chips(source.facts.micro_chips);
    message.set_unlisted_micro_chips(source.facts.unlisted_micro_chips);
  }
  for (const std::string& name : source.other_names) message.add_other_names(name);
  message.set_owner(source.facts.owner);
  if (source.foreign) {
    message.set_foreign_reports(source.foreign->reports);
    message.set_foreign_identity(source.foreign->identity);
    message.set_foreign_unix_nanos(source.foreign->latest_unix_nanos);
  }
  return message;
}

void FillDifferences(const std::vector<RepricedDay>& repriced, v1::DecisionResponse* response) {
  using Key = std::tuple<int64_t, std::string, std::string, std::string>;
  std::map<Key, std::pair<int64_t, int64_t>> sums;  // requests and revenue
  for (const RepricedDay& day : repriced) {
    auto& [requests, revenue] =
        sums[{day.day_start, day.source, day.row.model, day.row.customer_tier}];
    requests -= day.row.amounts.unpriced_requests;
    revenue += day.row.amounts.revenue_micro_usd;
  }
  for (const auto& [key, sum] : sums) {
    if (static_cast<size_t>(response->differences_size()) == kMostDifferences) break;
    v1::Difference& difference = *response->add_differences();
    difference.set_day_unix_seconds(std::get<0>(key));
    difference.set_source(std::get<1>(key));
    difference.set_model(std::get<2>(key));
    difference.set_customer_tier(std::get<3>(key));
    difference.set_priced_requests(sum.first);
    difference.set_revenue_micro_usd(sum.second);
  }
  response->set_more_differences(sums.size() - static_cast<size_t>(response->differences_size()));
}

// Capital letters of ASCII are as small ones.
bool Has(const std::string& name, const std::string& text) {
  const auto same = [](unsigned char a, unsigned char b) {
    return absl::ascii_tolower(a) == absl::ascii_tolower(b);
  };
  return std::search(name.begin(), name.end(), text.begin(), text.end(), same) != name.end();
}

bool IsAskedFor(const Writer::NamedSource& source, const v1::ListSourcesRequest& request) {
  if (!request.state().empty() && Name(source.facts.state) != request.state()) return false;
  const std::string& text = request.find();
  return text.empty() || Has(source.facts.source, text) || Has(source.facts.owner, text) ||
         std::any_of(source.other_names.begin(), source.other_names.end(),
                     [&text](const std::string& name) { return Has(name, text); });
}

}  // namespace

absl::Status CheckOrder(const AdminOrder& order) {
  if (absl::Status reason = CheckReason(order); !reason.ok()) return reason;
  if (order.action == AdminAction::kReprice) return CheckDays(order);
  if (order.source.empty()) return WrongField("source", "is empty; expected the name of a source");
  if (order.action == AdminAction::kRename && order.new_source.empty()) {
    return WrongField("new_source", "is empty; expected the name of a source");
  }
  if (order.action != AdminAction::kMove) return absl::OkStatus();
  if (const auto id = ParseSpiffeId(order.new_owner); !id.ok()) {
    return WrongField("identity", std::string(id.status().message()));
  }
  return absl::OkStatus();
}

v1::Entry EntryMessage(const AdminEntry& entry) {
  v1::Entry message;
  message.set_number(entry.number);
  message.set_entered_unix_nanos(entry.entered_unix_nanos);
  message.set_action(std::string(Name(entry.action)));
  message.set_identity(entry.identity);
  message.set_reason(entry.reason);
  message.set_source(entry.source);
  message.set_new_source(entry.new_source);
  message.set_new_owner(entry.new_owner);
  message.set_micro_chips(entry.micro_chips);
  message.set_whole_source(entry.whole_source);
  message.set_from_day_unix_seconds(entry.from_day);
  message.set_to_day_unix_seconds(entry.to_day);
  message.set_old_price_book_version(entry.old_price_book_version);
  message.set_price_book_version(entry.price_book_version);
  message.set_priced_requests(entry.priced_requests);
  message.set_revenue_micro_usd(entry.revenue_micro_usd);
  UsageAmounts net;
  net.chips = entry.chip_nanos;
  net.busy = entry.busy_chip_nanos;
  const auto columns = ToColumns(net);
  message.set_windows(entry.windows);
  message.set_chip_seconds(columns[0]);
  message.set_chip_nanos(columns[1]);
  message.set_busy_chip_seconds(columns[2]);
  message.set_busy_chip_nanos(columns[3]);
  return message;
}

absl::Status FillSources(std::vector<Writer::NamedSource> sources,
                         const v1::ListSourcesRequest& request, v1::ListSourcesResponse* response) {
  if (!request.state().empty() && !IsSourceState(request.state())) {
    return WrongField("state", fmt::format("is {}; expected live, silent, unaccounted, rejected, "
                                           "history, forgotten or outcomes",
                                           Quoted(request.state())));
  }
  std::erase_if(sources, [&request](const Writer::NamedSource& source) {
    return !IsAskedFor(source, request);
  });
  std::stable_sort(sources.begin(), sources.end(),
                   [](const Writer::NamedSource& a, const Writer::NamedSource& b) {
                     return ListedAt(a.facts) < ListedAt(b.facts);
                   });
  response->set_total(sources.size());
  auto at = sources.begin();
  if (!request.page_token().empty()) {
    const auto after = ReadPlace(request.page_token());
    if (!after) return WrongField("page_token", "is of no page; begin again without it");
    at = std::partition_point(
        sources.begin(), sources.end(),
        [&](const Writer::NamedSource& source) { return PlaceOf(source) <= *after; });
  }
  const uint32_t most = request.most() == 0 ? kDefaultSources : request.most();
  for (; at != sources.end() &&
         static_cast<uint32_t>(response->sources_size()) < std::min(most, kMostSources);
       ++at) {
    *response->add_sources() = SourceMessage(*at);
  }
  if (at != sources.end()) response->set_next_page_token(PlaceText(PlaceOf(*std::prev(at))));
  return absl::OkStatus();
}

void FillDecision(const AdminAnswer& answer, v1::DecisionResponse* response) {
  *response->mutable_entry() = EntryMessage(answer.entry);
  response->set_nothing_to_do(answer.nothing_to_do);
  response->set_digest(answer.digest);
  FillDifferences(answer.entry.repriced, response);
  for (const NotRepriced& left : answer.not_repriced) {
    v1::NotRepriced& message = *response->add_not_repriced();
    message.set_model(left.model);
    message.set_customer_tier(left.customer_tier);
    message.set_why(left.why);
    message.set_requests(left.requests);
  }
}

}  // namespace fleetmeter
