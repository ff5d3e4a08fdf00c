// Keeps what was used under grants worked out from the ledger, for scrapes.
//
// Owned by the App. Thread-safe; all reading is done by a thread of its own over a connection of
// its own, so that neither the writer nor a scrape ever waits for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"
#include "daemon/view/grant_review.h"

namespace fleetmeter {

class GrantBoard {
 public:
  struct Options {
    std::string ledger_path;
    int64_t refresh_nanos = 0;  // the shortest time between two refreshes
    // All requests as of now. Called on the board's thread; outlives it.
    std::function<std::shared_ptr<const capacity::CapacityBook>()> book;
  };

  // `clock` outlives the board.
  GrantBoard(Options options, const Clock& clock);
  ~GrantBoard();
  GrantBoard(const GrantBoard&) = delete;
  GrantBoard& operator=(const GrantBoard&) = delete;

  void Start();
  // Ends the thread, breaking off what it reads.
  void Stop();

  // Null before the first refresh has succeeded. After a failure the view before it stays.
  std::shared_ptr<const GrantsView> view() const;
  uint64_t failures() const;

 private:
  // What a refresh depends on; the same: nothing would change but by usage that came late.
  struct Basis {
    std::shared_ptr<const capacity::CapacityBook> book;
    int64_t quarter_hour = 0;
    friend bool operator==(const Basis&, const Basis&) = default;
  };

  void Run();
  void RefreshIfChanged();
  absl::Status OpenLedger();
  absl::StatusOr<GrantsView> WorkOut(const capacity::CapacityBook& book);

  const Options options_;
  const Clock& clock_;

  // Also asked by the ledger's connection, in the middle of a statement.
  std::atomic<bool> stopping_ = false;

  // The thread's own.
  std::unique_ptr<Database> ledger_;
  Basis refreshed_;         // with no book: never
  int64_t rest_nanos_ = 0;  // until the next look

  mutable Mutex mutex_;
  CondVar changed_;
  std::shared_ptr<const GrantsView> view_ ABSL_GUARDED_BY(mutex_);
  uint64_t failures_ ABSL_GUARDED_BY(mutex_) = 0;

  std::thread thread_;
};

}  // namespace fleetmeter
