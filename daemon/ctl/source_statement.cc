#include "daemon/ctl/source_statement.h"

#include <utility>

#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/admin_output.h"
#include "daemon/ctl/print_answer.h"

namespace fleetmeter::ctl {

SourceStatement::SourceStatement(const Connection& connection, const std::string& verb,
                                 std::string help)
    : Command({"source", verb}, std::move(help)), connection_(connection) {}

void SourceStatement::AddName(Flags& flags, const std::string& name, const std::string& help,
                              std::string* value) {
  flags.Add(name, value, help).Required();
}

void SourceStatement::AddFlags(Flags& flags) {
  AddNames(flags);
  AddReason(flags, &reason_).Required();
  AddTextOutput(flags, &output_);
}

int SourceStatement::Run() {
  return PrintAnswer(State(connection_, reason_), output_, FormatDecision);
}

}  // namespace fleetmeter::ctl
