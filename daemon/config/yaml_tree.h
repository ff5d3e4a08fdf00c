// A YAML text as a tree of values that know their lines. Harder to please than YAML itself:
// configuration needs no anchors, aliases (which let a small file grow without bound), tags or
// second documents, so all are refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fleetmeter {

struct YamlNode {
  enum class Kind { kEmpty, kScalar, kList, kMap };

  Kind kind = Kind::kEmpty;
  int line = 1;
  std::string scalar;
  bool quoted = false;  // a scalar in quotes is text, never a number
  // The values of a list or a map. Entry i of a map has key keys[i], on key_lines[i].
  std::vector<YamlNode> values;
  std::vector<std::string> keys;
  std::vector<int> key_lines;
};

// Why a text is not a tree, and where.
struct YamlSyntaxError {
  int line = 1;
  std::string message;
};

inline constexpr size_t kMaxYamlBytes = 16 << 20;
inline constexpr size_t kMaxYamlDepth = 32;
inline constexpr size_t kMaxYamlValues = 1'000'000;
// Of brackets and braces that are open at a time, in quotes and comments too. Looked at before the
// text is parsed, since the parser takes some hundred bytes for each that is open before it says
// how deep it is.
inline constexpr size_t kMaxYamlOpenBrackets = 1'000;
// The parser reads a line to its end before it gives the first value of it, at a hundred times its
// size.
inline constexpr size_t kMaxYamlLineBytes = 1 << 20;

// Fills `root`. Returns whether the text could be read; `error` says why not.
[[nodiscard]] bool ParseYaml(std::string_view text, YamlNode* root, YamlSyntaxError* error);

}  // namespace fleetmeter
