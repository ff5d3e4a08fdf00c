#include "daemon/ctl/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "daemon/ctl/stop_signals.h"

namespace fleetmeter::ctl {
namespace {

std::string_view Environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return value == nullptr ? "" : value;
}

constexpr char kHideCursor[] = "\x1b[?25l";
constexpr char kShowCursor[] = "\x1b[?25h";
constexpr char kClear[] = "\x1b[2J";
constexpr char kHome[] = "\x1b[H";
constexpr char kClearToLineEnd[] = "\x1b[K";
constexpr char kClearBelow[] = "\x1b[J";

// Overwriting line by line does not flicker as clearing first would.
std::string Over(const std::string& picture) {
  std::string out = kHome;
  for (const char c : picture) {
    if (c == '\n') out += kClearToLineEnd;
    out += c;
  }
  return out + kClearBelow;
}

}  // namespace

bool OutputIsTerminal() { return isatty(STDOUT_FILENO) == 1 && Environment("TERM") != "dumb"; }

bool OutputHasColors() { return OutputIsTerminal() && Environment("NO_COLOR").empty(); }

bool LocaleIsUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = Environment(name);
    if (value.empty()) continue;
    for (const char* suffix : {"UTF-8", "utf-8", "UTF8", "utf8"}) {
      if (value.find(suffix) != std::string_view::npos) return true;
    }
    return false;
  }
  return false;
}

std::optional<TopLook::Size> TerminalSize() {
  if (!OutputIsTerminal()) return std::nullopt;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return TopLook::Size{};
  }
  return TopLook::Size{.columns = size.ws_col, .rows = size.ws_row};
}

absl::Status Print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    return absl::ErrnoToStatus(errno, "cannot write to standard output");
  }
  return absl::OkStatus();
}

KeyByKey::KeyByKey() {
  termios now{};
  if (!InputIsOurTerminal() || tcgetattr(STDIN_FILENO, &now) != 0) return;
  termios keys = now;
  keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);  // signals of keys stay
  keys.c_cc[VMIN] = 1;
  keys.c_cc[VTIME] = 0;
  if (tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0) before_ = now;
}

KeyByKey::~KeyByKey() {
  if (before_) tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
}

Screen::~Screen() {
  // Nothing can be done about an error any more.
  if (terminal_ && !first_) Print(kShowCursor).IgnoreError();
}

absl::Status Screen::Show(const std::string& picture) {
  std::string text;
  if (!terminal_) {
    text = first_ ? picture : "\n" + picture;
  } else {
    text = (first_ ? std::string(kHideCursor) + kClear : "") + Over(picture);
  }
  first_ = false;
  return Print(text);
}

}  // namespace fleetmeter::ctl
