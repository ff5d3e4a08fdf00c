#include "daemon/ctl/import/import_rejections.h"

#include <fmt/format.h>

#include <cstdio>

#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

constexpr size_t kMostLinesText = 300;

imports::LineSet LineSetOf(const std::set<int64_t>& lines) {
  imports::LineSet set;
  for (const int64_t line : lines) set.Add(line);
  return set;
}

std::string Shortened(const imports::LineSet& lines, bool named) {
  const std::string text = named ? lines.NamedText() : lines.Text();
  if (text.size() <= kMostLinesText) return text;
  const size_t comma = text.rfind(',', kMostLinesText);
  return fmt::format("{} and others, {} in all (--refused FILE lists them)", text.substr(0, comma),
                     lines.count());
}

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
    for (const int64_t line : plan_.At(index).lines.Lines()) overlapping_.insert(line);
    if (absl::Status kept = Keep(index, why); !kept.ok()) return kept;
  }
  held_.clear();
  return absl::OkStatus();
}

absl::Status ImportRejections::Keep(size_t index, const std::string& why) {
  const imports::LineSet& which = plan_.At(index).lines;
  for (const int64_t line : which.Lines()) lines_.insert(line);
  if (first_.empty()) {
    first_ = fmt::format("{} {}: {}", which.count() == 1 ? "is" : "are", which.NamedText(), why);
  }
  if (absl::Status kept = refused_.Add(which.Text(), why); !kept.ok()) return kept;
  return refused_.Flush();
}

void ImportRejections::Tell() const {
  if (first_.empty()) return;
  const bool one = lines_.size() == 1;
  fmt::print(stderr,
             "fleetmeterctl: {0}: {1} not counted. The first {2}\n"
             "fleetmeterctl: {0}: {3} of the books: {4}. {5}\n",
             Printable(file_), one ? "one row was" : "some rows were", first_,
             one ? "this line stays out" : "these lines stay out", Lines(), Advice());
}

// Time that the books have already is not free when the command is run again.
std::string ImportRejections::Advice() const {
  if (overlapping_.empty()) {
    return fmt::format(
        "When the cause is mended, run the same command again. It sends {} and no others",
        lines_.size() == 1 ? "this line" : "these lines");
  }
  if (overlapping_.size() == lines_.size()) {
    return "The books have their time already, so that running the same command again changes "
           "nothing";
  }
  return fmt::format(
      "When the cause is mended, run the same command again for all but {}, whose time the books "
      "have already",
      Shortened(LineSetOf(overlapping_), /*named=*/true));
}

std::string ImportRejections::Lines() const {
  return Shortened(LineSetOf(lines_), /*named=*/false);
}

}  // namespace fleetmeter::ctl
