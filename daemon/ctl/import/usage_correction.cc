#include "daemon/ctl/import/usage_correction.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "daemon/base/units.h"
#include "daemon/ctl/import/import_messages.h"

namespace fleetmeter::ctl {
namespace {

using imports::ImportBatch;

const UsageReport& UsageOf(const ImportBatch& file, size_t index) {
  return std::get<UsageReport>(file.reports[index].report);
}

bool BeginsDay(int64_t unix_nanos, const DayZone& zone) {
  if (unix_nanos % kDay == 0) return true;
  const int64_t local = zone.Local(unix_nanos / kNanosPerSecond);
  return unix_nanos % kNanosPerSecond == 0 && local % kSecondsPerDay == 0;
}

// The places of a source's reports, in the order of time, as parts that fit into a call.
std::vector<std::vector<size_t>> PartsOf(const ImportBatch& file, std::vector<size_t> places,
                                         const DayZone& zone, size_t most_bytes) {
  std::sort(places.begin(), places.end(), [&](size_t a, size_t b) {
    return UsageOf(file, a).window_start_unix_nanos < UsageOf(file, b).window_start_unix_nanos;
  });
  std::vector<std::vector<size_t>> parts(1);
  size_t bytes = 0;
  for (const size_t place : places) {
    const UsageReport& report = UsageOf(file, place);
    const size_t more = ToMessage(report, 1).ByteSizeLong();
    const bool full = bytes + more > most_bytes;
    // Two parts of one day could not be compared with a window of the whole day, so a day is
    // divided only if it is far too large.
    const bool may_end = BeginsDay(report.window_start_unix_nanos, zone) || bytes > 2 * most_bytes;
    if (full && may_end && !parts.back().empty()) {
      parts.emplace_back();
      bytes = 0;
    }
    parts.back().push_back(place);
    bytes += more;
  }
  return parts;
}

// The time that a part speaks for: from its first window, or from the beginning of what the file
// covers, to the first window of the next part, or the end.
std::optional<TimeSpan> CoversOf(const ImportBatch& file,
                                 const std::vector<std::vector<size_t>>& parts, size_t at,
                                 const CorrectionRules& rules) {
  if (!rules.covers) return std::nullopt;
  TimeSpan span = *rules.covers;
  const auto start_of = [&](size_t part) {
    return UsageOf(file, parts[part].front()).window_start_unix_nanos;
  };
  if (at > 0) span.start_unix_nanos = std::max(span.start_unix_nanos, start_of(at));
  if (at + 1 < parts.size()) {
    span.end_unix_nanos = std::min(span.end_unix_nanos, start_of(at + 1));
  }
  if (span.start_unix_nanos >= span.end_unix_nanos) return std::nullopt;
  return span;
}

UsageQuestion QuestionOf(const ImportBatch& file, const std::string& source,
                         const std::vector<size_t>& places, const std::optional<TimeSpan>& covers) {
  UsageQuestion question;
  question.reports = places;
  question.request.set_source(source);
  question.request.set_preview(true);
  for (const size_t place : places) {
    *question.request.add_reports() = ToMessage(UsageOf(file, place), 1);
  }
  if (covers) {
    question.request.mutable_covers()->set_start_unix_nanos(covers->start_unix_nanos);
    question.request.mutable_covers()->set_end_unix_nanos(covers->end_unix_nanos);
  }
  return question;
}

Standing StandingOf(int answered) {
  switch (answered) {
    case v1::CorrectUsageResponse::NEW:
      return Standing::kNew;
    case v1::CorrectUsageResponse::UNCHANGED:
      return Standing::kUnchanged;
    case v1::CorrectUsageResponse::CHANGED:
      return Standing::kChanged;
    default:
      return Standing::kPartial;
  }
}

}  // namespace

std::vector<UsageQuestion> UsageQuestionsOf(const ImportBatch& file, const CorrectionRules& rules,
                                            const std::string& source, size_t most_bytes) {
  std::map<std::string, std::vector<size_t>> by_source;
  for (size_t i = 0; i < file.reports.size(); ++i) {
    by_source[UsageOf(file, i).source].push_back(i);
  }
  std::vector<UsageQuestion> questions;
  for (auto& [name, places] : by_source) {
    const auto parts = PartsOf(file, std::move(places), rules.zone, most_bytes);
    for (size_t i = 0; i < parts.size(); ++i) {
      questions.push_back(QuestionOf(file, name, parts[i], CoversOf(file, parts, i, rules)));
    }
  }
  if (questions.empty() && rules.covers && !source.empty()) {
    questions.push_back(QuestionOf(file, source, {}, rules.covers));
  }
  return questions;
}

absl::StatusOr<UsageAnswers> AskAll(const AskUsage& ask, std::vector<UsageQuestion>* questions,
                                    size_t reports_of_file) {
  UsageAnswers answers;
  answers.standings.assign(reports_of_file, Standing::kUnchanged);
  for (size_t q = 0; q < questions->size(); ++q) {
    UsageQuestion& question = (*questions)[q];
    const auto answer = ask(question.request);
    if (!answer.ok()) return answer.status();
    if (static_cast<size_t>(answer->standings_size()) != question.reports.size()) {
      return absl::InternalError("the daemon answers of other windows than it was asked about");
    }
    for (size_t i = 0; i < question.reports.size(); ++i) {
      answers.standings[question.reports[i]] = StandingOf(answer->standings(static_cast<int>(i)));
    }
    question.request.set_agreed_digest(answer->digest());
    answers.windows += answer->windows();
    answers.more_differences += answer->more_differences();
    answers.differences.insert(answers.differences.end(), answer->differences().begin(),
                               answer->differences().end());
    if (!answer->nothing_to_do()) answers.changed.push_back(q);
  }
  return answers;
}

absl::Status BookAgreed(const AskUsage& ask, const std::vector<UsageQuestion>& questions,
                        const UsageAnswers& answers, const std::string& reason,
                        std::vector<int64_t>* entries) {
  for (const size_t q : answers.changed) {
    v1::CorrectUsageRequest request = questions[q].request;
    request.set_preview(false);
    request.set_reason(reason);
    const auto answer = ask(request);
    if (!answer.ok()) return answer.status();
    if (answer->entry_number() > 0) entries->push_back(answer->entry_number());
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter::ctl
