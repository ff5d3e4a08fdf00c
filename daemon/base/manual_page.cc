#include "daemon/base/manual_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

namespace fleetmeter {
namespace {

// Text as roff shows it: a hyphen is one that can be copied, and no line is taken for a request.
std::string Plain(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    line_begins = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::string FirstSentence(const std::string& text) {
  const size_t end = text.find(". ");
  const size_t line = text.find(".\n");
  std::string first = text.substr(0, std::min(end, line));
  std::replace(first.begin(), first.end(), '\n', ' ');
  return first;
}

// What man's whatis prints: "name - what it does".
std::string WhatItDoes(const CommandDescription& program) {
  std::string first = FirstSentence(program.help);
  for (const std::string& begin : {program.name + ": ", program.name + " "}) {
    if (first.starts_with(begin)) first.erase(0, begin.size());
  }
  if (first.ends_with('.')) first.pop_back();
  return first;
}

std::string ValueText(const FlagDescription& flag) {
  return flag.words.empty() ? flag.value : fmt::format("{}", fmt::join(flag.words, "|"));
}

std::string FlagTitle(const FlagDescription& flag) {
  std::vector<std::string> names;
  for (const std::string& name : flag.names) {
    names.push_back(fmt::format("\\f{}{}\\fR", flag.positional ? 'I' : 'B', Plain(name)));
  }
  std::string title = fmt::format("{}", fmt::join(names, ", "));
  if (!flag.positional && !flag.value.empty()) {
    title += fmt::format(" \\fI{}\\fR", Plain(ValueText(flag)));
  }
  return title;
}

std::string FlagText(const FlagDescription& flag) {
  std::string text = fmt::format(".TP\n{}\n{}", FlagTitle(flag), Plain(flag.help));
  if (!flag.help.empty() && !flag.help.ends_with('.')) text += '.';
  if (flag.required && !flag.positional) text += " Required.";
  if (flag.repeated) text += " May be given several times.";
  if (!flag.default_text.empty()) text += fmt::format(" Default: {}.", Plain(flag.default_text));
  if (!flag.environment.empty()) text += fmt::format(" Environment: {}.", Plain(flag.environment));
  return text + "\n";
}

std::string Synopsis(const std::string& path, const CommandDescription& command) {
  std::string text = fmt::format("\\fB{}\\fR", Plain(path));
  const auto is_option = [](const FlagDescription& flag) { return !flag.positional; };
  if (std::any_of(command.flags.begin(), command.flags.end(), is_option)) text += " [OPTIONS]";
  for (const FlagDescription& flag : command.flags) {
    if (!flag.positional) continue;
    const std::string name = fmt::format("\\fI{}\\fR", Plain(flag.names.front()));
    text += flag.required ? " " + name : " [" + name + "]";
  }
  return text + (command.commands.empty() ? "" : " COMMAND") + "\n";
}

// "Examples:" and the like begin a part, whose lines stay as they are. `heading` is .SH or .SS;
// empty: the parts of a command, which have no heading of their own.
std::string FooterText(const std::string& footer, const std::string& heading) {
  std::string text;
  if (heading.empty() && !footer.empty()) text += ".PP\n";  // no part of the last flag's paragraph
  bool filled = true;
  const auto fill = [&](bool on) {
    if (on != filled) text += on ? ".fi\n" : ".nf\n";
    filled = on;
  };
  for (const std::string& line : LinesOf(footer)) {
    const bool begins = line.ends_with(':') && !line.starts_with(' ');
    if (begins) {
      fill(true);
      const std::string title = line.substr(0, line.size() - 1);
      if (heading.empty() && !text.ends_with(".PP\n")) text += ".PP\n";
      text += heading.empty() ? Plain(line) + "\n"
                              : fmt::format("{} {}\n", heading, Plain(Upper(title)));
    } else if (line.empty()) {
      fill(true);
      text += ".PP\n";
    } else {
      fill(!line.starts_with(' '));
      text += Plain(line) + "\n";
    }
  }
  fill(true);
  return text;
}

std::string FlagsText(const CommandDescription& command) {
  std::string text;
  for (const FlagDescription& flag : command.flags) text += FlagText(flag);
  return text;
}

// A command, or a group with its commands.
std::string CommandText(const std::string& above, const CommandDescription& command) {
  const std::string path = above + " " + command.name;
  std::string text = fmt::format(".SS {}\n{}.PP\n{}.\n", Plain(path), Synopsis(path, command),
                                 Plain(command.help));
  text += FlagsText(command);
  text += FooterText(command.footer, "");
  for (const CommandDescription& each : command.commands) text += CommandText(path, each);
  return text;
}

}  // namespace

std::string ManualPage(const CommandDescription& program, int section, const std::string& version) {
  std::string text =
      fmt::format(".TH {} {} \"\" \"{} {}\" \"Fleetmeter\"\n", Plain(Upper(program.name)), section,
                  Plain(program.name), Plain(version));
  // Addresses and paths cannot be broken, so that lines with them cannot be stretched to the edge.
  text += ".ad l\n";
  text += fmt::format(".SH NAME\n{} \\- {}\n", Plain(program.name), Plain(WhatItDoes(program)));
  text += ".SH SYNOPSIS\n" + Synopsis(program.name, program);
  text += ".SH DESCRIPTION\n" + Plain(program.help) + "\n";
  text += ".SH OPTIONS\n" + FlagsText(program);
  if (!program.commands.empty()) {
    text += ".SH COMMANDS\n";
    text += "The options above may stand before and after the name of a command.\n";
    for (const CommandDescription& command : program.commands) {
      text += CommandText(program.name, command);
    }
  }
  return text + FooterText(program.footer, ".SH");
}

}  // namespace fleetmeter
