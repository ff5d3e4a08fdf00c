// What standard output is, and printing to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/ctl/print/top_view.h"

namespace fleetmeter::ctl {

// A terminal that understands cursor movements.
bool OutputIsTerminal();

// Colours: on a terminal, unless NO_COLOR is set (to anything but "").
bool OutputHasColors();

// Whether the locale's characters are UTF-8.
bool LocaleIsUtf8();

// Of the terminal at this moment; nullopt if there is none.
std::optional<TopLook::Size> TerminalSize();

// To standard output, at once. An error when it cannot be written, such as on a full disk.
absl::Status Print(std::string_view text);

// Draws pictures over each other on a terminal; elsewhere each follows the one before it.
// The cursor is hidden from the first picture until the object goes. One thread.
class Screen {
 public:
  Screen() = default;
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  absl::Status Show(const std::string& picture);

 private:
  const bool terminal_ = OutputIsTerminal();
  bool first_ = true;
};

}  // namespace fleetmeter::ctl
