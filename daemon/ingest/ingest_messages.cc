#include "daemon/ingest/ingest_messages.h"

#include <fmt/format.h>

#include "daemon/ingest/decode_outcome.h"
#include "daemon/ingest/decode_report.h"

namespace fleetmeter {
namespace {

constexpr int kMostSpans = 1'000;

v1::Disposition::Code ToWire(ReportDisposition::Code code) {
  switch (code) {
    case ReportDisposition::Code::kDuplicate:
      return v1::Disposition::DUPLICATE;
    case ReportDisposition::Code::kRejected:
      return v1::Disposition::REJECTED;
    case ReportDisposition::Code::kDeferred:
      return v1::Disposition::DEFERRED;
    case ReportDisposition::Code::kConflict:
      return v1::Disposition::CONFLICT;
    case ReportDisposition::Code::kOutOfSequence:
      return v1::Disposition::OUT_OF_SEQUENCE;
  }
  return v1::Disposition::CODE_UNSPECIFIED;
}

}  // namespace

grpc::Status Stopping() {
  return {grpc::StatusCode::UNAVAILABLE, "the daemon is stopping; reconnect and go on"};
}

std::string TooFast(uint32_t retry_after_millis) {
  return fmt::format("more reports or bytes than ingest.rate allows; send again in {} ms",
                     retry_after_millis);
}

size_t Count(const UsageReports& reports, const OutcomeReports& outcomes) {
  return static_cast<size_t>(reports.size()) + static_cast<size_t>(outcomes.size());
}

grpc::Status CheckKinds(const UsageReports& reports, const OutcomeReports& outcomes,
                        const LedgerIdentity& ledger) {
  if (outcomes.empty()) return grpc::Status::OK;
  if (!reports.empty()) {
    return {grpc::StatusCode::INVALID_ARGUMENT,
            fmt::format("{} reports and {} outcomes come together; expected one or the other",
                        reports.size(), outcomes.size())};
  }
  if (ledger.durable) return grpc::Status::OK;
  return {grpc::StatusCode::FAILED_PRECONDITION,
          "outcomes need books that are kept, and these are in memory; expected a daemon with "
          "ledger.path"};
}

std::vector<SequencedReport> DecodeBatch(const UsageReports& reports,
                                         const OutcomeReports& outcomes) {
  std::vector<SequencedReport> decoded;
  decoded.reserve(Count(reports, outcomes));
  for (const v1::UsageReport& report : reports) decoded.push_back(DecodeReport(report));
  for (const v1::OutcomeReport& outcome : outcomes) decoded.push_back(DecodeOutcome(outcome));
  return decoded;
}

void FillAck(const SubmitResult& result, v1::Ack& ack) {
  ack.set_acknowledged_through(result.acknowledged_through);
  AddDispositions(result.dispositions, ack);
}

void AddDispositions(const std::vector<ReportDisposition>& dispositions, v1::Ack& ack) {
  for (const ReportDisposition& from : dispositions) {
    v1::Disposition& to = *ack.add_dispositions();
    to.set_sequence(from.sequence);
    to.set_code(ToWire(from.code));
    if (from.code == ReportDisposition::Code::kDuplicate) continue;
    const bool deferred = from.code == ReportDisposition::Code::kDeferred;
    if (deferred) to.set_subject(from.rejection.subject);
    if (deferred || from.code == ReportDisposition::Code::kRejected) {
      to.set_reason(std::string(Name(from.rejection.reason)));
    }
    to.set_field(from.rejection.field);
    to.set_detail(from.rejection.detail);
  }
}

grpc::Status DecodeOverlap(const v1::OverlapQuestion& from, OverlapQuestion* question) {
  switch (from.kind()) {
    case v1::OverlapQuestion::USAGE:
      break;
    case v1::OverlapQuestion::INFERENCE:
      question->kind = OutcomeKind::kInference;
      break;
    case v1::OverlapQuestion::TRAINING:
      question->kind = OutcomeKind::kTraining;
      break;
    default:
      return {grpc::StatusCode::INVALID_ARGUMENT,
              "overlaps.kind: expected USAGE, INFERENCE or TRAINING"};
  }
  if (from.spans_size() > kMostSpans) {
    return {grpc::StatusCode::INVALID_ARGUMENT,
            fmt::format("overlaps.spans: there are {}; expected at most {}", from.spans_size(),
                        kMostSpans)};
  }
  question->source = from.source();
  for (const v1::TimeSpan& span : from.spans()) {
    if (span.start_unix_nanos() >= span.end_unix_nanos()) {
      return {grpc::StatusCode::INVALID_ARGUMENT,
              "overlaps.spans: expected each to end after its start"};
    }
    question->spans.push_back({span.start_unix_nanos(), span.end_unix_nanos()});
  }
  return grpc::Status::OK;
}

void FillOverlap(const SourceOverlap& overlap, v1::SourceOverlap& to) {
  to.set_source(overlap.source);
  to.mutable_span()->set_start_unix_nanos(overlap.span.start_unix_nanos);
  to.mutable_span()->set_end_unix_nanos(overlap.span.end_unix_nanos);
  to.set_sources(overlap.sources);
}

void FillBusy(const std::vector<uint64_t>& sequences, uint64_t acknowledged_through,
              const std::string& detail, v1::Ack& ack) {
  ack.set_acknowledged_through(acknowledged_through);
  ack.set_retry_after_millis(kRetryAfterMillis);
  for (const uint64_t sequence : sequences) {
    v1::Disposition& to = *ack.add_dispositions();
    to.set_sequence(sequence);
    to.set_code(v1::Disposition::BUSY);
    to.set_detail(detail);
  }
}

}  // namespace fleetmeter
