#include "collectors/exposition/exposition.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kShownBytes = 60;
// Text format timestamps are milliseconds, OpenMetrics' are seconds: what is larger than this can
// only be the former (it would be the year 5138).
constexpr double kLargestSeconds = 1e11;
constexpr double kMillis = 1e3;
constexpr double kMostMillis = 9e15;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
}

bool IsNamePart(char c) { return IsNameStart(c) || (c >= '0' && c <= '9'); }

std::optional<double> ParseValue(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseTimestamp(std::string_view text) {
  const std::optional<double> number = ParseValue(text);
  if (!number || !std::isfinite(*number)) return std::nullopt;
  const double millis = std::fabs(*number) > kLargestSeconds ? *number : *number * kMillis;
  if (std::fabs(millis) > kMostMillis) return std::nullopt;
  return static_cast<int64_t>(std::llround(millis));
}

// Reads one line with a value from its front. Every function says what was wrong, or nothing.
class LineReader {
 public:
  LineReader(std::string_view line, const ExpositionLimits& limits, Sample& sample,
             std::vector<std::string>& unescaped)
      : rest_(line), limits_(limits), sample_(sample), unescaped_(unescaped) {}

  std::string Read() {
    sample_.name = TakeName();
    SkipBlanks();
    if (rest_.starts_with('{')) {
      if (std::string wrong = ReadLabels(); !wrong.empty()) return wrong;
    }
    if (sample_.name.empty()) return "has no name of a metric; expected one in front";
    return ReadNumbers();
  }

 private:
  void SkipBlanks() {
    while (!rest_.empty() && IsBlank(rest_.front())) rest_.remove_prefix(1);
  }

  std::string_view TakeName() {
    size_t end = 0;
    if (!rest_.empty() && IsNameStart(rest_[0])) {
      while (end < rest_.size() && IsNamePart(rest_[end])) ++end;
    }
    const std::string_view name = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return name;
  }

  std::string_view TakeWord() {
    const size_t end = std::min(rest_.find_first_of(" \t"), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    SkipBlanks();
    return word;
  }

  std::string ReadLabels() {
    // Views of these strings must stay good while more are added.
    unescaped_.clear();
    unescaped_.reserve(2 * limits_.max_labels + 2);
    rest_.remove_prefix(1);
    for (;;) {
      SkipBlanks();
      if (rest_.starts_with('}')) break;
      if (std::string wrong = ReadLabel(); !wrong.empty()) return wrong;
      SkipBlanks();
      if (rest_.starts_with(',')) {
        rest_.remove_prefix(1);
      } else if (!rest_.starts_with('}')) {
        return "has labels without an end; expected ',' or '}' behind a label";
      }
    }
    rest_.remove_prefix(1);
    return "";
  }

  std::string ReadLabel() {
    if (sample_.labels.size() >= limits_.max_labels) {
      return fmt::format("has more than {} labels; expected no more", limits_.max_labels);
    }
    const bool quoted = rest_.starts_with('"');
    const auto name = quoted ? TakeQuoted() : std::optional(TakeName());
    if (!name || name->empty()) return "has a label without a name; expected name=\"value\"";
    SkipBlanks();
    // Prometheus 3 writes names that are no words among the labels, in quotes.
    if (quoted && sample_.name.empty() && !rest_.starts_with('=')) {
      sample_.name = *name;
      return "";
    }
    if (!rest_.starts_with('=')) return "has a label without a value; expected name=\"value\"";
    rest_.remove_prefix(1);
    SkipBlanks();
    if (!rest_.starts_with('"')) return "has a label value without quotes; expected name=\"value\"";
    const auto value = TakeQuoted();
    if (!value) return "has a label value without an end; expected a closing quote";
    sample_.labels.emplace_back(*name, *value);
    return "";
  }

  // Between quotes, escapes undone. Nothing if it has no end.
  std::optional<std::string_view> TakeQuoted() {
    rest_.remove_prefix(1);
    const size_t stop = rest_.find_first_of("\"\\");
    if (stop == std::string_view::npos) return std::nullopt;
    if (rest_[stop] == '"') {
      const std::string_view plain = rest_.substr(0, stop);
      rest_.remove_prefix(stop + 1);
      return plain;
    }
    return TakeEscaped();
  }

  std::optional<std::string_view> TakeEscaped() {
    std::string& text = unescaped_.emplace_back();
    for (size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return text;
      }
      if (rest_[i] != '\\') {
        text += rest_[i];
        continue;
      }
      if (++i == rest_.size()) break;
      // An escape that nobody knows stands for itself, as in Prometheus.
      if (rest_[i] == 'n') {
        text += '\n';
      } else {
        if (rest_[i] != '"' && rest_[i] != '\\') text += '\\';
        text += rest_[i];
      }
    }
    return std::nullopt;
  }

  std::string ReadNumbers() {
    SkipBlanks();
    sample_.value_text = TakeWord();
    const std::optional<double> value = ParseValue(sample_.value_text);
    if (!value) {
      return fmt::format("has the value {}; expected a number",
                         AsciiQuoted(sample_.value_text, kShownBytes));
    }
    sample_.value = *value;
    sample_.timestamp_millis.reset();
    // An exemplar of OpenMetrics begins with '#'.
    if (rest_.empty() || rest_.starts_with('#')) return "";
    const std::string_view time = TakeWord();
    sample_.timestamp_millis = ParseTimestamp(time);
    if (!sample_.timestamp_millis) {
      return fmt::format("has the timestamp {}; expected a number", AsciiQuoted(time, kShownBytes));
    }
    if (rest_.empty() || rest_.starts_with('#')) return "";
    return fmt::format("goes on with {} behind its timestamp; expected the end of the line",
                       AsciiQuoted(rest_, kShownBytes));
  }

  std::string_view rest_;
  const ExpositionLimits& limits_;
  Sample& sample_;
  std::vector<std::string>& unescaped_;
};

}  // namespace

std::optional<std::string_view> Sample::Label(std::string_view wanted) const {
  for (const auto& [label, text] : labels) {
    if (label == wanted) return text;
  }
  return std::nullopt;
}

std::optional<std::string_view> Sample::AnyLabel(
    std::initializer_list<std::string_view> names) const {
  for (const std::string_view wanted : names) {
    const auto text = Label(wanted);
    if (text && !text->empty()) return text;
  }
  return std::nullopt;
}

ExpositionParser::ExpositionParser(ExpositionLimits limits, Take take)
    : limits_(limits), take_(std::move(take)) {}

void ExpositionParser::Feed(std::string_view text) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view piece = text.substr(0, end);
    if (!skipping_ && pending_.size() + piece.size() > limits_.max_line_bytes) {
      ++line_;
      Complain(fmt::format("is longer than {} bytes; expected less", limits_.max_line_bytes));
      skipping_ = true;
      pending_.clear();
    }
    if (end == std::string_view::npos) {
      if (!skipping_) pending_ += piece;
      return;
    }
    if (!skipping_) {
      ++line_;
      if (pending_.empty()) {
        TakeLine(piece);
      } else {
        pending_ += piece;
        TakeLine(pending_);
        pending_.clear();
      }
    }
    skipping_ = false;
    text.remove_prefix(end + 1);
  }
}

ExpositionResult ExpositionParser::Finish() {
  if (!pending_.empty()) {
    ++line_;
    result_.cut_short = pending_ != "# EOF";
    TakeLine(pending_);
    pending_.clear();
  }
  if (skipping_) result_.cut_short = true;
  return std::move(result_);
}

void ExpositionParser::TakeLine(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  while (!line.empty() && IsBlank(line.front())) line.remove_prefix(1);
  if (line.empty() || result_.truncated) return;
  if (line.front() == '#') {
    if (line == "# EOF") result_.saw_end = true;
    return;
  }
  if (result_.samples >= limits_.max_samples) {
    result_.truncated = true;
    Complain(fmt::format("comes after {} samples; expected no more", limits_.max_samples));
    return;
  }
  sample_.name = {};
  sample_.labels.clear();
  sample_.line = line_;
  LineReader reader(line, limits_, sample_, unescaped_);
  if (const std::string wrong = reader.Read(); !wrong.empty()) {
    Complain(wrong);
    return;
  }
  ++result_.samples;
  take_(sample_);
}

void ExpositionParser::Complain(std::string_view what) {
  ++result_.bad_lines;
  if (result_.complaints.size() < limits_.kept_complaints) {
    result_.complaints.push_back(fmt::format("line {}: {}", line_, what));
  }
}

ExpositionResult ParseExposition(std::string_view text, const ExpositionParser::Take& take,
                                 const ExpositionLimits& limits) {
  ExpositionParser parser(limits, take);
  parser.Feed(text);
  return parser.Finish();
}

}  // namespace fleetmeter::collector
