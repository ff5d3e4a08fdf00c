#include "daemon/base/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>

#include "daemon/base/command_description.h"
#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"

namespace fleetmeter {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitUsage = 2;

// A reader as the library has them: it throws.
template <typename Value>
std::function<void(const Value&)> Throwing(const std::string& names,
                                           const Flags::Reader<Value>& read) {
  return [name = names.substr(0, names.find(',')), read](const Value& value) {
    const absl::Status status = read(value);
    if (!status.ok()) throw CLI::ValidationError(name, std::string(status.message()));
  };
}

// The command or group that was named last.
const CLI::App& Named(const CLI::App& root) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return *app;
}

std::string NameOf(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : NameOf(*parent) + " " + app.get_name();
}

std::vector<std::string> CommandsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  return names;
}

// Of the command, and those that it takes from what is above it.
std::vector<std::string> FlagsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* owner = &app; owner != nullptr; owner = owner->get_parent()) {
    for (const CLI::Option* option : owner->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        // Each of them has --help.
        if (std::find(names.begin(), names.end(), "--" + name) == names.end()) {
          names.push_back("--" + name);
        }
      }
    }
  }
  return names;
}

std::vector<std::string> ShortFlagsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* owner = &app; owner != nullptr; owner = owner->get_parent()) {
    for (const CLI::Option* option : owner->get_options()) {
      for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    }
  }
  return names;
}

// The text between two others, where it begins with the one and has the other behind.
std::optional<std::string> Between(std::string_view text, std::string_view before,
                                   std::string_view behind) {
  if (!text.starts_with(before)) return std::nullopt;
  text.remove_prefix(before.size());
  const size_t end = behind.empty() ? text.size() : text.find(behind);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(text.substr(0, end));
}

// The library's sentences about values are none; these are ours.
std::string MessageOf(const CLI::Error& error, const std::string& command,
                      const std::vector<std::string>& rest) {
  const std::string said = error.what();
  const int kind = error.get_exit_code();
  if (kind == static_cast<int>(CLI::ExitCodes::ExtrasError) && !rest.empty()) {
    return fmt::format("{} is a word too many for {}", Quoted(rest.front()), command);
  }
  if (kind == static_cast<int>(CLI::ExitCodes::ConversionError)) {
    const auto name = Between(said, "Could not convert: ", " = ");
    if (!name) return said;
    const std::string value = said.substr(said.find(" = ") + 3);
    return fmt::format("{}: {} is not a number that it takes", *name, Quoted(value));
  }
  if (kind != static_cast<int>(CLI::ExitCodes::ArgumentMismatch)) return said;
  const std::string name = said.substr(0, said.find(": "));
  if (const auto value = Between(said, name + ": 1 required ", " missing")) {
    return fmt::format("{} takes {}, and it is missing", name, *value);
  }
  if (const auto times = Between(said, name + ": At Most 1 required but received ", "")) {
    return fmt::format("{} is given {} times; expected it once", name, *times);
  }
  return said;
}

WrongCommandLine WrongnessOf(const CLI::App& root, const CLI::Error& error) {
  const CLI::App& app = Named(root);
  std::vector<std::string> rest = root.remaining(true);
  std::erase(rest, "--");  // only says that no flag follows
  // The kind is in the code: the name of an error about extra words is the program's.
  const int kind = error.get_exit_code();
  const bool leftover = kind == static_cast<int>(CLI::ExitCodes::RequiredError) ||
                        kind == static_cast<int>(CLI::ExitCodes::ExtrasError);
  const std::string command = NameOf(app);
  return {.message = MessageOf(error, command, rest),
          .leftover = leftover,
          .rest = std::move(rest),
          .command = command,
          .flags = FlagsOf(app),
          .short_flags = ShortFlagsOf(app),
          .commands = CommandsOf(app)};
}

// The library keeps the words of OneOf() only in the name of the type: "FORMAT:{table,json}".
std::vector<std::string> WordsOf(const std::string& type_name) {
  const size_t open = type_name.find('{');
  const size_t close = type_name.find('}', open);
  std::vector<std::string> words;
  if (open == std::string::npos || close == std::string::npos) return words;
  for (size_t at = open + 1; at < close;) {
    const size_t end = std::min(type_name.find(',', at), close);
    words.push_back(type_name.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

// Behind the name of a value the library writes what it must be: "N:INT in [1 - 9]".
std::string ValueNameOf(const std::string& type_name) {
  size_t end = type_name.find(":{");
  const size_t range = type_name.find(" in [");
  if (end == std::string::npos && range != std::string::npos) end = type_name.rfind(':', range);
  return type_name.substr(0, end);
}

FlagDescription DescriptionOf(const CLI::Option& option) {
  FlagDescription flag;
  flag.positional = option.get_positional();
  if (flag.positional) flag.names.push_back(option.get_name(true, false));
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  flag.required = option.get_required();
  flag.repeated = option.get_expected_max() >= CLI::detail::expected_max_vector_size;
  if (option.get_type_size() != 0) {
    const std::string type = option.get_type_name();
    flag.value = ValueNameOf(type);
    flag.words = WordsOf(type);
    flag.default_text = option.get_default_str();
  }
  flag.environment = option.get_envname();
  flag.help = option.get_description();
  return flag;
}

CommandDescription DescriptionOf(const CLI::App& app) {
  CommandDescription description;
  description.name = app.get_name();
  description.help = app.get_description();
  description.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    description.flags.push_back(DescriptionOf(*option));
  }
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    description.commands.push_back(DescriptionOf(*command));
  }
  return description;
}

// The library would take what follows "--reason=" for its value, even if that is the next flag.
void RefuseFlagsCutShort(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view text = argv[i];
    if (text == "--") return;
    if (!text.starts_with("--") || !text.ends_with("=")) continue;
    const std::string_view flag = text.substr(0, text.size() - 1);
    throw CLI::ValidationError(
        fmt::format("{} has nothing after the =; expected {} VALUE, or {} \"\"", flag, flag, flag));
  }
}

}  // namespace

// --- Flag ----------------------------------------------------------------------------------------

Flag Flag::ValueName(const std::string& name) const { return Flag(option_->type_name(name)); }

Flag Flag::Default(const std::string& text) const { return Flag(option_->default_str(text)); }

Flag Flag::ShowDefault() const { return Flag(option_->capture_default_str()); }

Flag Flag::Environment(const std::string& variable) const {
  return Flag(option_->envname(variable));
}

Flag Flag::Required() const { return Flag(option_->required()); }

Flag Flag::Needs(Flag other) const { return Flag(option_->needs(other.option_)); }

Flag Flag::Excludes(Flag other) const { return Flag(option_->excludes(other.option_)); }

Flag Flag::ValueIsOptional() const { return Flag(option_->expected(0, 1)); }

Flag Flag::OneValueEach() const { return Flag(option_->allow_extra_args(false)); }

bool Flag::given() const { return option_->count() > 0; }

Flag Flag::OneOf(const std::vector<std::string>& words) const {
  const auto message = [words](std::string& text) -> std::string {
    if (std::find(words.begin(), words.end(), text) != words.end()) return "";
    return fmt::format("{} is not one of {}{}", Quoted(text), fmt::join(words, ", "),
                       DidYouMeanText(text, words));
  };
  return Flag(
      option_->check(CLI::Validator(message, fmt::format("{{{}}}", fmt::join(words, ",")))));
}

Flag Flag::InRange(int least, int most) const {
  return Flag(option_->check(CLI::Range(least, most)));
}

Flag Flag::InRange(uint64_t least, uint64_t most) const {
  return Flag(option_->check(CLI::Range(least, most)));
}

Flag Flag::InRange(double least, double most) const {
  return Flag(option_->check(CLI::Range(least, most)));
}

Flag Flag::Check(const std::function<absl::Status(const std::string&)>& check) const {
  const auto message = [check](std::string& text) { return std::string(check(text).message()); };
  return Flag(option_->check(CLI::Validator(message, "")));
}

Flag Flag::TakeSizes() const { return Flag(option_->transform(CLI::AsSizeValue(false))); }

// --- Flags ---------------------------------------------------------------------------------------

Flag Flags::Add(const std::string& names, std::string* value, const std::string& help) {
  return Flag(app_->add_option(names, *value, help));
}

Flag Flags::Add(const std::string& names, double* value, const std::string& help) {
  return Flag(app_->add_option(names, *value, help));
}

Flag Flags::Add(const std::string& names, uint32_t* value, const std::string& help) {
  return Flag(app_->add_option(names, *value, help));
}

Flag Flags::Add(const std::string& names, uint64_t* value, const std::string& help) {
  return Flag(app_->add_option(names, *value, help));
}

Flag Flags::Add(const std::string& names, std::optional<int64_t>* value, const std::string& help) {
  return Flag(app_->add_option(names, *value, help));
}

Flag Flags::Add(const std::string& names, std::optional<uint32_t>* value, const std::string& help) {
  return Flag(app_->add_option(names, *value, help));
}

Flag Flags::Add(const std::string& names, const Reader<std::string>& read,
                const std::string& help) {
  return Flag(app_->add_option_function<std::string>(names, Throwing(names, read), help));
}

Flag Flags::AddNumber(const std::string& names, const Reader<double>& read,
                      const std::string& help) {
  return Flag(app_->add_option_function<double>(names, Throwing(names, read), help));
}

Flag Flags::AddList(const std::string& names, const Reader<std::vector<std::string>>& read,
                    const std::string& help) {
  return Flag(
      app_->add_option_function<std::vector<std::string>>(names, Throwing(names, read), help));
}

Flag Flags::AddSwitch(const std::string& names, bool* on, const std::string& help) {
  return Flag(app_->add_flag(names, *on, help));
}

Flag Flags::AddSwitch(const std::string& names, const std::function<void()>& act,
                      const std::string& help) {
  return Flag(app_->add_flag_callback(names, act, help));
}

void Flags::AddPage(const std::string& names, const std::function<std::string()>& text,
                    const std::string& help) {
  const auto print = [text] {
    fmt::print("{}", text());
    throw CLI::Success();
  };
  app_->add_flag_callback(names, print, help);
}

void Flags::AddVersion(const std::string& version) { app_->set_version_flag("--version", version); }

Flags Flags::AddCommand(const std::string& name, const std::string& help) {
  CLI::App* command = app_->add_subcommand(name, help);
  if (app_->get_parent() != nullptr) {
    // The library asks for what the one above requires, and calls it, even where this one is named.
    command->preparse_callback([above = app_](size_t) {
      for (CLI::Option* option : above->get_options()) option->required(false);
      above->callback(nullptr);
    });
  }
  return Flags(command);
}

std::vector<Flags> Flags::commands() const {
  std::vector<Flags> commands;
  const std::function<bool(CLI::App*)> all;
  for (CLI::App* command : app_->get_subcommands(all)) commands.emplace_back(command);
  return commands;
}

void Flags::RequireOneCommand() { app_->require_subcommand(1); }

void Flags::RequireCommands() { app_->require_subcommand(1, 0); }

void Flags::TakeFlagsOfParent() { app_->fallthrough(); }

void Flags::SetFooter(const std::string& text) { app_->footer(text); }

void Flags::SetCheck(const std::function<absl::Status()>& check) {
  app_->callback([check] {
    const absl::Status status = check();
    if (!status.ok()) throw CLI::ValidationError(std::string(status.message()));
  });
}

const std::string& Flags::name() const { return app_->get_name(); }

std::string Flags::help() const { return app_->get_description(); }

std::string Flags::footer() const { return app_->get_footer(); }

CommandDescription Flags::Describe() const { return DescriptionOf(*app_); }

bool Flags::chosen() const { return app_->parsed(); }

// --- ProgramFlags --------------------------------------------------------------------------------

ProgramFlags::ProgramFlags(const std::string& help, const std::string& name)
    : ProgramFlags(std::make_unique<CLI::App>(help, name)) {}

ProgramFlags::ProgramFlags(std::unique_ptr<CLI::App> app)
    : Flags(app.get()), app_(std::move(app)) {}

ProgramFlags::~ProgramFlags() = default;

void ProgramFlags::SetComplaint(
    const std::function<std::string(const WrongCommandLine&)>& complaint) {
  app_->failure_message([complaint](const CLI::App* root, const CLI::Error& error) {
    return complaint(WrongnessOf(*root, error));
  });
}

std::optional<int> ProgramFlags::Parse(int argc, const char* const* argv) {
  try {
    RefuseFlagsCutShort(argc, argv);
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // The library has an exit code for each kind of error; ours is one for all of them.
    return app_->exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return std::nullopt;
}

}  // namespace fleetmeter
