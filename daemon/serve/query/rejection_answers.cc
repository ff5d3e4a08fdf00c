#include "daemon/serve/query/rejection_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/domain/report/reject_reason.h"
#include "daemon/ledger/read/read_rejections.h"

namespace fleetmeter {
namespace {

constexpr uint32_t kDefaultRejections = 1'000;
constexpr uint32_t kMostRejections = 10'000;

absl::Status CheckReason(const std::string& reason) {
  if (reason.empty() || FindRejectReason(reason)) return absl::OkStatus();
  std::vector<std::string> known;
  for (const RejectReason each : kRejectReasons) known.emplace_back(Name(each));
  return absl::InvalidArgumentError(fmt::format("{} is no reason of a rejection{}", Quoted(reason),
                                                NamesHint(reason, known, known.size())));
}

v1::Rejection MessageOf(const KeptRejection& kept) {
  v1::Rejection message;
  message.set_rejected_unix_nanos(kept.rejected_unix_nanos);
  message.set_identity(kept.identity);
  message.set_sequence(kept.sequence);
  message.set_source(kept.source);
  message.set_reason(kept.reason);
  message.set_field(kept.field);
  message.set_detail(kept.detail);
  return message;
}

}  // namespace

absl::Status AnswerRejections(Database& ledger, const v1::ListRejectionsRequest& request,
                              v1::ListRejectionsResponse* response) {
  if (absl::Status wrong = CheckReason(request.reason()); !wrong.ok()) return wrong;
  const uint32_t most = request.most() == 0 ? kDefaultRejections : request.most();
  const auto kept = ReadRejections(ledger, {.source = request.source(),
                                            .reason = request.reason(),
                                            .most = std::min(most, kMostRejections)});
  if (!kept.ok()) return kept.status();
  for (const KeptRejection& each : kept->rejections) {
    *response->add_rejections() = MessageOf(each);
  }
  response->set_total(kept->total);
  return absl::OkStatus();
}

}  // namespace fleetmeter
