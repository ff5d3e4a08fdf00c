// Notices that files have changed, by looking: works for editors that rename and for mounted
// configuration that is swapped by symbolic link.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace fleetmeter {

class FileWatch {
 public:
  // From now on just these. One that was watched already is compared with what it was then.
  void Watch(const std::vector<std::string>& paths);
  // Whether any file differs from what it was at Watch or at the last Changed.
  bool Changed();

 private:
  std::map<std::string, std::string> stamps_;  // by path: what stat says
};

}  // namespace fleetmeter
