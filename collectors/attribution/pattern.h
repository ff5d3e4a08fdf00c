// Patterns with names for what they match: "team-(?P<group>[a-z]+)-.*", in the syntax of RE2.
//
// Constant, cheap to copy, and safe for any number of threads. Matching takes time in proportion to
// the length of the text.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace re2 {
class RE2;
}  // namespace re2

namespace fleetmeter::collector {

// What the named groups of patterns matched, by their names. A group that matched nothing is not
// there.
using Captures = std::map<std::string, std::string, std::less<>>;

class Pattern {
 public:
  // InvalidArgument: "what was wrong; expected ...".
  static absl::StatusOr<Pattern> Parse(const std::string& text);

  // Sorted.
  const std::vector<std::string>& capture_names() const { return capture_names_; }

  // Whether the pattern matches all of `text`. Adds what its groups matched to `captures` then.
  bool Matches(std::string_view text, Captures& captures) const;

 private:
  Pattern() = default;

  std::shared_ptr<const re2::RE2> compiled_;
  std::vector<std::string> capture_names_;
};

}  // namespace fleetmeter::collector
