#include "daemon/ctl/command_footer.h"

#include <algorithm>
#include <sstream>
#include <string_view>

namespace fleetmeter::ctl {
namespace {

constexpr std::string_view kProgram = "fleetmeterctl";
constexpr std::string_view kExamplesTitle = "Examples:";

struct Part {
  std::string title;  // empty: a paragraph
  std::vector<std::string> lines;
};

std::vector<Part> PartsOf(const std::string& footer) {
  std::vector<Part> parts(1);
  std::istringstream in(footer);
  for (std::string line; std::getline(in, line);) {
    const bool begins = !line.starts_with(' ') && line.ends_with(':');
    if (begins) parts.push_back({line, {}});
    if (!begins) parts.back().lines.push_back(line);
  }
  return parts;
}

// The words of an example that name its command: those that are no flags and no flags' values, up
// to as many as a command has.
bool IsOf(const std::string& example, const std::vector<std::string>& path) {
  std::istringstream in(example);
  std::string word;
  if (!(in >> word) || word != kProgram) return false;
  size_t known = 0;
  while (known < path.size() && in >> word) {
    if (word == path[known]) {
      ++known;
    } else if (known > 0) {
      return false;  // of another command of the group
    }
  }
  return known == path.size();
}

// An example goes on below a line that ends with a backslash.
std::vector<std::string> ExamplesOf(const std::vector<std::string>& lines,
                                    const std::vector<std::string>& path) {
  std::vector<std::string> kept;
  for (size_t at = 0; at < lines.size();) {
    size_t end = at + 1;
    std::string whole = lines[at];
    while (whole.ends_with('\\') && end < lines.size()) {
      whole.pop_back();
      whole += lines[end++];
    }
    if (IsOf(whole, path)) {
      kept.insert(kept.end(), lines.begin() + static_cast<std::ptrdiff_t>(at),
                  lines.begin() + static_cast<std::ptrdiff_t>(end));
    }
    at = end;
  }
  return kept;
}

void Append(const Part& part, std::string* out) {
  std::vector<std::string> lines = part.lines;
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  if (lines.empty()) return;
  if (!out->empty()) *out += "\n\n";
  if (!part.title.empty()) *out += part.title + "\n";
  for (const std::string& line : lines) *out += line + (&line == &lines.back() ? "" : "\n");
}

}  // namespace

std::string FooterOfCommand(const std::string& above, const std::vector<std::string>& path) {
  const bool of_group = path.size() > 1;
  std::string footer;
  for (Part& part : PartsOf(above)) {
    const bool examples = part.title == kExamplesTitle;
    if (examples) part.lines = ExamplesOf(part.lines, path);
    if (examples || of_group) Append(part, &footer);
  }
  return footer;
}

}  // namespace fleetmeter::ctl
