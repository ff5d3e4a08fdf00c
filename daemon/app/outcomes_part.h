// What of the daemon works outcomes out: the board, where the ledger is a file, and the service.
//
// Owned by the App. Thread-safe where its parts are.
#pragma once

#include <memory>

#include "daemon/config/daemon_config.h"
#include "daemon/serve/metrics/outcome_figures.h"
#include "daemon/serve/metrics/spending_metrics.h"
#include "daemon/serve/query/ledger_questions.h"
#include "daemon/serve/query/outcome_service.h"

namespace fleetmeter {

class OutcomesPart {
 public:
  // All outlive the part.
  OutcomesPart(const DaemonConfig& config, const Writer& writer, AccessControl& access,
               DaemonProbe& probe, const Clock& clock);
  // Stops first: questions that wait are answered by the service.
  ~OutcomesPart() { Stop(); }
  OutcomesPart(const OutcomesPart&) = delete;
  OutcomesPart& operator=(const OutcomesPart&) = delete;

  // Once the writer has started.
  void Start();
  // What anybody asks the ledger goes this way.
  LedgerQuestions& questions() { return *questions_; }
  OutcomeService& service() { return *service_; }
  // Another for the listener of ingest: a service belongs to one server.
  OutcomeService& service_of_ingest() { return *service_of_ingest_; }
  // What /metrics shows of outcomes, and which segments have series of their own.
  OutcomeFacts Facts() const;
  SegmentSeries& segments() { return segments_; }
  // What /metrics shows of budgets and lending; has it worked out anew where it is old.
  SpendingFacts Spending() const;
  // Answers what waits; from then on what was known stays.
  void Stop();

 private:
  const Writer& writer_;
  SegmentSeries segments_;
  std::unique_ptr<OutcomeBoard> board_;      // null: the ledger is in memory
  std::unique_ptr<SpendingBoard> spending_;  // null likewise
  std::unique_ptr<LedgerQuestions> questions_;
  std::unique_ptr<OutcomeService> service_;
  std::unique_ptr<OutcomeService> service_of_ingest_;
};

}  // namespace fleetmeter
