#include "daemon/ctl/refused_rows.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "daemon/base/text.h"
#include "daemon/ctl/exit_code.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

using imports::RefusedRow;

absl::Status Write(const std::string& file, const std::vector<RefusedRow>& refused,
                   const std::string& to, bool first) {
  std::error_code unknown;  // it may not be there yet
  if (std::filesystem::equivalent(to, file, unknown)) {
    return absl::InvalidArgumentError(
        fmt::format("--refused: {} is the file that is read; expected another one", Quoted(to)));
  }
  std::ofstream out(to, first ? std::ios::trunc : std::ios::app);
  if (first) out << CsvLine({"file", "line", "reason"});
  for (const RefusedRow& row : refused) {
    out << CsvLine({file, std::to_string(row.line), row.reason});
  }
  out.flush();
  if (!out) return absl::UnavailableError(fmt::format("{}: cannot be written", to));
  return absl::OkStatus();
}

}  // namespace

void TellRefused(const std::string& file, const std::vector<RefusedRow>& refused) {
  if (refused.empty()) return;
  fmt::print(stderr, "fleetmeterctl: {}: {} refused, {}on line {}: {}\n", Printable(file),
             CountOf(static_cast<int64_t>(refused.size()), "row"),
             refused.size() == 1 ? "" : "the first ", refused.front().line,
             Printable(refused.front().reason));
}

absl::Status KeepRefused(const std::string& file, const std::vector<RefusedRow>& refused,
                         const std::string& to, bool first) {
  if (!to.empty()) {
    if (absl::Status written = Write(file, refused, to, first); !written.ok()) return written;
  }
  TellRefused(file, refused);
  return absl::OkStatus();
}

int WithRefused(int exit_code, size_t refused) {
  return exit_code == kExitOk && refused > 0 ? kExitNotAll : exit_code;
}

}  // namespace fleetmeter::ctl
