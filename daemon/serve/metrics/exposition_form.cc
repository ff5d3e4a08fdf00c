#include "daemon/serve/metrics/exposition_form.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace fleetmeter {
namespace {

constexpr std::string_view kSpace = " \t";

std::string_view Trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(kSpace)));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

// Takes what stands before `end` from the front of `text`, and `end` with it. A quoted string may
// hold it.
std::string_view Take(std::string_view& text, char end) {
  bool quoted = false;
  size_t at = 0;
  for (; at < text.size() && (quoted || text[at] != end); ++at) {
    if (text[at] == '"') quoted = !quoted;
  }
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(text.size(), at + 1));
  return Trimmed(taken);
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// One of the list that the header is.
struct MediaRange {
  std::string type;
  std::string version;  // empty: any
  double quality = 1;
};

// A quality that is none is taken for none, which is 0: nobody who means it writes it so.
double ReadQuality(std::string_view text) {
  double quality = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quality);
  const bool read = error == std::errc() && end == text.data() + text.size();
  return read && quality >= 0 && quality <= 1 ? quality : 0;
}

MediaRange ReadRange(std::string_view text) {
  MediaRange range{.type = Lower(Take(text, ';')), .version = "", .quality = 1};
  while (!text.empty()) {
    std::string_view parameter = Take(text, ';');
    const std::string name = Lower(Take(parameter, '='));
    if (parameter.size() >= 2 && parameter.front() == '"' && parameter.back() == '"') {
      parameter = parameter.substr(1, parameter.size() - 2);
    }
    if (name == "q") range.quality = ReadQuality(parameter);
    if (name == "version") range.version = Lower(parameter);
  }
  return range;
}

}  // namespace

std::string_view ContentType(ExpositionForm form) {
  return form == ExpositionForm::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

ExpositionForm PreferredForm(std::string_view accept) {
  double text = 0;
  double open = 0;
  while (!accept.empty()) {
    const MediaRange range = ReadRange(Take(accept, ','));
    const bool any = range.version.empty();
    if (range.type == "text/plain" && (any || range.version == "0.0.4")) {
      text = std::max(text, range.quality);
    }
    if (range.type == "application/openmetrics-text" && (any || range.version == "1.0.0")) {
      open = std::max(open, range.quality);
    }
  }
  return open > text ? ExpositionForm::kOpenMetrics : ExpositionForm::kText;
}

}  // namespace fleetmeter
