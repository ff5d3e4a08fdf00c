// A command that lists what a ledger's file has of one thing, with a daemon or without: the base of
// ledger entries and ledger requests.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "daemon/ctl/command.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter::ctl {

class LedgerList : public Command {
 public:
  void AddFlags(Flags& flags) final;
  int Run() final;

 protected:
  // `name` is the second word of the command, such as "entries".
  LedgerList(const std::string& name, std::string help);

  // The list as text in output(). Errors are those of reading the ledger.
  virtual absl::StatusOr<std::string> List(Database& ledger) const = 0;

 private:
  std::string ledger_;  // its file
};

}  // namespace fleetmeter::ctl
