// A parser of what exporters serve: the Prometheus text format 0.0.4 and OpenMetrics 1.0.
// Streaming, bounded, and it goes on behind a line that it cannot read. Pure.
//
//   ExpositionParser parser(limits, [&](const Sample& sample) { ... });
//   parser.Feed(text);
//   parser.Finish();
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fleetmeter::collector {

using LabelView = std::pair<std::string_view, std::string_view>;

// One line with a value. The views are good during the call.
struct Sample {
  std::string_view name;
  std::vector<LabelView> labels;  // in the order of the line, escapes undone
  double value = 0;               // may be NaN or infinite
  std::string_view value_text;    // as it stands, for values that doubles do not hold
  std::optional<int64_t> timestamp_millis;
  int64_t line = 0;  // from 1

  // Nothing if there is no such label. An empty label is as good as none in Prometheus' model, but
  // is given here as it stands.
  std::optional<std::string_view> Label(std::string_view name) const;
  // The first of `names` that there is and that is not empty.
  std::optional<std::string_view> AnyLabel(std::initializer_list<std::string_view> names) const;
};

struct ExpositionLimits {
  size_t max_line_bytes = 64 << 10;
  size_t max_labels = 64;
  int64_t max_samples = 1'000'000;
  size_t kept_complaints = 5;
};

struct ExpositionResult {
  int64_t samples = 0;
  int64_t bad_lines = 0;
  bool truncated = false;  // max_samples were reached, and the rest was not looked at
  bool saw_end = false;    // OpenMetrics' "# EOF"
  bool cut_short = false;  // the last line has no end: the body was truncated
  // "line 12: what was wrong; expected ...": the first few.
  std::vector<std::string> complaints;
};

class ExpositionParser {
 public:
  using Take = std::function<void(const Sample&)>;

  ExpositionParser(ExpositionLimits limits, Take take);

  // Any piece of the text.
  void Feed(std::string_view text);
  // No more comes. A last line without an end is read, as Prometheus does not; it is marked.
  ExpositionResult Finish();

 private:
  void TakeLine(std::string_view line);
  void Complain(std::string_view what);

  const ExpositionLimits limits_;
  const Take take_;
  std::string pending_;                 // of a line whose end has not come
  bool skipping_ = false;               // the rest of a line that is too long
  Sample sample_;                       // reused
  std::vector<std::string> unescaped_;  // label values with escapes
  int64_t line_ = 0;
  ExpositionResult result_;
};

// All of a text at once.
ExpositionResult ParseExposition(std::string_view text, const ExpositionParser::Take& take,
                                 const ExpositionLimits& limits = {});

}  // namespace fleetmeter::collector
