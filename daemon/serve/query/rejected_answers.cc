#include "daemon/serve/query/rejected_answers.h"

#include <algorithm>
#include <limits>

#include "daemon/base/text.h"
#include "daemon/domain/report/reject_reason.h"
#include "daemon/ledger/read/read_rejected.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr uint32_t kUsualRejected = 1'000;
constexpr uint32_t kMostRejectedOfPage = 10'000;

absl::StatusOr<RejectedQuestion> QuestionOf(const v1::ListRejectedRequest& request) {
  RejectedQuestion question{.source = request.source(),
                            .reason = request.reason(),
                            .before_row = std::numeric_limits<int64_t>::max(),
                            .most = 0};
  if (!question.reason.empty() && !FindRejectReason(question.reason)) {
    return absl::InvalidArgumentError(
        fmt::format("reason is {}, for which no report is rejected; dashboards/REASONS.md lists "
                    "what is expected",
                    Quoted(question.reason)));
  }
  const std::string& token = request.page_token();
  if (!token.empty()) {
    const bool digits = token.size() < 19 && token.find_first_not_of("0123456789") == token.npos;
    if (!digits) {
      return absl::InvalidArgumentError("page_token is of no page; begin again without it");
    }
    question.before_row = std::stoll(token);
  }
  question.most = std::min(request.page_size() == 0 ? kUsualRejected : request.page_size(),
                           kMostRejectedOfPage);
  return question;
}

void Fill(const RejectedRow& from, v1::RejectedReport& to) {
  to.set_source(from.source);
  to.set_identity(from.identity);
  to.set_reason(from.reason);
  to.set_field(from.field);
  to.set_detail(from.detail);
  to.set_rejected_unix_nanos(from.at_unix_nanos);
}

}  // namespace

absl::Status AnswerRejected(Database& ledger, const v1::ListRejectedRequest& request,
                            v1::ListRejectedResponse* response) {
  const auto question = QuestionOf(request);
  if (!question.ok()) return question.status();
  const auto page = ReadRejected(ledger, *question);
  if (!page.ok()) return page.status();
  for (const RejectedRow& row : page->rows) Fill(row, *response->add_reports());
  if (page->more) response->set_next_page_token(std::to_string(page->rows.back().row));
  for (const auto& [reason, reports] : page->counts) {
    v1::RejectedCount& count = *response->add_counts();
    count.set_reason(reason);
    count.set_reports(reports);
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter
