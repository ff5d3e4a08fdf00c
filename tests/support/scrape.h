// What a scraper sees: HTTP by hand, and the Prometheus text format read back.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmeter::e2e {

using Labels = std::map<std::string, std::string>;

struct HttpReply {
  int status = 0;
  Labels headers;  // names in lower case
  std::string body;
};

// One request on a connection of its own. nullopt: refused, or not answered within ten seconds.
std::optional<HttpReply> HttpRequest(const std::string& address, const std::string& method,
                                     const std::string& path,
                                     const std::vector<std::string>& headers = {});

struct Sample {
  std::string name;
  Labels labels;
  double value = 0;
};

// One scrape of /metrics.
class Scrape {
 public:
  // A line that is not of the text format is in errors().
  explicit Scrape(std::string_view text);

  // The sum of the samples that have these labels, and perhaps others. nullopt: there is none.
  std::optional<double> Value(const std::string& name, const Labels& labels = {}) const;
  bool Has(const std::string& name, const Labels& labels = {}) const {
    return Value(name, labels).has_value();
  }

  const std::vector<Sample>& samples() const { return samples_; }
  // By family.
  const std::map<std::string, std::string>& types() const { return types_; }
  const std::map<std::string, std::string>& helps() const { return helps_; }
  const std::vector<std::string>& families() const { return families_; }  // in their order
  const std::vector<std::string>& errors() const { return errors_; }

 private:
  void Read(std::string_view line);
  void ReadHelp(std::string_view line);
  void ReadType(std::string_view line);

  std::vector<Sample> samples_;
  std::map<std::string, std::string> types_;
  std::map<std::string, std::string> helps_;
  std::vector<std::string> families_;
  std::vector<std::string> errors_;
};

}  // namespace fleetmeter::e2e
