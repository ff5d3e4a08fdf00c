#include "daemon/ctl/ledger_outcomes.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/config/load_outcomes.h"
#include "daemon/ledger/read/read_outcomes.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/serve/query/outcome_answers.h"
#include "daemon/view/outcome_review.h"

namespace fleetmeter::ctl {
namespace {

// Asks the ledger's file within one transaction.
template <class Response, class Request>
absl::StatusOr<Response> AskLedger(const std::string& path, outcomes::Rules rules,
                                   const Request& request,
                                   absl::Status (*answer)(Database&, const OutcomeMoment&,
                                                          const Request&, Response*)) {
  const auto reference = std::make_shared<ReferenceData>();
  reference->outcomes = std::move(rules);
  const auto ledger = OpenLedgerToRead(path);
  if (!ledger.ok()) return ledger.status();
  const auto transaction = ReadTransaction::Begin(**ledger);
  if (!transaction.ok()) return transaction.status();
  Response response;
  const OutcomeMoment now = {.reference = reference, .unix_nanos = SystemClock().UnixNanos()};
  if (absl::Status status = answer(**ledger, now, request, &response); !status.ok()) return status;
  return response;
}

// Subscriptions are in the price book alone: without it their customers would seem to pay nothing.
absl::Status AnswerMarginByPrices(Database& ledger, const OutcomeMoment& now,
                                  const v1::GetMarginRequest& request, v1::MarginReport* response) {
  const absl::Status priced = CheckPriced(ledger, now.reference->outcomes);
  return priced.ok() ? AnswerMargin(ledger, now, request, response) : priced;
}

}  // namespace

absl::Status CheckPriced(Database& ledger, const outcomes::Rules& rules) {
  const auto newest = ReadNewestPriceBook(ledger);
  if (!newest.ok()) return newest.status();
  if (*newest == 0 || rules.prices.version() != 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("the ledger's revenue comes from a price book (version {}); expected it with "
                  "--prices, since only the price book has subscriptions",
                  *newest));
}

absl::StatusOr<v1::MarginReport> MarginOfLedger(const std::string& ledger,
                                                const std::string& prices,
                                                const v1::GetMarginRequest& request) {
  outcomes::Rules rules;
  if (!prices.empty()) {
    auto book = LoadPriceBook(prices);
    if (!book.ok()) return book.status();
    rules.prices = *std::move(book);
  }
  return AskLedger(ledger, std::move(rules), request, AnswerMarginByPrices);
}

absl::StatusOr<v1::CapabilityReport> CapabilityOfLedger(const std::string& ledger,
                                                        const std::string& suite,
                                                        const v1::GetCapabilityRequest& request) {
  auto loaded = LoadBenchmarkSuite(suite);
  if (!loaded.ok()) return loaded.status();
  outcomes::Rules rules;
  rules.suite = *std::move(loaded);
  return AskLedger(ledger, std::move(rules), request, AnswerCapability);
}

}  // namespace fleetmeter::ctl
