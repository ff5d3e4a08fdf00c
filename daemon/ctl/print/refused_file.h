// Where rows go that are not in the books by an import: CSV with file, lines and reason.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace fleetmeter::ctl {

// One thread.
class RefusedFile {
 public:
  // `path` empty: nothing is kept.
  RefusedFile(std::string path, std::string about)
      : path_(std::move(path)), about_(std::move(about)) {}

  // Begins the file anew.
  absl::Status Open();
  absl::Status Add(std::string_view lines, std::string_view reason);
  // What was added is in the file, whatever ends us then.
  absl::Status Flush();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  absl::Status Write(const std::string& text);

  const std::string path_;
  const std::string about_;  // the file that was imported
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace fleetmeter::ctl
