#include "daemon/ctl/import/import_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

constexpr std::chrono::milliseconds kOften{200};
constexpr size_t kColumns = 79;
constexpr char kOverwrite[] = "\r\x1b[K";

std::string Count(int64_t count) { return Grouped(std::to_string(count)); }

}  // namespace

std::string ProgressLine(const std::string& what, int64_t rows, int64_t total, int64_t rows_before,
                         std::chrono::duration<double> elapsed, const std::string& trouble) {
  std::string line = fmt::format("{}: {} of {} rows", what, Count(rows), Count(total));
  if (!trouble.empty()) return line + "; waiting: " + trouble;
  if (total > 0) line += fmt::format(", {}%", rows * 100 / total);
  const int64_t done = rows - rows_before;
  if (done > 0 && elapsed.count() > 0) {
    const double rate = static_cast<double>(done) / elapsed.count();
    line += fmt::format(", {} rows/s", Count(static_cast<int64_t>(rate)));
    if (rows < total) {
      line += fmt::format(", {:.0f} s left", static_cast<double>(total - rows) / rate);
    }
  }
  return line;
}

std::string ReadingLine(const std::string& what, const std::string& doing, double ratio) {
  return fmt::format("{}: {}, {:.0f}%", what, doing, std::floor(ratio * 100));
}

ReadingProgress::~ReadingProgress() {
  if (shown_ && last_ != std::chrono::steady_clock::time_point()) {
    fmt::print(stderr, "{}", kOverwrite);
  }
}

void ReadingProgress::Show(const std::string& doing, double ratio) {
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || now - last_ < kOften) return;
  last_ = now;
  fmt::print(stderr, "{}{}", kOverwrite, ClipLine(ReadingLine(what_, doing, ratio), kColumns));
  std::fflush(stderr);
}

ImportProgress::ImportProgress(std::string what, int64_t total_rows, bool shown)
    : what_(std::move(what)), total_(total_rows), shown_(shown) {}

ImportProgress::~ImportProgress() {
  if (shown_ && last_ != Clock::time_point()) fmt::print(stderr, "{}", kOverwrite);
}

void ImportProgress::ShowBegin() {
  if (!shown_) return;
  last_ = Clock::now();
  Write(fmt::format("{}: preparing to send {} rows", what_, Count(total_)));
}

void ImportProgress::Show(int64_t rows, const std::string& trouble) {
  if (rows_before_ < 0) rows_before_ = rows;
  const Clock::time_point now = Clock::now();
  if (!shown_ || (now - last_ < kOften && trouble.empty())) return;
  last_ = now;
  Write(ProgressLine(what_, rows, total_, rows_before_, now - start_, trouble));
}

void ImportProgress::Write(const std::string& line) {
  fmt::print(stderr, "{}{}", kOverwrite, ClipLine(line, kColumns));
  std::fflush(stderr);
}

bool ErrorsGoToTerminal() {
  const char* term = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return isatty(STDERR_FILENO) == 1 && (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace fleetmeter::ctl
