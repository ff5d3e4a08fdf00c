#include "daemon/view/outcome_board.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "daemon/base/units.h"
#include "daemon/ledger/sqlite/ledger_file.h"

namespace fleetmeter {
namespace {

// At most this part of the time is spent on refreshing, however large the ledger.
constexpr int64_t kRestPerWork = 9;
// Steps of SQLite's machine between two looks at whether to stop: some milliseconds of them.
constexpr int kStepsPerLook = 100'000;
// Of those who ask, for fairness among them.
constexpr size_t kMostAskers = 1'024;

// Lets no figure fall below what it was: counters only grow.
template <class Key, class Amount>
void KeepMost(const std::map<Key, Amount>& now, std::map<Key, Amount>* most) {
  for (const auto& [key, amount] : now) {
    Amount& highest = (*most)[key];
    highest = std::max(highest, amount);
  }
}

// Not 0: the statement ends.
int IsSet(void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0; }

}  // namespace

absl::StatusOr<OutcomeView> WorkOutOutcomes(Database& ledger, const outcomes::Rules& rules,
                                            const ToldTimes& told, int64_t now_unix_seconds) {
  const int64_t now = now_unix_seconds;
  const int64_t today = told.zone.Local(now);
  OutcomeView view;
  view.zone = told.zone;
  for (const outcomes::Window& window : rules.windows) {
    const auto facts =
        ReadMarginFacts(ledger, rules, told, outcomes::TrailingDays(window.days, today), now);
    if (!facts.ok()) return facts.status();
    WindowView& added = view.windows.emplace_back();
    added.window = window;
    for (const outcomes::CostBasis cost : outcomes::kCostBases) {
      auto answer = ReviewFacts(*facts, cost, rules);
      if (!answer.ok()) return answer.status();
      added.by_basis.push_back(*std::move(answer));
    }
  }
  auto capability = ReadCapability(ledger, rules, QuarterNumber(today), now);
  if (!capability.ok()) return capability.status();
  view.capability = *std::move(capability);
  return view;
}

OutcomeBoard::OutcomeBoard(Options options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      places_(options_.most_questions, options_.sharing) {}

OutcomeBoard::~OutcomeBoard() { Stop(); }

void OutcomeBoard::Start() {
  thread_ = std::thread([this] { Run(); });
}

void OutcomeBoard::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const OutcomeView> OutcomeBoard::view() const {
  MutexLock lock(mutex_);
  return view_;
}

int64_t OutcomeBoard::holds_as_of_unix_nanos() const {
  MutexLock lock(mutex_);
  return holds_as_of_unix_nanos_;
}

uint64_t OutcomeBoard::failures() const {
  MutexLock lock(mutex_);
  return failures_;
}

bool OutcomeBoard::Ask(Question question, const std::string& identity) {
  MutexLock lock(mutex_);
  if (stopping_ || !places_.TryTake(identity)) return false;
  questions_.push_back({identity, std::move(question)});
  changed_.NotifyAll();
  return true;
}

OutcomeBoard::Question OutcomeBoard::TakeNext() {
  const auto last_answer = [this](const Asked& asked) {
    mutex_.AssertHeld();
    const auto found = answered_.find(asked.identity);
    return found == answered_.end() ? 0 : found->second;
  };
  // The first of those, so that one who asks is answered in order.
  auto next = questions_.begin();
  for (auto each = next; each != questions_.end(); ++each) {
    if (last_answer(*each) < last_answer(*next)) next = each;
  }
  if (answered_.size() >= kMostAskers) answered_.clear();
  answered_[next->identity] = ++answers_;
  places_.GiveBack(next->identity);
  Question question = std::move(next->question);
  questions_.erase(next);
  return question;
}

void OutcomeBoard::Run() {
  auto look_at = std::chrono::steady_clock::now();
  for (;;) {
    Question question;
    bool stopping = false;
    {
      MutexLock lock(mutex_);
      while (!stopping_ && questions_.empty() && changed_.WaitUntil(mutex_, look_at)) {
      }
      stopping = stopping_;
      if (!questions_.empty()) question = TakeNext();
    }
    if (question && stopping) {
      question(absl::UnavailableError("the daemon is stopping"), nullptr);
    } else if (question) {
      Answer(question);
    } else if (stopping) {
      return;
    }
    if (std::chrono::steady_clock::now() < look_at) continue;
    RefreshIfChanged();
    look_at = std::chrono::steady_clock::now() + std::chrono::nanoseconds(rest_nanos_);
  }
}

OutcomeBoard::Basis OutcomeBoard::TakeBasis() const {
  return {.commits = options_.commits(),
          .quarter_hour = clock_.UnixNanos() / (kHour / 4),
          .reference = options_.reference()};
}

void OutcomeBoard::RefreshIfChanged() {
  rest_nanos_ = options_.refresh_nanos;
  const Basis basis = TakeBasis();
  if (basis == refreshed_) {
    MutexLock lock(mutex_);
    holds_as_of_unix_nanos_ = clock_.UnixNanos();
    return;
  }
  const int64_t begin = clock_.MonotonicNanos();
  auto view = WorkOut(basis);
  const int64_t took = clock_.MonotonicNanos() - begin;
  rest_nanos_ = std::max(options_.refresh_nanos, kRestPerWork * took);
  if (!view.ok()) {
    if (stopping_) return;
    // A connection to a file that was replaced or repaired would stay with what it had.
    ledger_.reset();
    spdlog::error("outcomes could not be worked out, what was known before is shown: {}",
                  std::string(view.status().message()));
    MutexLock lock(mutex_);
    ++failures_;
    return;
  }
  refreshed_ = basis;
  (*view)->took_seconds = static_cast<double>(took) / kNanosPerSecond;
  MutexLock lock(mutex_);
  holds_as_of_unix_nanos_ = (*view)->as_of_unix_nanos;
  view_ = *std::move(view);
}

absl::Status OutcomeBoard::OpenLedger() {
  if (ledger_) return absl::OkStatus();
  auto ledger = OpenLedgerToRead(options_.ledger_path);
  if (!ledger.ok()) return ledger.status();
  ledger_ = *std::move(ledger);
  sqlite3_progress_handler(ledger_->connection(), kStepsPerLook, IsSet, &stopping_);
  return absl::OkStatus();
}

void OutcomeBoard::Answer(const Question& question) {
  absl::Status opened = OpenLedger();
  if (!opened.ok()) return question(opened, nullptr);
  const auto transaction = ReadTransaction::Begin(*ledger_);
  if (transaction.ok()) return question(absl::OkStatus(), ledger_.get());
  ledger_.reset();
  question(transaction.status(), nullptr);
}

absl::StatusOr<std::shared_ptr<OutcomeView>> OutcomeBoard::WorkOut(const Basis& basis) {
  if (absl::Status opened = OpenLedger(); !opened.ok()) return opened;
  const auto transaction = ReadTransaction::Begin(*ledger_);
  if (!transaction.ok()) return transaction.status();
  const outcomes::Rules& rules = basis.reference->outcomes;
  const int64_t now_nanos = clock_.UnixNanos();
  const int64_t now = now_nanos / kNanosPerSecond;
  const auto told = ReadToldTimes(*ledger_);
  if (!told.ok()) return told.status();
  auto worked_out = WorkOutOutcomes(*ledger_, rules, *told, now);
  if (!worked_out.ok()) return worked_out.status();
  const auto view = std::make_shared<OutcomeView>(*std::move(worked_out));
  view->as_of_unix_nanos = now_nanos;
  view->reference = basis.reference;
  const auto costs = ReadBookedCosts(*ledger_);
  if (!costs.ok()) return costs.status();
  std::map<std::pair<std::string, outcomes::CostBasis>, int64_t> cost_now;
  for (const BookedCost& cost : *costs) cost_now[{cost.model, cost.basis}] = cost.micro_usd;
  KeepMost(cost_now, &most_cost_);
  const auto training = ReadTrainingSeconds(*ledger_, rules);
  if (!training.ok()) return training.status();
  KeepMost(*training, &most_training_);
  view->booked_cost_micro_usd = most_cost_;
  view->training_h100e_seconds = most_training_;
  return view;
}

}  // namespace fleetmeter
