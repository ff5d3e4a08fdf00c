#include "daemon/view/grant_board.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/view/outcome_review.h"

namespace fleetmeter {
namespace {

// At most a tenth of the time is spent on refreshing, however large the ledger.
constexpr int64_t kRestsPerRefresh = 9;
// Steps of SQLite's machine between two looks at whether to stop: some milliseconds of them.
constexpr int kStepsBetweenLooks = 100'000;

// Not 0: the statement ends.
int MustStop(void* flag) { return static_cast<const std::atomic<bool>*>(flag)->load() ? 1 : 0; }

}  // namespace

GrantBoard::GrantBoard(Options options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

GrantBoard::~GrantBoard() { Stop(); }

void GrantBoard::Start() {
  thread_ = std::thread([this] { Run(); });
}

void GrantBoard::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const GrantsView> GrantBoard::view() const {
  MutexLock lock(mutex_);
  return view_;
}

uint64_t GrantBoard::failures() const {
  MutexLock lock(mutex_);
  return failures_;
}

void GrantBoard::Run() {
  while (!stopping_) {
    RefreshIfChanged();
    const auto look_at = std::chrono::steady_clock::now() + std::chrono::nanoseconds(rest_nanos_);
    MutexLock lock(mutex_);
    while (!stopping_ && changed_.WaitUntil(mutex_, look_at)) {
    }
  }
}

void GrantBoard::RefreshIfChanged() {
  rest_nanos_ = options_.refresh_nanos;
  const Basis basis = {.book = options_.book(), .quarter_hour = clock_.UnixNanos() / (kHour / 4)};
  if (basis == refreshed_) return;
  const int64_t begin = clock_.MonotonicNanos();
  auto view = WorkOut(*basis.book);
  rest_nanos_ =
      std::max(options_.refresh_nanos, kRestsPerRefresh * (clock_.MonotonicNanos() - begin));
  if (!view.ok()) {
    if (stopping_) return;
    // A connection to a file that was replaced or repaired would stay with what it had.
    ledger_.reset();
    spdlog::error("the use of grants could not be worked out, what was known before is shown: {}",
                  std::string(view.status().message()));
    MutexLock lock(mutex_);
    ++failures_;
    return;
  }
  refreshed_ = basis;
  MutexLock lock(mutex_);
  view_ = std::make_shared<const GrantsView>(*std::move(view));
}

absl::Status GrantBoard::OpenLedger() {
  if (ledger_) return absl::OkStatus();
  auto ledger = OpenLedgerToRead(options_.ledger_path);
  if (!ledger.ok()) return ledger.status();
  ledger_ = *std::move(ledger);
  sqlite3_progress_handler(ledger_->connection(), kStepsBetweenLooks, MustStop, &stopping_);
  return absl::OkStatus();
}

absl::StatusOr<GrantsView> GrantBoard::WorkOut(const capacity::CapacityBook& book) {
  if (absl::Status opened = OpenLedger(); !opened.ok()) return opened;
  const auto transaction = ReadTransaction::Begin(*ledger_);
  if (!transaction.ok()) return transaction.status();
  return ReviewGrants(*ledger_, book, clock_.UnixNanos());
}

}  // namespace fleetmeter
