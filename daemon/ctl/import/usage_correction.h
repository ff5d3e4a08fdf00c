// A file of usage as questions to the daemon: what does it differ from the books in?
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ctl/import/correction_plan.h"
#include "daemon/ctl/import/import_batch.h"
#include "fleetmeter/v1/ingest.pb.h"

namespace fleetmeter::ctl {

// A part of a file that is compared, and corrected, at once: windows of one source. Each becomes an
// entry of the books of its own.
struct UsageQuestion {
  v1::CorrectUsageRequest request;  // a preview
  std::vector<size_t> reports;      // of the file, in the order of the request's
};

// By source and time. A source with more than fits into a call is divided at the beginning of a
// day, by UTC or by the zone of the rules. `source`: whose history the rules speak of where the
// file has no rows; empty: of nobody's.
std::vector<UsageQuestion> UsageQuestionsOf(const imports::ImportBatch& file,
                                            const CorrectionRules& rules, const std::string& source,
                                            size_t most_bytes = size_t{1} << 20);

using AskUsage =
    std::function<absl::StatusOr<v1::CorrectUsageResponse>(const v1::CorrectUsageRequest&)>;

struct UsageAnswers {
  std::vector<Standing> standings;  // of the file's reports, in their order
  std::vector<v1::UsageDifference> differences;
  uint64_t more_differences = 0;
  int64_t windows = 0;          // that would say something else
  std::vector<size_t> changed;  // questions with a difference
};

// Asks all of them, and remembers in each what was answered, so that it is agreed to.
absl::StatusOr<UsageAnswers> AskAll(const AskUsage& ask, std::vector<UsageQuestion>* questions,
                                    size_t reports_of_file);

// Books what was agreed to. The numbers of the entries go into `entries`, also before an error.
absl::Status BookAgreed(const AskUsage& ask, const std::vector<UsageQuestion>& questions,
                        const UsageAnswers& answers, const std::string& reason,
                        std::vector<int64_t>* entries);

}  // namespace fleetmeter::ctl
