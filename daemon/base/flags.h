// Flags of command lines: what a program and its commands take, and how it is told what they were
// given. The library behind it, CLI11, takes long to compile, so only flags.cc includes it.
//
// Flag and Flags are handles, as cheap as a pointer, into a ProgramFlags that outlives them. What a
// flag fills outlives the parsing. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace fleetmeter {

struct CommandDescription;

// One flag or one positional argument.
class Flag {
 public:
  explicit Flag(CLI::Option* option) : option_(option) {}

  // What the help calls the value, such as FILE. Without it, its kind, such as TEXT or INT.
  Flag ValueName(const std::string& name) const;
  // The default that the help shows: this text, or what the flag fills as it is now.
  Flag Default(const std::string& text) const;
  Flag ShowDefault() const;
  // An environment variable that is read where the flag is not given.
  Flag Environment(const std::string& variable) const;

  Flag Required() const;
  Flag Needs(Flag other) const;
  Flag Excludes(Flag other) const;
  // The name may stand without a value, which is then empty.
  Flag ValueIsOptional() const;
  // Of a list: each use of the name takes one value, not all values up to the next name.
  Flag OneValueEach() const;

  // Whether the command line or the environment gave it. After the parsing.
  bool given() const;

  // What the value must be; the help says so. Both limits belong to a range. Of words, an error
  // names the nearest.
  Flag OneOf(const std::vector<std::string>& words) const;
  Flag InRange(int least, int most) const;
  Flag InRange(uint64_t least, uint64_t most) const;
  Flag InRange(double least, double most) const;
  // What the value must be, in words of our own: an error's message says what is wrong with it.
  Flag Check(const std::function<absl::Status(const std::string&)>& check) const;
  // The value may be a size such as 4MiB, which is then a number of bytes for what comes after.
  Flag TakeSizes() const;

 private:
  CLI::Option* option_;
};

// The flags of a program or of one of its commands. Names are such as "--output,-o"; a name without
// dashes is that of a positional argument.
class Flags {
 public:
  // Takes a value. An error's message says what is wrong with it, without the flag's name.
  template <typename Value>
  using Reader = std::function<absl::Status(const Value&)>;

  explicit Flags(CLI::App* app) : app_(app) {}

  // The help lists flags in the order in which they are added.
  Flag Add(const std::string& names, std::string* value, const std::string& help);
  Flag Add(const std::string& names, double* value, const std::string& help);
  Flag Add(const std::string& names, uint32_t* value, const std::string& help);
  Flag Add(const std::string& names, uint64_t* value, const std::string& help);
  Flag Add(const std::string& names, std::optional<int64_t>* value, const std::string& help);
  Flag Add(const std::string& names, std::optional<uint32_t>* value, const std::string& help);
  Flag Add(const std::string& names, const Reader<std::string>& read, const std::string& help);
  Flag AddNumber(const std::string& names, const Reader<double>& read, const std::string& help);
  // May be given any number of times.
  Flag AddList(const std::string& names, const Reader<std::vector<std::string>>& read,
               const std::string& help);

  // These take no value.
  Flag AddSwitch(const std::string& names, bool* on, const std::string& help);
  Flag AddSwitch(const std::string& names, const std::function<void()>& act,
                 const std::string& help);
  // Prints a text instead of what the program else does, whatever else it takes, as --help does.
  void AddPage(const std::string& names, const std::function<std::string()>& text,
               const std::string& help);
  void AddVersion(const std::string& version);

  // Of the program, of a group, or of a command, which then asks nothing itself. It has --help.
  Flags AddCommand(const std::string& name, const std::string& help);
  std::vector<Flags> commands() const;
  void RequireOneCommand();
  void RequireCommands();

  // Flags of what is above this command may also stand after its name.
  void TakeFlagsOfParent();
  // Below the help.
  void SetFooter(const std::string& text);
  // Asked after the whole command line was read, if it names this command. An error's message is
  // what is wrong with it.
  void SetCheck(const std::function<absl::Status()>& check);

  const std::string& name() const;
  std::string help() const;
  // What SetFooter set, of this command or of what is above it when it was added.
  std::string footer() const;
  // All that --help knows, of the commands too.
  CommandDescription Describe() const;
  // Whether the command line named this command.
  bool chosen() const;

 private:
  CLI::App* app_;
};

// Why a command line does not fit, and what would.
struct WrongCommandLine {
  std::string message;                   // a sentence, without a full stop
  bool leftover = false;                 // whether words are left over, or something is missing
  std::vector<std::string> rest;         // words that are neither flags, values nor commands
  std::string command;                   // that was named last, such as "fleetmeterctl plan"
  std::vector<std::string> flags;        // of that command and of what is above it, as "--name"
  std::vector<std::string> short_flags;  // of the same, as "-n"
  std::vector<std::string> commands;     // that may follow it
};

// The flags of a whole program, with its commands.
class ProgramFlags : public Flags {
 public:
  // Without a name, it has the one that it was called by.
  explicit ProgramFlags(const std::string& help, const std::string& name = "");
  ~ProgramFlags();
  ProgramFlags(const ProgramFlags&) = delete;
  ProgramFlags& operator=(const ProgramFlags&) = delete;

  // What standard error says of a wrong command line. The default is the library's own text.
  void SetComplaint(const std::function<std::string(const WrongCommandLine&)>& complaint);

  // Fills what the flags fill. Or prints what --help, --version or a wrong command line calls for,
  // and returns the program's exit code: 0, or 2 for a wrong command line.
  std::optional<int> Parse(int argc, const char* const* argv);

 private:
  explicit ProgramFlags(std::unique_ptr<CLI::App> app);

  const std::unique_ptr<CLI::App> app_;
};

}  // namespace fleetmeter
