#include "daemon/ledger/gaps_text.h"

#include <charconv>

#include "daemon/base/text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

bool Take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

bool Take(std::string_view& text, int64_t& number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  return true;
}

}  // namespace

std::string GapsText(const std::vector<TimeSpan>& gaps) {
  std::string text = "[";
  for (const TimeSpan& gap : gaps) {
    text += fmt::format("{}[{},{}]", text.size() == 1 ? "" : ",", gap.start_unix_nanos,
                        gap.end_unix_nanos);
  }
  return text + "]";
}

absl::StatusOr<std::vector<TimeSpan>> ParseGaps(std::string_view text) {
  std::vector<TimeSpan> gaps;
  if (text == "[]") return gaps;
  std::string_view rest = text;
  bool ok = Take(rest, '[');
  do {
    TimeSpan& gap = gaps.emplace_back();
    ok = ok && Take(rest, '[') && Take(rest, gap.start_unix_nanos) && Take(rest, ',') &&
         Take(rest, gap.end_unix_nanos) && Take(rest, ']');
  } while (ok && Take(rest, ','));
  if (!ok || rest != "]") {
    return absl::DataLossError(
        fmt::format("the gaps of a source are {}; expected [[from,to],...]", Quoted(text)));
  }
  return gaps;
}

}  // namespace fleetmeter
