#include "collectors/core/source_command.h"

#include <CLI/CLI.hpp>

namespace fleetmeter::collector {

SourceCommand::SourceCommand(CLI::App& app, const std::string& name, const std::string& help)
    : command_(app.add_subcommand(name, help)) {}

bool SourceCommand::chosen() const { return command_->parsed(); }

}  // namespace fleetmeter::collector
