#include "daemon/ctl/import/import_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/ctl/import/import_messages.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/domain/report/usage_report.h"

namespace fleetmeter::ctl {
namespace {

using Kind = ReportAnswer::Kind;

constexpr std::chrono::seconds kLongWait{1};  // that people are told of

bool IsOverlap(const std::string& reason) {
  return reason == Name(RejectReason::kWindowOverlap) ||
         reason == Name(RejectReason::kAlreadyBooked);
}

Fate FateOf(const v1::Disposition& rejected) {
  return IsOverlap(rejected.reason()) ? Fate::kOverlapping : Fate::kRejected;
}

std::string Why(const v1::Disposition& disposition) {
  std::string why =
      disposition.code() == v1::Disposition::CONFLICT ? "conflict" : disposition.reason();
  if (!disposition.field().empty()) why += ": " + disposition.field();
  if (!disposition.detail().empty()) why += ": " + disposition.detail();
  return Printable(why);
}

}  // namespace

ImportSender::ImportSender(ImportClient& client, const imports::ImportBatch& plan,
                           ImportLimits limits, Wait wait, OnProgress on_progress,
                           OnRejected on_rejected)
    : client_(client),
      plan_(plan),
      limits_(limits),
      wait_(std::move(wait)),
      on_progress_(std::move(on_progress)),
      on_rejected_(std::move(on_rejected)),
      stream_(WholeStream(plan)),
      whole_id_(stream_.id),
      fates_(plan.size(), Fate::kUnsent),
      most_reports_(limits.reports),
      next_wait_(limits.first_wait) {}

absl::Status ImportSender::Run() {
  while (!know_where_ || next_ < stream_.size() || rejected_before_) {
    if (wait_(std::chrono::milliseconds(0))) return absl::CancelledError("stopped");
    const bool settled = know_where_ && next_ >= stream_.size();
    const absl::Status status = settled ? BeginAgain() : know_where_ ? SendBatch() : AskWhere();
    if (!status.ok()) return status;
    on_progress_(*this);
  }
  return absl::OkStatus();
}

absl::Status ImportSender::AskWhere() {
  // The stream follows from all reports.
  if (absl::Status read = plan_.read_status(); !read.ok()) return read;
  v1::ReportRequest request;
  request.set_stream_id(stream_.id);
  request.set_tell_rejected(true);
  // Before anything is sent. What is on its way under another name of the file goes on.
  const bool first = stream_.id == whole_id_ && sent_before_ == 0;
  if (auto question = first ? OverlapQuestionOf(plan_) : std::nullopt) {
    *request.mutable_overlaps() = *std::move(question);
  }
  const ReportAnswer answer = Call(request);
  if (answer.kind != Kind::kAck) return WaitAfter(answer);
  if (absl::Status status = CheckOverlap(answer); !status.ok()) return status;
  const std::string zone = answer.time_zone.empty() ? "UTC" : Printable(answer.time_zone);
  if (zone != plan_.time_zone) {
    return absl::UnavailableError(fmt::format(
        "fleetmeterd has days of {}, which it had not said before, and nothing was sent", zone));
  }
  know_where_ = true;
  if (absl::Status taken = TakeRejected(answer.ack); !taken.ok()) return taken;
  // What we sent without hearing of it is settled by us; the rest was before.
  return MoveTo(answer.ack.acknowledged_through(), Fate::kBefore);
}

absl::Status ImportSender::CheckOverlap(const ReportAnswer& answer) const {
  if (!answer.overlap || answer.ack.acknowledged_through() > 0) return absl::OkStatus();
  const v1::SourceOverlap& overlap = *answer.overlap;
  const std::string other = Printable(overlap.source());
  return absl::AlreadyExistsError(fmt::format(
      "source '{}'{} has booked the same kind of history from {} to {}, and the file covers that "
      "time too: what it says may be counted already, and nothing was sent. Who reports it? If it "
      "is the same history, give --source '{}', and only the time that is new is counted; if it is "
      "another one, name it with --source NAME",
      other, overlap.sources() > 1 ? fmt::format(" (and {} others)", overlap.sources() - 1) : "",
      UtcTime(overlap.span().start_unix_nanos()), UtcTime(overlap.span().end_unix_nanos()), other));
}

absl::Status ImportSender::TakeRejected(const v1::Ack& ack) {
  const size_t through = std::min<size_t>(ack.acknowledged_through(), stream_.size());
  for (const v1::Disposition& disposition : ack.dispositions()) {
    if (disposition.sequence() <= next_ || disposition.sequence() > through) continue;
    const size_t place = disposition.sequence() - 1;
    if (place < sent_before_) {
      // By us, and the answer was lost.
      if (absl::Status taken = TakeDisposition(disposition); !taken.ok()) return taken;
      continue;
    }
    rejected_before_ = true;
    fates_[At(place)] = FateOf(disposition);
  }
  return absl::OkStatus();
}

// All that the stream rejected, before and now, since the next stream follows from that: an import
// that is cut off on the way is found again.
absl::Status ImportSender::BeginAgain() {
  v1::ReportRequest request;
  request.set_stream_id(stream_.id);
  request.set_tell_rejected(true);
  const ReportAnswer answer = Call(request);
  if (answer.kind != Kind::kAck) return WaitAfter(answer);
  std::vector<size_t> rejected;
  for (const v1::Disposition& disposition : answer.ack.dispositions()) {
    if (disposition.sequence() == 0 || disposition.sequence() > stream_.size()) continue;
    rejected.push_back(At(disposition.sequence() - 1));
  }
  rejected_before_ = false;
  if (rejected.empty()) return absl::OkStatus();  // other books than those that we asked first
  stream_ = StreamAgain(stream_, std::move(rejected));
  for (const size_t index : stream_.order) {
    fates_[index] = Fate::kUnsent;
    settled_rows_ -= plan_.At(index).rows();
  }
  next_ = 0;
  sent_before_ = 0;
  know_where_ = false;
  return absl::OkStatus();
}

absl::Status ImportSender::SendBatch() {
  const v1::ReportRequest request =
      MakeRequest(plan_, stream_, next_, most_reports_, limits_.bytes);
  if (absl::Status read = plan_.read_status(); !read.ok()) return read;
  const size_t sent =
      static_cast<size_t>(request.reports_size()) + static_cast<size_t>(request.outcomes_size());
  sent_before_ = std::max(sent_before_, next_ + sent);
  const ReportAnswer answer = Call(request);
  switch (answer.kind) {
    case Kind::kAck:
      return TakeAck(answer.ack, sent);
    case Kind::kTooLarge:
      return SendLess(answer, sent);
    case Kind::kNoAnswer:
      know_where_ = false;
      return WaitAfter(answer);
    case Kind::kBusy:
    case Kind::kError:
      break;
  }
  return WaitAfter(answer);
}

absl::Status ImportSender::TakeAck(const v1::Ack& ack, size_t sent) {
  const size_t first = next_;
  for (const v1::Disposition& disposition : ack.dispositions()) {
    if (disposition.sequence() <= ack.acknowledged_through()) {
      if (absl::Status taken = TakeDisposition(disposition); !taken.ok()) return taken;
    }
  }
  if (absl::Status moved = MoveTo(ack.acknowledged_through(), Fate::kCounted); !moved.ok()) {
    return moved;
  }
  if (next_ >= first + sent) return absl::OkStatus();
  ReportAnswer busy;
  busy.kind = Kind::kBusy;
  busy.wait = std::chrono::milliseconds(ack.retry_after_millis());
  busy.error = "the daemon settles nothing of what it is sent";
  // Some of it was settled, or the stream is elsewhere than we thought: go on from there at once.
  return next_ != first && ack.retry_after_millis() == 0 ? absl::OkStatus() : WaitAfter(busy);
}

absl::Status ImportSender::TakeDisposition(const v1::Disposition& disposition) {
  if (disposition.sequence() == 0 || disposition.sequence() > stream_.size()) {
    return absl::OkStatus();
  }
  const size_t index = At(disposition.sequence() - 1);
  if (fates_[index] != Fate::kUnsent) return absl::OkStatus();
  switch (disposition.code()) {
    case v1::Disposition::DUPLICATE:
      fates_[index] = Fate::kBefore;
      break;
    case v1::Disposition::REJECTED:
    case v1::Disposition::CONFLICT:
      fates_[index] = FateOf(disposition);
      return on_rejected_({index, Why(disposition), fates_[index]});
    default:
      break;
  }
  return absl::OkStatus();
}

// Goes on behind what is settled. What is not known yet of a report becomes `unless_known`.
absl::Status ImportSender::MoveTo(uint64_t acknowledged_through, Fate unless_known) {
  if (acknowledged_through > stream_.size()) {
    return absl::InternalError(fmt::format(
        "the daemon has settled {} reports of this file, which has {}; expected at most "
        "that. Are these books of another program?",
        acknowledged_through, stream_.size()));
  }
  const auto through = static_cast<size_t>(acknowledged_through);
  // Books that were taken back, or began anew: what they lost is sent again.
  for (size_t i = through; i < next_; ++i) {
    fates_[At(i)] = Fate::kUnsent;
    settled_rows_ -= plan_.At(At(i)).rows();
  }
  for (size_t i = next_; i < through; ++i) {
    Fate& fate = fates_[At(i)];
    if (fate == Fate::kUnsent) {
      const bool lost = unless_known == Fate::kBefore && i < sent_before_;
      fate = lost ? Fate::kUnheard : unless_known;
    }
    settled_rows_ += plan_.At(At(i)).rows();
  }
  if (through > next_) {
    waited_ = {};
    next_wait_ = limits_.first_wait;
  }
  next_ = through;
  return absl::OkStatus();
}

ReportAnswer ImportSender::Call(const v1::ReportRequest& request) {
  ReportAnswer answer = client_.Report(request);
  answered_ |= answer.kind != Kind::kNoAnswer;
  trouble_.clear();
  return answer;
}

absl::Status ImportSender::WaitAfter(const ReportAnswer& answer) {
  if (answer.kind != Kind::kBusy && answer.kind != Kind::kNoAnswer) {
    return absl::FailedPreconditionError(answer.error);
  }
  if (waited_ >= (answered_ ? limits_.patience : limits_.patience_with_strangers)) {
    return absl::UnavailableError(answer.error);
  }
  auto wait = next_wait_;
  if (answer.kind == Kind::kBusy && answer.wait.count() > 0) wait = answer.wait;
  next_wait_ = std::min(next_wait_ * 2, limits_.longest_wait);
  waited_ += wait;
  if (wait >= kLongWait) trouble_ = answer.error;
  on_progress_(*this);
  return wait_(wait) ? absl::CancelledError("stopped") : absl::OkStatus();
}

absl::Status ImportSender::SendLess(const ReportAnswer& answer, size_t sent) {
  if (sent > 1) {
    most_reports_ = sent / 2;
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(fmt::format(
      "{}; the report of {} does not fit into a call. Shorter windows (--every) make smaller "
      "reports",
      answer.error, plan_.At(At(next_)).lines.NamedText()));
}

}  // namespace fleetmeter::ctl
