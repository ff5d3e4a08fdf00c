// What the parts of the daemon tell about themselves: verbs, not metric objects.
//
// Implemented by exposition; every call is cheap and thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "daemon/domain/report/reject_reason.h"

namespace fleetmeter {

class DaemonProbe {
 public:
  virtual ~DaemonProbe() = default;
  virtual void ReportAccepted(double lag_seconds) = 0;
  // The same for what may be of any age and says nothing about how late reports come: history, and
  // outcomes.
  virtual void HistoryAccepted() = 0;
  // What was counted before the start, by result and of the rejected by reason. Called once.
  virtual void CountersRestored(const std::map<std::string, uint64_t>& by_result,
                                const std::map<std::string, uint64_t>& rejected_by_reason) = 0;
  // How far a sender's wall clock and ours are apart.
  virtual void ClockSkew(double seconds) = 0;
  // The wall clock was set; how far it is ahead now of what has passed.
  virtual void ClockStepped(double ahead_seconds) = 0;
  virtual void ReportConflict() = 0;
  virtual void SessionFenced() = 0;
  virtual void ReportDuplicate() = 0;
  virtual void ReportOutOfSequence() = 0;
  virtual void ReportRejected(RejectReason reason) = 0;
  virtual void ReportDeferred(RejectReason reason) = 0;
  // Of a report that was accepted.
  virtual void ReadingsOdd(int64_t clamped, int64_t unmeasured) = 0;
  // Of a source: nothing can be counted in them any more.
  virtual void GapsClosed(int64_t gaps, double seconds) = 0;
  // Of a report that was accepted: some of its usage is counted under the signal "overflow".
  virtual void SignalsOverflowed() = 0;
  // Refused for now since their sender has its share: "rate" of what it may send in a time, "queue"
  // of what may wait, or all of the queue is taken.
  virtual void ReportsHeldBack(std::string_view limit, size_t reports) = 0;
  // A call was refused since its identity has as many as it may, or all may: "stream", "watch" or
  // "question".
  virtual void CallOverShare(std::string_view call) = 0;
  virtual void StreamOpened() = 0;
  virtual void StreamClosed() = 0;
  virtual void CommitDone(double seconds, bool ok) = 0;
  virtual void ReloadDone(bool ok, int64_t unix_nanos) = 0;
  virtual void Rendered(double seconds) = 0;
};

}  // namespace fleetmeter
