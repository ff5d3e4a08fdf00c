// The option --wide of commands whose tables are cut to what fits into the terminal, and how such a
// table is printed.
#pragma once

#include <cstddef>

#include "daemon/base/flags.h"
#include "daemon/ctl/print/table.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {

// What the help of such a command says of its table.
inline constexpr char kTableFits[] =
    "The table has the columns that matter most, as many as fit into the terminal, or into 80 "
    "characters where there is no terminal";

class WideFlag {
 public:
  Flag AddTo(Flags& flags) {
    return flags.AddSwitch("--wide", &wide_, "Show all columns of the table");
  }
  // For which the table is made; 0: all columns.
  size_t Width() const {
    if (wide_) return 0;
    const auto terminal = TerminalSize();
    return terminal ? terminal->columns : kUsualColumns;
  }

 private:
  bool wide_ = false;
};

// Prints the answer as `text` makes it for the width. Returns the exit code.
template <class Response>
int PrintAnswer(const absl::StatusOr<Response>& response, OutputFormat format, const WideFlag& wide,
                std::string (*text)(const Response&, OutputFormat, size_t width)) {
  return PrintAnswer(response, format, [&](const Response& answer, OutputFormat in) {
    return text(answer, in, wide.Width());
  });
}

}  // namespace fleetmeter::ctl
