#include "daemon/ctl/print/completion.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace fleetmeter::ctl {
namespace {

// A command as a shell finds it: "fleetmeterctl plan show".
struct Place {
  std::string path;
  std::vector<std::pair<std::string, std::string>> commands;  // with what they do
  std::vector<FlagDescription> flags;                         // and those of what is above it
};

std::string FirstSentenceOf(const std::string& help) {
  std::string first = help.substr(0, std::min(help.find(". "), help.find('\n')));
  if (first.ends_with('.')) first.pop_back();
  return first;
}

void CollectPlaces(const CommandDescription& command, const std::string& above,
                   std::vector<FlagDescription> flags, std::vector<Place>* places) {
  Place place;
  place.path = above.empty() ? command.name : above + " " + command.name;
  std::set<std::string> known;
  for (const FlagDescription& flag : command.flags) {
    if (!flag.positional) known.insert(flag.names.back());
  }
  // Every command has --help of its own.
  std::erase_if(flags, [&](const auto& flag) { return known.contains(flag.names.back()); });
  for (const FlagDescription& flag : command.flags) {
    if (!flag.positional) flags.push_back(flag);
  }
  place.flags = flags;
  for (const CommandDescription& each : command.commands) {
    place.commands.emplace_back(each.name, FirstSentenceOf(each.help));
  }
  const std::string path = place.path;
  places->push_back(std::move(place));
  for (const CommandDescription& each : command.commands) {
    CollectPlaces(each, path, flags, places);
  }
}

std::vector<Place> PlacesOf(const CommandDescription& program) {
  std::vector<Place> places;
  CollectPlaces(program, "", {}, &places);
  return places;
}

// Names of options that a value follows, wherever they stand.
std::vector<std::string> NamesWithValue(const std::vector<Place>& places) {
  std::set<std::string> names;
  for (const Place& place : places) {
    for (const FlagDescription& flag : place.flags) {
      if (!flag.value.empty()) names.insert(flag.names.begin(), flag.names.end());
    }
  }
  return {names.begin(), names.end()};
}

// Paths below the program's own, each in single quotes.
std::vector<std::string> QuotedPaths(const std::vector<Place>& places) {
  std::vector<std::string> paths;
  for (const Place& place : places) {
    if (&place != &places.front()) paths.push_back(fmt::format("'{}'", place.path));
  }
  return paths;
}

std::vector<std::string> FlagNames(const Place& place) {
  std::vector<std::string> names;
  for (const FlagDescription& flag : place.flags) {
    names.insert(names.end(), flag.names.begin(), flag.names.end());
  }
  return names;
}

std::vector<std::string> CommandNames(const Place& place) {
  std::vector<std::string> names;
  for (const auto& [name, help] : place.commands) names.push_back(name);
  return names;
}

// "'fleetmeterctl pools --output'" for each name of the flag.
std::vector<std::string> QuotedFlags(const Place& place, const FlagDescription& flag) {
  std::vector<std::string> quoted;
  for (const std::string& name : flag.names) {
    quoted.push_back(fmt::format("'{} {}'", place.path, name));
  }
  return quoted;
}

// In single quotes of a shell.
std::string ShellQuoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

// Goes over the words before the one that is completed: `at` becomes the command, and `value` the
// option whose value comes next, if any. `first` to `last` are the shell's own indices.
std::string WalkOfWords(const std::vector<Place>& places, const std::string& first,
                        const std::string& last, const std::string& word) {
  return fmt::format(
      "  for ((i = {}; i < {}; i++)); do\n"
      "    word={}\n"
      "    if [[ -n $value ]]; then value=; continue; fi\n"
      "    case $word in\n"
      "      {}) value=$word; continue ;;\n"
      "    esac\n"
      "    case \"$at $word\" in\n"
      "      {}) at=\"$at $word\" ;;\n"
      "    esac\n"
      "  done\n",
      first, last, word, fmt::join(NamesWithValue(places), "|"),
      fmt::join(QuotedPaths(places), "|"));
}

std::string BashScript(const std::string& name, const std::vector<Place>& places) {
  std::string text = fmt::format(
      "# Completion of {0} for bash.\n"
      "_{0}() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} at={0} value= word i\n"
      "  COMPREPLY=()\n",
      name);
  text += WalkOfWords(places, "1", "COMP_CWORD", "${COMP_WORDS[i]}");
  text += "  if [[ -n $value ]]; then\n    case \"$at $value\" in\n";
  for (const Place& place : places) {
    for (const FlagDescription& flag : place.flags) {
      if (flag.words.empty()) continue;
      text += fmt::format("      {}) COMPREPLY=($(compgen -W '{}' -- \"$current\")) ;;\n",
                          fmt::join(QuotedFlags(place, flag), "|"), fmt::join(flag.words, " "));
    }
  }
  text +=
      "      *) compopt -o default ;;\n"
      "    esac\n"
      "    return\n"
      "  fi\n"
      "  local flags= commands=\n"
      "  case $at in\n";
  for (const Place& place : places) {
    text += fmt::format("    '{}') flags='{}' commands='{}' ;;\n", place.path,
                        fmt::join(FlagNames(place), " "), fmt::join(CommandNames(place), " "));
  }
  text += fmt::format(
      "  esac\n"
      "  if [[ $current == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$flags\" -- \"$current\"))\n"
      "  elif [[ -n $commands ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$commands\" -- \"$current\"))\n"
      "  else\n"
      "    compopt -o default\n"
      "  fi\n"
      "}}\n"
      "complete -F _{0} {0}\n",
      name);
  return text;
}

// "'name:what it does'", as _describe takes it.
std::string Described(const std::string& name, const std::string& help) {
  return ShellQuoted(name + ":" + help);
}

std::string ZshScript(const std::string& name, const std::vector<Place>& places) {
  std::string text = fmt::format(
      "#compdef {0}\n"
      "# Completion of {0} for zsh.\n"
      "_{0}() {{\n"
      "  local at={0} value= word i\n"
      "  local -a flags commands\n",
      name);
  text += WalkOfWords(places, "2", "CURRENT", "${words[i]}");
  text += "  if [[ -n $value ]]; then\n    case \"$at $value\" in\n";
  for (const Place& place : places) {
    for (const FlagDescription& flag : place.flags) {
      if (flag.words.empty()) continue;
      text += fmt::format("      {}) compadd -- {} ;;\n", fmt::join(QuotedFlags(place, flag), "|"),
                          fmt::join(flag.words, " "));
    }
  }
  text += "      *) _files ;;\n    esac\n    return\n  fi\n  case $at in\n";
  for (const Place& place : places) {
    text += fmt::format("    '{}')\n      flags=(", place.path);
    for (const FlagDescription& flag : place.flags) {
      for (const std::string& each : flag.names) {
        text += "\n        " + Described(each, FirstSentenceOf(flag.help));
      }
    }
    text += ")\n      commands=(";
    for (const auto& [each, help] : place.commands) text += "\n        " + Described(each, help);
    text += ") ;;\n";
  }
  text += fmt::format(
      "  esac\n"
      "  if [[ ${{words[CURRENT]}} == -* ]]; then\n"
      "    _describe -o option flags\n"
      "  elif (( $#commands )); then\n"
      "    _describe command commands\n"
      "  else\n"
      "    _files\n"
      "  fi\n"
      "}}\n"
      "if [[ $funcstack[1] == _{0} ]]; then _{0} \"$@\"; else compdef _{0} {0}; fi\n",
      name);
  return text;
}

std::string FishFlag(const std::string& name, const Place& place, const FlagDescription& flag) {
  std::string text = fmt::format("complete -c {0} -n \"__{0}_at '{1}'\"", name, place.path);
  for (const std::string& each : flag.names) {
    text += each.starts_with("--") ? " -l " + each.substr(2) : " -s " + each.substr(1);
  }
  if (!flag.words.empty()) {
    text += fmt::format(" -x -a '{}'", fmt::join(flag.words, " "));
  } else if (!flag.value.empty()) {
    text += " -r -F";
  }
  return text + " -d " + ShellQuoted(FirstSentenceOf(flag.help)) + "\n";
}

std::string FishScript(const std::string& name, const std::vector<Place>& places) {
  std::string text = fmt::format(
      "# Completion of {0} for fish.\n"
      "function __{0}_at\n"
      "    set -l at {0}\n"
      "    set -l value\n"
      "    for word in (commandline -opc)[2..-1]\n"
      "        if test -n \"$value\"\n"
      "            set value\n"
      "            continue\n"
      "        end\n"
      "        switch $word\n"
      "            case {1}\n"
      "                set value $word\n"
      "                continue\n"
      "        end\n"
      "        switch \"$at $word\"\n"
      "            case {2}\n"
      "                set at \"$at $word\"\n"
      "        end\n"
      "    end\n"
      "    test \"$at\" = \"$argv[1]\"\n"
      "end\n",
      name, fmt::join(NamesWithValue(places), " "), fmt::join(QuotedPaths(places), " "));
  for (const Place& place : places) {
    if (!place.commands.empty()) {
      text += fmt::format("complete -c {0} -f -n \"__{0}_at '{1}'\"\n", name, place.path);
    }
    for (const auto& [each, help] : place.commands) {
      text += fmt::format("complete -c {0} -f -n \"__{0}_at '{1}'\" -a {2} -d {3}\n", name,
                          place.path, each, ShellQuoted(help));
    }
    for (const FlagDescription& flag : place.flags) text += FishFlag(name, place, flag);
  }
  return text;
}

}  // namespace

std::string CompletionScript(const CommandDescription& program, Shell shell) {
  const std::vector<Place> places = PlacesOf(program);
  switch (shell) {
    case Shell::kBash:
      return BashScript(program.name, places);
    case Shell::kZsh:
      return ZshScript(program.name, places);
    case Shell::kFish:
      return FishScript(program.name, places);
  }
  return "";
}

}  // namespace fleetmeter::ctl
