#include "daemon/ctl/print/capacity_csv.h"

namespace fleetmeter::ctl {
namespace {

void AppendCells(const std::vector<std::string>& more, std::vector<std::string>* out) {
  out->insert(out->end(), more.begin(), more.end());
}

// Of its grant: empty where there is none.
std::vector<std::string> GrantCells(const v1::CapacityRequest& request) {
  if (!request.has_grant()) return {"", "", "", "", ""};
  const v1::CapacityGrant& grant = request.grant();
  return {std::to_string(grant.chips()), std::to_string(grant.micro_h100e()),
          std::to_string(grant.start_unix_seconds()), std::to_string(grant.end_unix_seconds()),
          std::to_string(grant.decision())};
}

}  // namespace

std::vector<std::string> RequestNames() {
  return {"request_id", "pool", "team", "workload", "chip", "state"};
}

std::vector<std::string> RequestCells(const v1::CapacityRequest& request) {
  const v1::CapacityForm& form = request.form();
  return {form.request_id(), form.pool(), form.team(),
          form.workload(),   form.chip(), request.state()};
}

std::string RequestsCsv(const v1::ListCapacityResponse& response) {
  const auto& of_form = *v1::CapacityForm::descriptor();
  const auto& of_request = *v1::CapacityRequest::descriptor();
  std::vector<std::string> names = ScalarNames(of_form);
  AppendCells(ScalarNames(of_request), &names);
  AppendCells({"granted_chips", "granted_micro_h100e", "granted_start_unix_seconds",
               "granted_end_unix_seconds", "decision"},
              &names);
  std::string out = CsvLine(names);
  for (const v1::CapacityRequest& request : response.requests()) {
    std::vector<std::string> cells = ScalarCells(of_form, ToJson(request.form()));
    AppendCells(ScalarCells(of_request, ToJson(request)), &cells);
    AppendCells(GrantCells(request), &cells);
    out += CsvLine(cells);
  }
  return out;
}

}  // namespace fleetmeter::ctl
