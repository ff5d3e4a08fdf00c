// Reports what sources counted, each source on a stream of its own, exactly once.
//
// At most one report of a source is under way. Counters go on meanwhile, so that what follows needs
// no queue: it is one longer window. Before a report may be sent, a file has it together with the
// counters that it leads to (one atomic replacement), so that a crash at any moment neither loses
// nor repeats what was counted. README.md has the details.
//
// Take and Keep are for the sampling thread, and stats for any; the rest is for the main thread. A
// thread of its own sends.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collectors/served/served_account.h"
#include "collectors/served/served_desk.h"
#include "collectors/served/served_stats.h"
#include "collectors/spool/disk.h"
#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"
#include "daemon/security/client_tls.h"
#include "fleetmeter/v1/ingest.pb.h"

namespace fleetmeter::collector {

struct ServedDeliveryOptions {
  std::string folder;  // has a folder for each source; empty: counters end with the process
  std::string daemon;  // "host:port"
  ClientTls tls = {};
  std::chrono::milliseconds first_backoff{200};
  std::chrono::milliseconds longest_backoff{10'000};
  std::chrono::milliseconds call_timeout{10'000};
};

// What a call came to.
struct ServedAnswer {
  absl::Status status = absl::OkStatus();  // of the call
  v1::Ack ack;
};

class ServedDelivery final : public ServedDesk {
 public:
  // How a report is sent. Tests give one of their own.
  using Send = std::function<ServedAnswer(const v1::ReportRequest&)>;

  ServedDelivery(ServedDeliveryOptions options, Send send);
  ~ServedDelivery() override;

  // Reads the state of a source, or begins one. FailedPrecondition: another process has it.
  absl::Status Open(const std::string& source);

  void Start();
  void Take(const std::string& source, const ServedReading& reading) override;
  // A source that comes back later begins with a first look: another one may have counted the same
  // requests meanwhile.
  void Keep(const std::set<std::string>& sources) override;
  // Cuts what is open, and waits until it is delivered, at most so long. Then the thread ends.
  // Unavailable: something was not delivered, and no file keeps it.
  absl::Status Stop(std::chrono::milliseconds longest);

  // Reports that the daemon rejected, or found to be of other content.
  uint64_t rejected() const { return rejected_; }
  std::vector<ServedStats> stats() const;  // by source

 private:
  // One source.
  struct Member {
    std::string folder;  // empty: no file
    FileHandle lock;
    ServedAccount account;
    uint64_t acknowledged = 0;
    uint64_t rejected = 0;
    int64_t last_acknowledged_unix_nanos = 0;
    bool leaving = false;    // its last window is on its way, and then it is gone
    std::string last_error;  // said in the log already
  };

  // For the sampling thread.
  bool IsOpen(const std::string& source);
  std::optional<ServedAccount> Load(const Member& member);
  // Writes `next` and takes it. False: it could not be written, and nothing has changed.
  bool Store(Member& member, ServedAccount next) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // A report of the open window, unless one is under way.
  void Cut(Member& member, const std::string& reported_as) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CutOpen(const std::string& source, Member& member) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CutAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Say(Member& member, const std::string& source, const absl::Status& status)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Run();
  // Sends what is under way of every source. False: something is still under way.
  bool SendAll();
  void Settle(Member& member, const std::string& source, const ServedAnswer& answer)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Postpone(Member& member, const std::string& source, const v1::Disposition& said)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeDisposition(Member& member, const std::string& source, const v1::Disposition& said)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Gives up sources that are leaving and have nothing left to say.
  void LetGo() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasSaidAll(Member& member) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool AnyUnderWay() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ServedDeliveryOptions options_;
  const Send send_;
  const SystemClock clock_;
  Disk disk_;
  std::atomic<uint64_t> rejected_ = 0;
  mutable Mutex mutex_;
  CondVar changed_;
  std::map<std::string, Member> members_ ABSL_GUARDED_BY(mutex_);     // by source
  std::map<std::string, std::string> names_ ABSL_GUARDED_BY(mutex_);  // reported_as, by source
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::string> unopened_;  // said in the log already; of the sampling thread
  std::thread thread_;
};

// Over gRPC; a connection for each call, so that certificates are read again.
ServedDelivery::Send SendServedOverGrpc(const ServedDeliveryOptions& options);

}  // namespace fleetmeter::collector
