// Sends the reports of a plan, each until it is settled, whatever happens on the way.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "daemon/ctl/import/import_batch.h"
#include "daemon/ctl/import/import_client.h"
#include "daemon/ctl/import/import_messages.h"

namespace fleetmeter::ctl {

// What became of a report.
enum class Fate : uint8_t {
  kUnsent,       // not settled
  kCounted,      // by this import
  kBefore,       // counted before, by an import of the same file
  kOverlapping,  // not counted: its time, or result, was counted before by other reports
  kUnchanged,    // not counted: the books say the same already
  kRejected,     // not counted: wrong for good, as the daemon sees it
  kUnheard,      // settled by this import, but the answer that said how was lost
};

struct RejectedReport {
  size_t index = 0;  // in the plan
  std::string why;   // reason, field and detail, as the daemon told them
  Fate fate = Fate::kRejected;
};

struct ImportLimits {
  size_t reports = 512;
  size_t bytes = size_t{2} << 20;
  // Between tries without an answer; doubled each time.
  std::chrono::milliseconds first_wait{250};
  std::chrono::milliseconds longest_wait{10'000};
  // So much waiting without anything being settled, and we give up; less if nobody ever answered.
  std::chrono::milliseconds patience{120'000};
  std::chrono::milliseconds patience_with_strangers{15'000};
};

// Reports that an import of the same file sent before are not sent again, except those that were
// rejected then: they may be right now, since plan or catalog may have changed. They go by a stream
// of their own (StreamAgain), once the stream that rejected them is settled to its end.
//
// Used once, on one thread.
class ImportSender {
 public:
  // Waits that long; true: it is time to stop.
  using Wait = std::function<bool(std::chrono::milliseconds)>;
  // Called after each answer, and before each wait.
  using OnProgress = std::function<void(const ImportSender&)>;
  // Called once for each report that the daemon rejected (or that overlaps), as soon as it is
  // known.
  using OnRejected = std::function<absl::Status(const RejectedReport&)>;

  // `plan` outlives the sender.
  ImportSender(ImportClient& client, const imports::ImportBatch& plan, ImportLimits limits,
               Wait wait, OnProgress on_progress, OnRejected on_rejected);

  // Begins with where the stream is. OK: every report is settled. Cancelled: asked to stop.
  // AlreadyExists: the source comes of the file's name, and another one has booked the same time;
  // nothing was sent.
  // Unavailable: no answer for too long. Otherwise what stands in the way, or the error of
  // `on_rejected`. Reports that were settled stay settled, and another run goes on.
  absl::Status Run();

  const std::vector<Fate>& fates() const { return fates_; }
  // Of the file as a whole.
  const std::string& stream_id() const { return whole_id_; }
  // Why we wait; empty: we do not, or not for long.
  const std::string& trouble() const { return trouble_; }
  // Rows of the file that are settled.
  int64_t settled_rows() const { return settled_rows_; }

 private:
  absl::Status AskWhere();
  // That another source has booked the same time, if nobody has named ours.
  absl::Status CheckOverlap(const ReportAnswer& answer) const;
  // What the daemon knows of the stream's rejections, up to where it is settled.
  absl::Status TakeRejected(const v1::Ack& ack);
  // Goes on with what the stream rejected, by the next stream.
  absl::Status BeginAgain();
  // The report at that place of the stream.
  size_t At(size_t place) const { return stream_.At(place); }
  absl::Status SendBatch();
  absl::Status TakeAck(const v1::Ack& ack, size_t sent);
  absl::Status TakeDisposition(const v1::Disposition& disposition);
  absl::Status MoveTo(uint64_t acknowledged_through, Fate unless_known);
  ReportAnswer Call(const v1::ReportRequest& request);
  absl::Status WaitAfter(const ReportAnswer& answer);
  absl::Status SendLess(const ReportAnswer& answer, size_t sent);

  ImportClient& client_;
  const imports::ImportBatch& plan_;
  const ImportLimits limits_;
  const Wait wait_;
  const OnProgress on_progress_;
  const OnRejected on_rejected_;

  ImportStream stream_;  // that we are at
  const std::string whole_id_;
  std::vector<Fate> fates_;       // by index in the plan
  bool rejected_before_ = false;  // something of the stream, before we sent anything of it
  size_t next_ = 0;               // the first place of the stream that is not settled
  size_t sent_before_ = 0;        // those from here on were never sent by us
  size_t most_reports_;           // at a time, as the daemon takes them
  bool know_where_ = false;
  bool answered_ = false;
  std::chrono::milliseconds waited_{0};  // since something was settled
  std::chrono::milliseconds next_wait_;
  std::string trouble_;
  int64_t settled_rows_ = 0;
};

}  // namespace fleetmeter::ctl
