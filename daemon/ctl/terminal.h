// What standard output is, and printing to it.
#pragma once

#include <termios.h>

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

// Keys of the terminal of standard input come one by one and unseen while the object lives. Does
// nothing where the terminal is not ours to read. One thread.
class KeyByKey {
 public:
  KeyByKey();
  ~KeyByKey();
  KeyByKey(const KeyByKey&) = delete;
  KeyByKey& operator=(const KeyByKey&) = delete;

  bool on() const { return before_.has_value(); }

 private:
  std::optional<termios> before_;
};

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
