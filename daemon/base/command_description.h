// What the help of a program tells, as values: manual pages and completions are made of the same
// declarations. Filled by Flags::Describe().
#pragma once

#include <string>
#include <vector>

namespace fleetmeter {

struct FlagDescription {
  std::vector<std::string> names;  // "-o" and "--output"; the one name of a positional argument
  bool positional = false;
  bool required = false;
  bool repeated = false;
  std::string value;               // what the help calls it, such as FILE; empty: it takes none
  std::vector<std::string> words;  // what the value must be one of; empty: anything
  std::string default_text;
  std::string environment;  // a variable; empty: none
  std::string help;
};

// A program, a group of commands or a command.
struct CommandDescription {
  std::string name;
  std::string help;
  std::string footer;
  std::vector<FlagDescription> flags;
  std::vector<CommandDescription> commands;
};

}  // namespace fleetmeter
