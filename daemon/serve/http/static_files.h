// The files of a folder, as a web page's browser asks for them. They are read once: what is not
// among them cannot be asked for, whatever the path says.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/serve/http/http_message.h"

namespace fleetmeter {

// What a browser is told not to do with a page of ours: nothing from elsewhere, nothing inline, in
// no frame of others. Images may be made by the page itself, for its exports.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;
HttpHeaders PageHeaders();

// Immutable, so thread-safe.
class StaticFiles {
 public:
  // No files at all.
  StaticFiles() = default;
  // Regular files of kinds that a browser shows, at any depth; links and hidden names are passed
  // over. NotFound: there is no such folder. FailedPrecondition: it has no index.html.
  // ResourceExhausted: it has more than 32 MiB or more than 1,000 files.
  static absl::StatusOr<StaticFiles> Read(const std::string& folder);

  bool empty() const { return files_.empty(); }
  // Whether `path` is one of them: "/" (which is index.html), "/assets/app.js".
  bool Has(std::string_view path) const { return Find(path) != nullptr; }
  // The file, or 304 where the client has it already, by its ETag. `path` must be one of them.
  HttpResponse Answer(std::string_view path, const HttpRequest& request) const;

 private:
  struct File {
    std::string_view type;
    std::string bytes;
    std::string gzipped;  // empty: it would not be smaller
    std::string etag;
  };

  const File* Find(std::string_view path) const;

  std::map<std::string, File, std::less<>> files_;  // by path, with a slash before it
};

}  // namespace fleetmeter
