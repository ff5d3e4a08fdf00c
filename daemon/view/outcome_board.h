// Keeps margin and capability worked out from the ledger, for scrapes and queries, and answers
// questions about other windows one at a time.
//
// Owned by the App. Thread-safe; all reading is done by a thread of its own over a connection of
// its own, so that neither the writer nor a scrape ever waits for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "daemon/base/clock.h"
#include "daemon/base/fair_share.h"
#include "daemon/base/mutex.h"
#include "daemon/domain/reference_data.h"
#include "daemon/ledger/read/read_told_times.h"
#include "daemon/view/outcome_review.h"

namespace fleetmeter {

struct WindowView {
  outcomes::Window window;
  std::vector<MarginAnswer> by_basis;  // as kCostBases
};

// What was worked out together. Immutable.
struct OutcomeView {
  int64_t as_of_unix_nanos = 0;
  DayZone zone;  // whose days and quarters they are
  double took_seconds = 0;
  std::shared_ptr<const ReferenceData> reference;  // whose rules it was worked out by
  std::vector<WindowView> windows;                 // the rules', in their order
  CapabilityAnswer capability;                     // up to the quarter of as_of
  // Since the books began, without history; they never shrink while the board lives, whatever is
  // corrected.
  std::map<std::pair<std::string, outcomes::CostBasis>, int64_t> booked_cost_micro_usd;
  std::map<std::pair<std::string, TrainingPhase>, double> training_h100e_seconds;
};

// The windows and the capability of a view, as of a time in seconds since 1970. `told` is what
// ReadToldTimes gives. Within a read transaction of the caller.
absl::StatusOr<OutcomeView> WorkOutOutcomes(Database& ledger, const outcomes::Rules& rules,
                                            const ToldTimes& told, int64_t now_unix_seconds);

class OutcomeBoard {
 public:
  struct Options {
    std::string ledger_path;
    int64_t refresh_nanos = 0;   // the shortest time between two refreshes
    size_t most_questions = 16;  // waiting
    FairShare::Sharing sharing = FairShare::Sharing::kAll;  // of these among who asks
    // The model in force, and a number that changes whenever something was committed. Called on the
    // board's thread; outlive it.
    std::function<std::shared_ptr<const ReferenceData>()> reference;
    std::function<uint64_t()> commits;
  };

  // `clock` outlives the board.
  OutcomeBoard(Options options, const Clock& clock);
  ~OutcomeBoard();
  OutcomeBoard(const OutcomeBoard&) = delete;
  OutcomeBoard& operator=(const OutcomeBoard&) = delete;

  void Start();
  // Ends the thread, breaking off what it reads; questions that wait are answered with Unavailable.
  void Stop();

  // Null before the first refresh has succeeded. After a failure the view before it stays.
  std::shared_ptr<const OutcomeView> view() const;
  // When the view was last known to be what the ledger says: later than its as_of where nothing has
  // happened since. 0: there is none.
  int64_t holds_as_of_unix_nanos() const;
  uint64_t failures() const;

  // A question for the ledger, answered on the board's thread within one read transaction: called
  // with the ledger, or with why there is none (null). False: too many wait, or the board has
  // stopped; it is then not called. Of several who ask, the one is next whose last answer is
  // longest ago.
  using Question = std::function<void(const absl::Status& status, Database* ledger)>;
  bool Ask(Question question, const std::string& identity = "");

 private:
  // What a refresh depends on; the same: nothing would change.
  struct Basis {
    uint64_t commits = 0;
    // Subscriptions accrue, and days of all zones end with one.
    int64_t quarter_hour = 0;
    std::shared_ptr<const ReferenceData> reference;
    friend bool operator==(const Basis&, const Basis&) = default;
  };

  struct Asked {
    std::string identity;
    Question question;
  };

  void Run();
  Question TakeNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Basis TakeBasis() const;
  void RefreshIfChanged();
  void Answer(const Question& question);
  absl::Status OpenLedger();
  absl::StatusOr<std::shared_ptr<OutcomeView>> WorkOut(const Basis& basis);

  const Options options_;
  const Clock& clock_;

  // Also asked by the ledger's connection, in the middle of a statement.
  std::atomic<bool> stopping_ = false;

  // The thread's own.
  std::unique_ptr<Database> ledger_;
  Basis refreshed_;  // with no model: never
  std::map<std::pair<std::string, outcomes::CostBasis>, int64_t> most_cost_;
  std::map<std::pair<std::string, TrainingPhase>, double> most_training_;
  int64_t rest_nanos_ = 0;  // until the next look

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Asked> questions_ ABSL_GUARDED_BY(mutex_);
  FairShare places_ ABSL_GUARDED_BY(mutex_);
  uint64_t answers_ ABSL_GUARDED_BY(mutex_) = 0;
  // The number of the last answer of who has asked lately.
  std::map<std::string, uint64_t> answered_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const OutcomeView> view_ ABSL_GUARDED_BY(mutex_);
  int64_t holds_as_of_unix_nanos_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t failures_ ABSL_GUARDED_BY(mutex_) = 0;

  std::thread thread_;
};

}  // namespace fleetmeter
