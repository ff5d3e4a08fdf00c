#include "daemon/app/outcomes_part.h"

namespace fleetmeter {

OutcomesPart::OutcomesPart(const DaemonConfig& config, const Writer& writer, AccessControl& access,
                           DaemonProbe& probe, const Clock& clock)
    : writer_(writer) {
  if (!config.ledger.path.empty()) {
    OutcomeBoard::Options options;
    options.ledger_path = config.ledger.path;
    options.refresh_nanos = config.outcomes.refresh_nanos;
    // Without TLS all callers are one identity.
    options.sharing = config.tls ? FairShare::Sharing::kFair : FairShare::Sharing::kAll;
    options.reference = [&writer] { return writer.reference(); };
    options.commits = [&writer] { return writer.outcome_commits(); };
    board_ = std::make_unique<OutcomeBoard>(std::move(options), clock);
    spending_ = std::make_unique<SpendingBoard>(
        *board_,
        SpendingBoard::Options{.refresh_nanos = config.outcomes.refresh_nanos,
                               .reference = [&writer] { return writer.reference(); }},
        clock);
  }
  questions_ = std::make_unique<LedgerQuestions>(board_.get(), writer, probe, clock);
  service_ = std::make_unique<OutcomeService>(*questions_, writer, access);
  service_of_ingest_ = std::make_unique<OutcomeService>(*questions_, writer, access);
}

void OutcomesPart::Start() {
  if (board_) board_->Start();
}

OutcomeFacts OutcomesPart::Facts() const {
  OutcomeFacts facts;
  facts.totals = writer_.TakeSegmentTotals();
  facts.reference = writer_.reference();
  if (board_) {
    facts.view = board_->view();
    facts.view_holds_as_of_unix_nanos = board_->holds_as_of_unix_nanos();
    facts.refresh_failures = board_->failures();
  }
  return facts;
}

SpendingFacts OutcomesPart::Spending() const {
  if (!spending_) return {};
  return {.view = spending_->Look(), .refresh_failures = spending_->failures()};
}

void OutcomesPart::Stop() {
  if (board_) board_->Stop();
}

}  // namespace fleetmeter
