// Scripts that complete command lines in a shell, from what --help is made of. Pure.
#pragma once

#include <string>

#include "daemon/base/command_description.h"

namespace fleetmeter::ctl {

enum class Shell { kBash, kZsh, kFish };

// Completes commands, options, and the values that an option takes if they are few words; else
// files.
std::string CompletionScript(const CommandDescription& program, Shell shell);

}  // namespace fleetmeter::ctl
