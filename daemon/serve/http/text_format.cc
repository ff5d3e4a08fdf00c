#include "daemon/serve/http/text_format.h"

#include <charconv>
#include <cmath>

namespace fleetmeter {
namespace {

void AppendEscaped(std::string& out, std::string_view text, bool in_quotes) {
  size_t begin = 0;  // of what has not been written yet
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '\\' && c != '\n' && (c != '"' || !in_quotes)) continue;
    out.append(text, begin, i - begin);
    out += '\\';
    out += c == '\n' ? 'n' : c;
    begin = i + 1;
  }
  out.append(text, begin);
}

}  // namespace

void AppendNumber(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    char buffer[32];
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
    out.append(buffer, end);
  }
}

void TextWriter::Family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  out_.append("# HELP ").append(name).append(" ");
  AppendEscaped(out_, help, /*in_quotes=*/false);
  out_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void TextWriter::Sample(std::string_view suffix, std::initializer_list<Label> labels,
                        double value) {
  out_.append(name_).append(suffix);
  char separator = '{';
  for (const auto& [name, text] : labels) {
    out_ += separator;
    out_.append(name).append("=\"");
    AppendEscaped(out_, text, /*in_quotes=*/true);
    out_ += '"';
    separator = ',';
  }
  if (separator == ',') out_ += '}';
  out_ += ' ';
  AppendNumber(out_, value);
  out_ += '\n';
}

}  // namespace fleetmeter
