#include "daemon/ctl/report/shown_text.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl::report {

std::string ShownText(std::string_view text) {
  std::string one_line(text);
  std::replace_if(
      one_line.begin(), one_line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; },
      ' ');
  return Printable(one_line);
}

std::string HtmlText(std::string_view text) {
  std::string out;
  for (const char c : ShownText(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string Beginning(std::string_view text, size_t most_bytes) {
  if (text.size() <= most_bytes) return std::string(text);
  size_t end = most_bytes;
  const auto goes_on = [&](size_t at) { return (static_cast<unsigned char>(text[at]) >> 6) == 2; };
  while (end > 0 && goes_on(end)) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string StyleHash(std::string_view style) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(style.data()), style.size(), digest.data());
  std::array<unsigned char, 4 * (SHA256_DIGEST_LENGTH / 3 + 1) + 1> text{};
  const int length = EVP_EncodeBlock(text.data(), digest.data(), digest.size());
  return "sha256-" +
         std::string(reinterpret_cast<const char*>(text.data()), static_cast<size_t>(length));
}

}  // namespace fleetmeter::ctl::report
