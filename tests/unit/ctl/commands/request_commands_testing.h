// Commands about requests for capacity beside a daemon that has what the test gave it.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/temp_folder.h"
#include "tests/unit/ctl/command_line_testing.h"
#include "tests/unit/ctl/fake_capacity.h"

namespace fleetmeter::ctl {

inline constexpr int64_t kDecember = 1'796'083'200;  // 2026-12-01

inline v1::CapacityRequest AskedRequest(const std::string& id) {
  v1::CapacityRequest request;
  v1::CapacityForm& form = *request.mutable_form();
  form.set_request_id(id);
  form.set_pool("research-post-training");
  form.set_team("rl");
  form.set_chip("b200");
  form.set_chips(4);
  form.set_start_unix_seconds(kDecember);
  form.set_hours(336);
  form.set_workload("rl-rollouts");
  form.set_nature("growth_bet");
  form.set_note("as it was");
  request.set_state("submitted");
  request.set_micro_h100e(12'000'000);
  request.set_revision(3);
  return request;
}

class RequestCommandsTest : public CommandLineTest {
 protected:
  int Ask(std::vector<std::string> arguments) {
    arguments.push_back("--address=" + fake_.address());
    return Call(arguments);
  }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.PathOf(name)) << text;
    return folder_.PathOf(name);
  }

  std::string Read(const std::string& path) const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // Requests that the daemon has, a page each.
  void Have(const std::vector<v1::CapacityRequest>& requests) {
    FakeCapacity::Answers answers = fake_.answers();
    for (const v1::CapacityRequest& request : requests) {
      *answers.pages.emplace_back().add_requests() = request;
    }
    fake_.Answer(answers);
  }

  FakeCapacity fake_;
  const TempFolder folder_;
};

}  // namespace fleetmeter::ctl
