#include "daemon/ctl/explain_unavailable.h"

#include <grpcpp/support/status.h>

#include "daemon/ctl/print/text_cells.h"
#include "daemon/security/explain_connection.h"

namespace fleetmeter::ctl {
namespace {

constexpr std::chrono::seconds kLookWithin(2);

}  // namespace

std::string ExplainUnavailable(const std::string& address, const ClientTls& tls,
                               const grpc::Status& status) {
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return "";
  const std::string& said = status.error_message();
  if (said.find("Connection refused") != std::string::npos) return "";
  return Printable(ExplainFailedConnection(address, tls, kLookWithin));
}

std::string CauseOf(const std::string& said) {
  const size_t colon = said.rfind(": ");
  return colon == std::string::npos ? said : said.substr(colon + 2);
}

}  // namespace fleetmeter::ctl
