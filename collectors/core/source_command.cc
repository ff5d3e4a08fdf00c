#include "collectors/core/source_command.h"

namespace fleetmeter::collector {

SourceCommand::SourceCommand(Flags& program, const std::string& name, const std::string& help)
    : name_(name), command_(program.AddCommand(name, help)) {}

bool SourceCommand::chosen() const { return command_.chosen(); }

}  // namespace fleetmeter::collector
