#include "daemon/ctl/import/import_rejections.h"

#include <fmt/format.h>

#include <cstdio>

#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

constexpr size_t kMostLinesText = 300;

}  // namespace

absl::Status ImportRejections::Add(const RejectedReport& rejected) {
  if (rejected.fate == Fate::kOverlapping) {
    held_[rejected.index] = rejected.why;
    return absl::OkStatus();
  }
  return Keep(rejected.index, rejected.why);
}

absl::Status ImportRejections::Release(const std::set<size_t>& settled) {
  for (const auto& [index, why] : held_) {
    if (settled.contains(index)) continue;
    if (absl::Status kept = Keep(index, why); !kept.ok()) return kept;
  }
  held_.clear();
  return absl::OkStatus();
}

absl::Status ImportRejections::Keep(size_t index, const std::string& why) {
  const imports::LineSet& which = plan_.At(index).lines;
  const std::string lines = which.Text();
  for (const int64_t line : which.Lines()) lines_.insert(line);
  if (first_.empty()) first_ = fmt::format("lines {}: {}", lines, why);
  if (absl::Status kept = refused_.Add(lines, why); !kept.ok()) return kept;
  return refused_.Flush();
}

void ImportRejections::Tell() const {
  if (first_.empty()) return;
  fmt::print(stderr,
             "fleetmeterctl: {}: some rows were not counted. The first are {}\n"
             "fleetmeterctl: {}: these lines stay out of the books: {}. When the cause is mended, "
             "run the same command again. It sends these lines and no others\n",
             Printable(file_), first_, Printable(file_), Lines());
}

std::string ImportRejections::Lines() const {
  imports::LineSet all;
  for (const int64_t line : lines_) all.Add(line);
  const std::string text = all.Text();
  if (text.size() <= kMostLinesText) return text;
  const size_t comma = text.rfind(',', kMostLinesText);
  return fmt::format("{} and others, {} in all (--refused FILE lists them)", text.substr(0, comma),
                     all.count());
}

}  // namespace fleetmeter::ctl
