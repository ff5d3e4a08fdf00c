// How a setting of fleetmeterd is declared: once, in the header of its section (daemon/config/
// sections), beside the member that holds its value. A section is a struct with a function
// template:
//
//   int64_t silent_after_nanos = 45 * kSecond;
//
//   template <class Visitor>
//   static void Describe(Visitor& visit) {
//     visit(Setting{.key = "silent_after", .takes = Takes::kReload, .help = "..."},
//           DurationIn{kSecond, kDay}, &LiveConfig::silent_after_nanos);
//   }
//
// The member's initialiser is the default. The kind (kinds.h, structures.h) says how a value is
// written and which values there are. Visitors derive the rest: read_settings.h, reload_settings.h
// and print_config.h.
#pragma once

#include <string_view>

namespace fleetmeter {

// What brings a changed value into force.
enum class Takes {
  kRestart,
  kReload,
  // A reload, while the setting stays given; giving it or leaving it out takes a restart.
  kReloadWhileGiven,
};

struct Setting {
  std::string_view key;
  Takes takes = Takes::kRestart;
  // Whole sentences, for the annotated file and for editors.
  std::string_view help;
  // What is expected of a setting that must be given: "the path of a catalog file".
  std::string_view required = {};
  // What the annotated file shows where there is no default to show; YAML.
  std::string_view example = {};
  // Whether the annotated file sets the example instead of showing it in a comment.
  bool shipped = false;
  // Another setting of the section, without which this one may not be given.
  std::string_view only_with = {};
};

// A part of the configuration with settings of its own.
struct Section {
  std::string_view key;
  std::string_view help;
};

// The member that a path of pointers to members leads to.
template <class Object, class Member>
auto& MemberAt(Object& object, Member member) {
  return object.*member;
}
template <class Object, class Member, class... Rest>
auto& MemberAt(Object& object, Member member, Rest... rest) {
  return MemberAt(object.*member, rest...);
}

}  // namespace fleetmeter
