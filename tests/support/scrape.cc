#include "tests/support/scrape.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

#include "tests/support/socket.h"

namespace fleetmeter::e2e {
namespace {

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::optional<HttpReply> ParseReply(const std::string& text) {
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos || text.rfind("HTTP/1.1 ", 0) != 0) return std::nullopt;
  HttpReply reply;
  reply.status = std::atoi(text.c_str() + 9);
  reply.body = text.substr(end + 4);
  for (size_t at = text.find("\r\n") + 2; at < end;) {
    const size_t line_end = text.find("\r\n", at);
    const size_t colon = text.find(": ", at);
    if (colon < line_end) {
      reply.headers[LowerCase(text.substr(at, colon - at))] =
          text.substr(colon + 2, line_end - colon - 2);
    }
    at = line_end + 2;
  }
  return reply;
}

// Reads `{a="b",c="d"}` from `text`, and takes it away. False: it is not of that form.
bool TakeLabels(std::string_view& text, Labels* labels) {
  text.remove_prefix(1);
  while (!text.empty() && text.front() != '}') {
    const size_t equals = text.find("=\"");
    if (equals == std::string_view::npos) return false;
    const std::string name(text.substr(0, equals));
    text.remove_prefix(equals + 2);
    std::string value;
    for (; !text.empty() && text.front() != '"'; text.remove_prefix(1)) {
      if (text.front() == '\\' && text.size() > 1) {
        text.remove_prefix(1);
        value += text.front() == 'n' ? '\n' : text.front();
      } else {
        value += text.front();
      }
    }
    if (text.empty() || !labels->emplace(name, value).second) return false;
    text.remove_prefix(1);
    if (!text.empty() && text.front() == ',') text.remove_prefix(1);
  }
  if (text.empty()) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<HttpReply> HttpRequest(const std::string& address, const std::string& method,
                                     const std::string& path,
                                     const std::vector<std::string>& headers) {
  Socket socket(address);
  std::string request =
      method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  for (const std::string& header : headers) request += header + "\r\n";
  if (!socket.Send(request + "\r\n")) return std::nullopt;
  return ParseReply(socket.ReceiveAll());
}

Scrape::Scrape(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    Read(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void Scrape::ReadHelp(std::string_view line) {
  const size_t space = line.find(' ');
  helps_[std::string(line.substr(0, space))] = line.substr(space + 1);
}

void Scrape::ReadType(std::string_view line) {
  const size_t space = line.find(' ');
  const std::string name(line.substr(0, space));
  families_.push_back(name);
  if (!types_.emplace(name, line.substr(space + 1)).second) {
    errors_.push_back("a second TYPE of " + name);
  }
}

void Scrape::Read(std::string_view line) {
  constexpr std::string_view kHelp = "# HELP ";
  constexpr std::string_view kType = "# TYPE ";
  if (line.starts_with(kHelp)) return ReadHelp(line.substr(kHelp.size()));
  if (line.starts_with(kType)) return ReadType(line.substr(kType.size()));
  if (line.empty() || line.front() == '#') return;
  Sample sample;
  const std::string whole(line);
  const size_t name_end = std::min(line.find_first_of("{ "), line.size());
  sample.name = line.substr(0, name_end);
  line.remove_prefix(name_end);
  if (!line.empty() && line.front() == '{' && !TakeLabels(line, &sample.labels)) {
    errors_.push_back(whole);
    return;
  }
  const std::string value(line);
  char* end = nullptr;
  sample.value = std::strtod(value.c_str(), &end);
  if (value.size() < 2 || value.front() != ' ' || *end != '\0') errors_.push_back(whole);
  samples_.push_back(std::move(sample));
}

std::optional<double> Scrape::Value(const std::string& name, const Labels& labels) const {
  std::optional<double> sum;
  for (const Sample& sample : samples_) {
    const bool matches =
        sample.name == name && std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
          const auto found = sample.labels.find(label.first);
          return found != sample.labels.end() && found->second == label.second;
        });
    if (matches) sum = sum.value_or(0) + sample.value;
  }
  return sum;
}

}  // namespace fleetmeter::e2e
