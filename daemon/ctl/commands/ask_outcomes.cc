#include "daemon/ctl/commands/ask_outcomes.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/config/load_outcomes.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ledger/read/read_outcomes.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/serve/query/outcome_answers.h"
#include "daemon/view/outcome_review.h"

namespace fleetmeter::ctl {
namespace {

v1::GetMarginRequest RequestOf(const OutcomesFlags& flags) {
  v1::GetMarginRequest request;
  request.set_basis(flags.basis);
  request.set_limit(flags.limit);
  if (flags.to_unix_seconds) {
    request.set_to_unix_seconds(*flags.to_unix_seconds);
    request.set_from_unix_seconds(*flags.to_unix_seconds -
                                  flags.window.value_or(kDefaultWindow).days * kSecondsPerDay);
  } else {
    request.set_window(flags.window.value_or(kDefaultWindow).name);
  }
  return request;
}

v1::GetCapabilityRequest CapabilityRequestOf(const OutcomesFlags& flags) {
  v1::GetCapabilityRequest request;
  if (flags.until_unix_seconds) request.set_until_unix_seconds(*flags.until_unix_seconds);
  return request;
}

// What the files of the command line say; where they say nothing, the rules are the defaults.
absl::StatusOr<std::shared_ptr<const ReferenceData>> RulesOf(const OutcomesFlags& flags) {
  auto reference = std::make_shared<ReferenceData>();
  if (!flags.prices.empty()) {
    auto prices = LoadPriceBook(flags.prices);
    if (!prices.ok()) return prices.status();
    reference->outcomes.prices = *std::move(prices);
  }
  if (!flags.suite.empty()) {
    auto suite = LoadBenchmarkSuite(flags.suite);
    if (!suite.ok()) return suite.status();
    reference->outcomes.suite = *std::move(suite);
  }
  return reference;
}

// Asks the ledger's file within one transaction.
template <class Response, class Request>
absl::StatusOr<Response> AskLedger(const OutcomesFlags& flags, const Request& request,
                                   absl::Status (*answer)(Database&, const OutcomeMoment&,
                                                          const Request&, Response*)) {
  const auto reference = RulesOf(flags);
  if (!reference.ok()) return reference.status();
  const auto ledger = OpenLedgerToRead(flags.ledger);
  if (!ledger.ok()) return ledger.status();
  const auto transaction = ReadTransaction::Begin(**ledger);
  if (!transaction.ok()) return transaction.status();
  Response response;
  const OutcomeMoment now = {.reference = *reference, .unix_nanos = SystemClock().UnixNanos()};
  if (absl::Status status = answer(**ledger, now, request, &response); !status.ok()) return status;
  return response;
}

// Subscriptions are in the price book alone: without it their customers would seem to pay nothing.
absl::Status AnswerMarginByPrices(Database& ledger, const OutcomeMoment& now,
                                  const v1::GetMarginRequest& request, v1::MarginReport* response) {
  const auto newest = ReadNewestPriceBook(ledger);
  if (!newest.ok()) return newest.status();
  if (*newest > 0 && now.reference->outcomes.prices.version() == 0) {
    return absl::FailedPreconditionError(
        fmt::format("the ledger's revenue comes from a price book (version {}); expected it with "
                    "--prices, since subscriptions are nowhere else",
                    *newest));
  }
  return AnswerMargin(ledger, now, request, response);
}

}  // namespace

absl::StatusOr<v1::MarginReport> AskMargin(const Flags& flags) {
  const v1::GetMarginRequest request = RequestOf(flags.outcomes);
  if (flags.outcomes.ledger.empty()) {
    return QueryClient(flags.address, flags.timeout, flags.tls).GetMargin(request);
  }
  return AskLedger(flags.outcomes, request, AnswerMarginByPrices);
}

absl::StatusOr<v1::CapabilityReport> AskCapability(const Flags& flags) {
  const v1::GetCapabilityRequest request = CapabilityRequestOf(flags.outcomes);
  if (flags.outcomes.ledger.empty()) {
    return QueryClient(flags.address, flags.timeout, flags.tls).GetCapability(request);
  }
  return AskLedger(flags.outcomes, request, AnswerCapability);
}

}  // namespace fleetmeter::ctl
