#include "daemon/ctl/import/import_messages.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <variant>

#include "daemon/domain/report/window_set.h"
#include "daemon/wire/chip_state.h"

namespace fleetmeter::ctl {
namespace {

constexpr size_t kStreamIdBytes = 16;
constexpr size_t kMostSpans = 1'000;  // that the daemon takes

// Labels that are not given are left out: that is what the daemon takes for "none".
#define FLEETMETER_SET_LABEL(to, from, name) \
  if (!(from).name.empty()) (to).set_##name((from).name)

void Fill(const InferenceRow& from, v1::InferenceRow& to) {
  to.set_model(from.model);
  to.set_customer_tier(from.customer_tier);
  to.set_requests(from.requests);
  to.set_input_tokens(from.input_tokens);
  to.set_cached_input_tokens(from.cached_input_tokens);
  to.set_output_tokens(from.output_tokens);
  if (from.revenue_micro_usd) to.set_revenue_micro_usd(*from.revenue_micro_usd);
  FLEETMETER_SET_LABEL(to, from, pool);
  FLEETMETER_SET_LABEL(to, from, workload);
  if (from.unpriced_requests != 0) to.set_unpriced_requests(from.unpriced_requests);
  if (from.price_book_version) to.set_price_book_version(*from.price_book_version);
}

void Fill(const TrainingRow& from, v1::TrainingReport& to) {
  to.set_model(from.model);
  FLEETMETER_SET_LABEL(to, from, family);
  to.set_run(from.run);
  to.set_phase(from.phase == TrainingPhase::kPre ? v1::TRAINING_PHASE_PRE
                                                 : v1::TRAINING_PHASE_POST);
  to.set_h100e_seconds(from.h100e_seconds);
  FLEETMETER_SET_LABEL(to, from, pool);
}

void Fill(const BenchmarkRow& from, v1::BenchmarkResult& to) {
  to.set_model(from.model);
  FLEETMETER_SET_LABEL(to, from, family);
  to.set_benchmark(from.benchmark);
  FLEETMETER_SET_LABEL(to, from, version);
  if (from.score) to.set_score(*from.score);
  to.set_date_unix_seconds(from.date_unix_seconds);
  FLEETMETER_SET_LABEL(to, from, source);
}

void Fill(const UsageGroup& from, v1::UsageGroup& to) {
  to.set_chip(from.chip);
  to.set_state(ToWire(from.state));
  FLEETMETER_SET_LABEL(to, from, pool);
  FLEETMETER_SET_LABEL(to, from, team);
  FLEETMETER_SET_LABEL(to, from, workload);
  FLEETMETER_SET_LABEL(to, from, workload_type);
  FLEETMETER_SET_LABEL(to, from, model);
  FLEETMETER_SET_LABEL(to, from, run);
  FLEETMETER_SET_LABEL(to, from, signal);
  v1::ChipSums& sums = *to.mutable_sums();
  sums.set_chip_nanos(from.chip_nanos);
  if (from.busy_chip_nanos) sums.set_busy_chip_nanos(*from.busy_chip_nanos);
  if (from.productive_chip_nanos) sums.set_productive_chip_nanos(*from.productive_chip_nanos);
}

#undef FLEETMETER_SET_LABEL

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  // With its length before it: no two lists of texts are the same bytes.
  void Add(std::string_view text) {
    const std::string length = fmt::format("{}:", text.size());
    EVP_DigestUpdate(context_.get(), length.data(), length.size());
    EVP_DigestUpdate(context_.get(), text.data(), text.size());
  }
  std::string Finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), bytes.data(), &size);
    return {bytes.begin(), bytes.begin() + size};
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// False: its kind has none.
bool AddWindow(const imports::ImportReport& planned, v1::OverlapQuestion& question,
               std::vector<TimeSpan>& windows) {
  if (const auto* usage = std::get_if<UsageReport>(&planned.report)) {
    question.set_kind(v1::OverlapQuestion::USAGE);
    question.set_source(usage->source);
    windows.push_back({usage->window_start_unix_nanos, usage->WindowEnd()});
    return true;
  }
  const auto& outcome = std::get<OutcomeReport>(planned.report);
  if (outcome.kind == OutcomeKind::kBenchmarks) return false;
  question.set_kind(outcome.kind == OutcomeKind::kInference ? v1::OverlapQuestion::INFERENCE
                                                            : v1::OverlapQuestion::TRAINING);
  question.set_source(outcome.source);
  windows.push_back({outcome.window_start_unix_nanos, outcome.WindowEnd()});
  return true;
}

// The same time, without what overlaps or touches.
std::vector<TimeSpan> Merged(std::vector<TimeSpan> windows) {
  std::sort(windows.begin(), windows.end(), [](const TimeSpan& a, const TimeSpan& b) {
    return a.start_unix_nanos < b.start_unix_nanos;
  });
  std::vector<TimeSpan> spans;
  for (const TimeSpan& window : windows) {
    if (spans.empty() || window.start_unix_nanos > spans.back().end_unix_nanos) {
      spans.push_back(window);
    } else {
      int64_t& end = spans.back().end_unix_nanos;
      end = std::max(end, window.end_unix_nanos);
    }
  }
  return spans;
}

// As many as may be asked about. Where that is not enough, it is one, with the gaps between them.
std::vector<TimeSpan> FewOf(std::vector<TimeSpan> spans) {
  if (spans.size() <= kMostSpans) return spans;
  return {{spans.front().start_unix_nanos, spans.back().end_unix_nanos}};
}

}  // namespace

bool IsUsage(const imports::ImportReport& planned) {
  return std::holds_alternative<UsageReport>(planned.report);
}

v1::OutcomeReport ToMessage(const OutcomeReport& report, uint64_t sequence) {
  v1::OutcomeReport to;
  to.set_sequence(sequence);
  to.set_source(report.source);
  if (report.kind != OutcomeKind::kBenchmarks) {
    to.set_window_start_unix_nanos(report.window_start_unix_nanos);
    to.set_window_length_nanos(report.window_length_nanos);
  }
  if (report.correction) {
    to.mutable_correction()->set_id(report.correction->id);
    if (!report.correction->reason.empty()) {
      to.mutable_correction()->set_reason(report.correction->reason);
    }
  }
  for (const InferenceRow& row : report.inference) Fill(row, *to.mutable_inference()->add_rows());
  for (const TrainingRow& row : report.training) Fill(row, *to.mutable_training());
  for (const BenchmarkRow& row : report.benchmarks) {
    Fill(row, *to.mutable_benchmarks()->add_results());
  }
  return to;
}

v1::UsageReport ToMessage(const UsageReport& report, uint64_t sequence) {
  v1::UsageReport to;
  to.set_sequence(sequence);
  to.set_source(report.source);
  to.set_window_start_unix_nanos(report.window_start_unix_nanos);
  to.set_window_length_nanos(report.window_length_nanos);
  to.set_duration_nanos(report.duration_nanos);
  for (const UsageGroup& group : report.groups) Fill(group, *to.add_groups());
  return to;
}

v1::ReportRequest MakeRequest(const imports::ImportBatch& plan, const ImportStream& stream,
                              size_t first, size_t most_reports, size_t most_bytes) {
  v1::ReportRequest request;
  request.set_stream_id(stream.id);
  request.set_history(true);
  size_t bytes = 0;
  const auto add = [&](auto message, auto* reports) {
    bytes += message.ByteSizeLong();
    if (reports->size() > 0 && bytes > most_bytes) return false;
    *reports->Add() = std::move(message);
    return true;
  };
  for (size_t i = first; i < stream.size() && i - first < most_reports; ++i) {
    const auto& report = plan.At(stream.At(i)).report;
    if (const auto* usage = std::get_if<UsageReport>(&report)) {
      if (!add(ToMessage(*usage, i + 1), request.mutable_reports())) break;
    } else if (!add(ToMessage(std::get<OutcomeReport>(report), i + 1),
                    request.mutable_outcomes())) {
      break;
    }
  }
  return request;
}

std::string StreamIdOf(const imports::ImportBatch& plan) {
  Sha256 digest;
  digest.Add("fleetmeterctl import 2");
  for (size_t i = 0; i < plan.size(); ++i) {
    std::visit(
        [&](const auto& report) {
          auto message = ToMessage(report, i + 1);
          if (plan.source_of_name) message.clear_source();
          digest.Add(message.SerializeAsString());
        },
        plan.At(i).report);
  }
  return digest.Finish().substr(0, kStreamIdBytes);
}

ImportStream WholeStream(const imports::ImportBatch& plan) {
  return {.id = StreamIdOf(plan), .order = {}, .whole = plan.size()};
}

ImportStream StreamAgain(const ImportStream& stream, std::vector<size_t> rejected) {
  Sha256 digest;
  digest.Add("fleetmeterctl import again 1");
  digest.Add(stream.id);
  for (const size_t index : rejected) digest.Add(fmt::format("{}", index));
  return {
      .id = digest.Finish().substr(0, kStreamIdBytes), .order = std::move(rejected), .whole = 0};
}

std::optional<v1::OverlapQuestion> OverlapQuestionOf(const imports::ImportBatch& plan) {
  if (!plan.source_of_name || plan.empty()) return std::nullopt;
  v1::OverlapQuestion question;
  std::vector<TimeSpan> windows;
  size_t most_held = 16 * kMostSpans;
  for (size_t i = 0; i < plan.size(); ++i) {
    if (!AddWindow(plan.At(i), question, windows)) return std::nullopt;
    if (windows.size() < most_held) continue;
    windows = Merged(std::move(windows));
    most_held = std::max(most_held, 2 * windows.size());
  }
  for (const TimeSpan& span : FewOf(Merged(std::move(windows)))) {
    v1::TimeSpan& to = *question.add_spans();
    to.set_start_unix_nanos(span.start_unix_nanos);
    to.set_end_unix_nanos(span.end_unix_nanos);
  }
  return question;
}

std::string DigestOfTexts(const std::vector<std::string>& texts) {
  Sha256 digest;
  for (const std::string& text : texts) digest.Add(text);
  return Hex(digest.Finish().substr(0, 12));
}

v1::ReportRequest QuestionsOf(const imports::ImportBatch& plan) {
  constexpr size_t kMostNames = 10'000;
  // By chip, pool and team, the latest window: history may be older than every plan.
  std::map<std::tuple<std::string, std::string, std::string>, int64_t> names;
  const auto add = [&](const std::string& chip, const std::string& pool, const std::string& team,
                       int64_t start) {
    if ((chip.empty() && pool.empty()) || names.size() >= kMostNames) return;
    int64_t& latest = names[{chip, pool, team}];
    latest = std::max(latest, start);
  };
  for (size_t i = 0; i < plan.size(); ++i) {
    const imports::ImportReport& planned = plan.At(i);
    if (const auto* usage = std::get_if<UsageReport>(&planned.report)) {
      for (const UsageGroup& group : usage->groups) {
        add(group.chip, group.pool, group.team, usage->window_start_unix_nanos);
      }
      continue;
    }
    const auto& outcome = std::get<OutcomeReport>(planned.report);
    for (const InferenceRow& row : outcome.inference) {
      add("", row.pool, "", outcome.window_start_unix_nanos);
    }
    for (const TrainingRow& row : outcome.training) {
      add("", row.pool, "", outcome.window_start_unix_nanos);
    }
  }
  v1::ReportRequest request;
  request.set_stream_id(std::string(kStreamIdBytes, '\0'));  // nobody's
  for (const auto& [name, start] : names) {
    v1::NamesInUse& to = *request.add_names();
    to.set_chip(std::get<0>(name));
    to.set_pool(std::get<1>(name));
    to.set_team(std::get<2>(name));
    to.set_window_start_unix_nanos(start);
  }
  return request;
}

std::string Hex(const std::string& bytes) {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

}  // namespace fleetmeter::ctl
