// Between the writer's words and the wire's.
#pragma once

#include <grpcpp/support/status.h>

#include <cstdint>

#include "daemon/accounting/writer.h"
#include "fleetmeter/v1/ingest.pb.h"

namespace fleetmeter {

inline constexpr size_t kStreamIdBytes = 16;
inline constexpr uint32_t kRetryAfterMillis = 250;

// To who sends more than its rate allows.
std::string TooFast(uint32_t retry_after_millis);

// To everyone whose call ends because the daemon does.
grpc::Status Stopping();

using UsageReports = google::protobuf::RepeatedPtrField<v1::UsageReport>;
using OutcomeReports = google::protobuf::RepeatedPtrField<v1::OutcomeReport>;

// Reports of a batch, of either kind.
size_t Count(const UsageReports& reports, const OutcomeReports& outcomes);

// OK, or why a batch cannot be taken: it has reports of both kinds, whose order nobody could tell,
// or outcomes for books that do not keep them.
grpc::Status CheckKinds(const UsageReports& reports, const OutcomeReports& outcomes,
                        const LedgerIdentity& ledger);

// All reports of a batch, in order.
std::vector<SequencedReport> DecodeBatch(const UsageReports& reports,
                                         const OutcomeReports& outcomes);

void FillAck(const SubmitResult& result, v1::Ack& ack);
void AddDispositions(const std::vector<ReportDisposition>& dispositions, v1::Ack& ack);

// Fills `question`, or says what is wrong with it.
grpc::Status DecodeOverlap(const v1::OverlapQuestion& from, OverlapQuestion* question);
void FillOverlap(const SourceOverlap& overlap, v1::SourceOverlap& to);

// The answer to reports that found no room, or whose commit failed: nothing of them is settled.
void FillBusy(const std::vector<uint64_t>& sequences, uint64_t acknowledged_through,
              const std::string& detail, v1::Ack& ack);

}  // namespace fleetmeter
