// Writes the Prometheus text format (version 0.0.4) into one string.
//
// Our own for the fleet's series, which are computed at each scrape: prometheus-cpp keeps an object
// a series and takes some thirty times as long (tests/bench).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace fleetmeter {

using Label = std::pair<std::string_view, std::string_view>;

class TextWriter {
 public:
  explicit TextWriter(std::string& out) : out_(out) {}

  // Starts a family: every Sample until the next one belongs to it. `type` is gauge, counter or
  // histogram.
  void Family(std::string_view name, std::string_view type, std::string_view help);

  void Sample(std::initializer_list<Label> labels, double value) { Sample("", labels, value); }
  // With a suffix to the family's name: "_bucket", "_sum", "_count".
  void Sample(std::string_view suffix, std::initializer_list<Label> labels, double value);

 private:
  std::string& out_;
  std::string name_;
};

// The shortest text that reads back as the same double; "+Inf", "-Inf", "NaN".
void AppendNumber(std::string& out, double value);

}  // namespace fleetmeter
