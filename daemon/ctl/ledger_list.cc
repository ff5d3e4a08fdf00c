#include "daemon/ctl/ledger_list.h"

#include <utility>

#include "daemon/ctl/ledger_flag.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ledger/sqlite/ledger_file.h"

namespace fleetmeter::ctl {

LedgerList::LedgerList(const std::string& name, std::string help)
    : Command({"ledger", name}, std::move(help)) {}

void LedgerList::AddFlags(Flags& flags) {
  AddLedgerPath(flags, &ledger_);
  AddOutput(flags, &output_);
}

int LedgerList::Run() {
  const auto ledger = OpenLedgerToRead(ledger_);
  if (!ledger.ok()) return ExitCode(ledger.status());
  const auto list = List(**ledger);
  if (!list.ok()) return ExitCode(list.status());
  return ExitCode(Print(*list));
}

}  // namespace fleetmeter::ctl
