#include "collectors/live/slurm/slurm_gres.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace fleetmeter::collector {
namespace {

constexpr int64_t kMostCount = int64_t{1} << 40;
constexpr size_t kMostItems = 4'096;
constexpr size_t kMostRuns = 16;  // brackets of one host list's name

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Parts between separators that stand outside of brackets. Nothing: brackets do not match.
std::optional<std::vector<std::string_view>> SplitOutside(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    if (depth < 0 || parts.size() > kMostItems) return std::nullopt;
    if (c != separator || depth != 0) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  if (depth != 0) return std::nullopt;
  parts.push_back(text.substr(begin));
  return parts;
}

std::optional<int64_t> WholeNumber(std::string_view text, int64_t most = kMostCount) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (number < 0 || number > most) return std::nullopt;
  return number;
}

// "8", or "2K" as Slurm shortens it.
std::optional<int64_t> CountOf(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const size_t unit = std::string_view("KMG").find(text.back());
  if (unit == std::string_view::npos) return WholeNumber(text);
  const auto number = WholeNumber(text.substr(0, text.size() - 1), 1 << 20);
  if (!number) return std::nullopt;
  const int64_t scaled = *number << (10 * (unit + 1));
  return scaled <= kMostCount ? std::optional(scaled) : std::nullopt;
}

bool AddRange(std::string_view text, std::vector<uint32_t>& indexes) {
  const size_t dash = text.find('-');
  const auto first = WholeNumber(text.substr(0, dash), 65'535);
  const auto last =
      dash == std::string_view::npos ? first : WholeNumber(text.substr(dash + 1), 65'535);
  if (!first || !last || *last < *first) return false;
  if (*last - *first >= kMostSlurmDevices || indexes.size() > size_t{kMostSlurmDevices}) {
    return false;
  }
  for (int64_t i = *first; i <= *last; ++i) indexes.push_back(static_cast<uint32_t>(i));
  return true;
}

// "1/4,0/4": shares in use of each device.
bool AddShares(std::string_view text, SlurmGres& gres) {
  const auto parts = SplitOutside(text, ',');
  if (!parts || parts->size() > size_t{kMostSlurmDevices}) return false;
  for (const std::string_view part : *parts) {
    const auto used = WholeNumber(TrimBlanks(part.substr(0, part.find('/'))));
    if (!used) return false;
    gres.of_each.push_back(*used);
  }
  return true;
}

// What stands in parentheses. "S:0-1" says which sockets are near, which is of no use here.
bool ReadPlace(std::string_view text, SlurmGres& gres) {
  text = TrimBlanks(text);
  if (text.starts_with("IDX:")) {
    gres.tells_indexes = true;
    text.remove_prefix(4);
    if (text == "N/A") return true;
    const auto parts = SplitOutside(text, ',');
    return parts && std::all_of(parts->begin(), parts->end(), [&](std::string_view part) {
             return AddRange(TrimBlanks(part), gres.indexes);
           });
  }
  if (text.find('/') != std::string_view::npos && text != "N/A") return AddShares(text, gres);
  return true;
}

bool IsNothing(std::string_view text) {
  return text.empty() || text == "(null)" || text == "N/A" || text == "null" || text == "none";
}

std::string_view WithoutPrefix(std::string_view text) {
  if (text.starts_with("gres/") || text.starts_with("gres:")) text.remove_prefix(5);
  return text;
}

// "gpu", "gpu:4", "gpu:h100", "gpu:h100:4", "gpu:h100:no_consume:4".
bool ReadNameAndCount(std::string_view text, SlurmGres& gres) {
  gres.count = 1;
  const size_t equals = text.find('=');
  if (equals != std::string_view::npos) {
    const auto count = CountOf(text.substr(equals + 1));
    if (!count) return false;
    gres.count = *count;
    text = text.substr(0, equals);
  }
  const size_t colon = text.find(':');
  gres.name = text.substr(0, colon);
  if (gres.name.empty()) return false;
  if (colon == std::string_view::npos) return true;
  text.remove_prefix(colon + 1);
  const size_t last = text.rfind(':');
  const std::string_view tail = last == std::string_view::npos ? text : text.substr(last + 1);
  if (const auto count = CountOf(tail); count && equals == std::string_view::npos) {
    gres.count = *count;
    text = last == std::string_view::npos ? std::string_view() : text.substr(0, last);
  }
  if (text.ends_with(":no_consume")) text.remove_suffix(11);
  gres.type = text == "no_consume" || text == "(null)" ? std::string_view() : text;
  return gres.type.find_first_of(" ,()") == std::string::npos;
}

std::optional<SlurmGres> ParseOne(std::string_view text) {
  SlurmGres gres;
  text = WithoutPrefix(TrimBlanks(text));
  const size_t open = text.find('(');
  if (open != std::string_view::npos) {
    if (text.back() != ')') return std::nullopt;
    if (!ReadPlace(text.substr(open + 1, text.size() - open - 2), gres)) return std::nullopt;
    text = text.substr(0, open);
  }
  if (!ReadNameAndCount(text, gres)) return std::nullopt;
  return gres;
}

// "07" to "12" of the width of its first number.
bool AppendRun(std::string_view text, size_t most, std::vector<std::string>& out) {
  const size_t dash = text.find('-');
  const std::string_view low = text.substr(0, dash);
  const auto first = WholeNumber(low);
  const auto last = dash == std::string_view::npos ? first : WholeNumber(text.substr(dash + 1));
  if (!first || !last || *last < *first) return false;
  if (static_cast<uint64_t>(*last - *first) >= most - std::min(most, out.size())) return false;
  for (int64_t i = *first; i <= *last; ++i) {
    std::string number = std::to_string(i);
    if (number.size() < low.size()) number.insert(0, low.size() - number.size(), '0');
    out.push_back(std::move(number));
  }
  return true;
}

// One entry: "n[1-2]-x[3,4]b".
bool AppendHosts(std::string_view text, size_t most, std::vector<std::string>& out) {
  std::vector<std::string> names{""};
  size_t runs = 0;
  while (!text.empty()) {
    const size_t open = text.find('[');
    const std::string_view fixed = text.substr(0, open);
    for (std::string& name : names) name += fixed;
    if (open == std::string_view::npos) break;
    const size_t close = text.find(']', open);
    if (close == std::string_view::npos || ++runs > kMostRuns) return false;
    std::vector<std::string> numbers;
    const auto parts = SplitOutside(text.substr(open + 1, close - open - 1), ',');
    if (!parts) return false;
    for (const std::string_view part : *parts) {
      if (!AppendRun(part, most, numbers)) return false;
    }
    if (names.size() * numbers.size() > most) return false;
    std::vector<std::string> longer;
    longer.reserve(names.size() * numbers.size());
    for (const std::string& name : names) {
      for (const std::string& number : numbers) longer.push_back(name + number);
    }
    names = std::move(longer);
    text.remove_prefix(close + 1);
  }
  if (out.size() + names.size() > most) return false;
  std::move(names.begin(), names.end(), std::back_inserter(out));
  return true;
}

// Chips that are divided into four: A30 and RTX PRO 6000.
constexpr auto kFourths = std::to_array<std::pair<int64_t, int64_t>>(
    {{1, 6}, {2, 12}, {4, 24}, {1, 24}, {2, 48}, {4, 96}});

}  // namespace

std::optional<std::vector<SlurmGres>> ParseSlurmGres(std::string_view text) {
  std::vector<SlurmGres> list;
  text = TrimBlanks(text);
  if (IsNothing(text)) return list;
  const auto parts = SplitOutside(text, ',');
  if (!parts) return std::nullopt;
  for (const std::string_view part : *parts) {
    if (IsNothing(TrimBlanks(part))) continue;
    auto gres = ParseOne(part);
    if (!gres) return std::nullopt;
    list.push_back(*std::move(gres));
  }
  return list;
}

std::optional<std::vector<SlurmGres>> ParseSlurmTres(std::string_view text) {
  std::vector<SlurmGres> list;
  text = TrimBlanks(text);
  if (IsNothing(text)) return list;
  const auto parts = SplitOutside(text, ',');
  if (!parts) return std::nullopt;
  for (const std::string_view part : *parts) {
    const std::string_view item = TrimBlanks(part);
    if (!item.starts_with("gres/") && !item.starts_with("gres:")) continue;
    auto gres = ParseOne(item);
    if (!gres) return std::nullopt;
    list.push_back(*std::move(gres));
  }
  return list;
}

std::vector<SlurmGres> SlurmTypesOf(const std::vector<SlurmGres>& list, std::string_view name) {
  std::vector<SlurmGres> types;
  int64_t typed = 0;
  int64_t untyped = 0;
  for (const SlurmGres& gres : list) {
    if (gres.name != name) continue;
    if (gres.type.empty()) {
      untyped += gres.count;
      continue;
    }
    typed += gres.count;
    const auto found = std::find_if(types.begin(), types.end(), [&](const SlurmGres& known) {
      return known.type == gres.type;
    });
    if (found == types.end()) {
      types.push_back({std::string(name), gres.type, gres.count, {}, {}, false});
    } else {
      found->count += gres.count;
    }
  }
  if (untyped > typed) types.push_back({std::string(name), "", untyped - typed, {}, {}, false});
  return types;
}

int64_t SlurmCountOf(const std::vector<SlurmGres>& list, std::string_view name) {
  int64_t sum = 0;
  for (const SlurmGres& gres : SlurmTypesOf(list, name)) sum += gres.count;
  return sum;
}

std::optional<SlurmMigProfile> ParseSlurmMig(std::string_view type) {
  SlurmMigProfile profile;
  const size_t dot = type.find("g.");
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  const size_t begin = type.find_last_not_of("0123456789", dot - 1);
  const size_t digits = begin == std::string_view::npos ? 0 : begin + 1;
  const auto slices = WholeNumber(type.substr(digits, dot - digits), 16);
  const std::string_view rest = type.substr(dot + 2);
  const size_t unit = rest.find("gb");
  const auto memory = WholeNumber(rest.substr(0, unit), 4'096);
  if (!slices || *slices == 0 || unit == std::string_view::npos || !memory) return std::nullopt;
  profile.slices = *slices;
  profile.memory_gb = *memory;
  std::string_view model = type.substr(0, digits);
  while (!model.empty() && (model.back() == '_' || model.back() == '-')) model.remove_suffix(1);
  profile.model = model;
  const bool of_four =
      std::find(kFourths.begin(), kFourths.end(), std::pair(*slices, *memory)) != kFourths.end();
  profile.chip_slices = of_four ? 4 : std::max<int64_t>(7, *slices);
  return profile;
}

std::optional<std::vector<std::string>> ExpandSlurmHosts(std::string_view text, size_t most) {
  std::vector<std::string> hosts;
  text = TrimBlanks(text);
  if (IsNothing(text)) return hosts;
  const auto parts = SplitOutside(text, ',');
  if (!parts) return std::nullopt;
  for (const std::string_view part : *parts) {
    const std::string_view entry = TrimBlanks(part);
    if (entry.empty()) continue;
    if (!AppendHosts(entry, most, hosts)) return std::nullopt;
  }
  return hosts;
}

std::optional<SlurmArray> ParseSlurmArray(std::string_view text) {
  SlurmArray array;
  text = TrimBlanks(text);
  const size_t percent = text.find('%');
  if (percent != std::string_view::npos) {
    const auto limit = WholeNumber(text.substr(percent + 1), INT32_MAX);
    if (!limit) return std::nullopt;
    array.at_once = *limit;
    text = text.substr(0, percent);
  }
  const auto parts = SplitOutside(text, ',');
  if (!parts) return std::nullopt;
  for (std::string_view part : *parts) {
    if (part.ends_with("...")) {
      array.cut_short = true;
      part.remove_suffix(3);
      if (part.empty() || part.back() == '-') continue;
    }
    const size_t colon = part.find(':');
    const auto step =
        colon == std::string_view::npos ? 1 : WholeNumber(part.substr(colon + 1), INT32_MAX);
    part = part.substr(0, colon);
    const size_t dash = part.find('-');
    const auto first = WholeNumber(part.substr(0, dash), INT32_MAX);
    const auto last =
        dash == std::string_view::npos ? first : WholeNumber(part.substr(dash + 1), INT32_MAX);
    if (!step || *step == 0 || !first || !last || *last < *first) return std::nullopt;
    array.tasks += (*last - *first) / *step + 1;
  }
  return array;
}

}  // namespace fleetmeter::collector
