// request results: what came of grants that named a model or a run, beside what was promised.
#include "daemon/ctl/capacity/request_flags.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/results_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

class RequestResults : public Command {
 public:
  explicit RequestResults(const Connection& connection)
      : Command({"request", "results"},
                "Show what came of grants that named a model or a training run beside what was "
                "promised, or why it cannot be told. It needs the right to see all pools"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override {
    AddText(flags, "ID", "The id of a request; the default is all of them", &id_);
    AddOutput(flags, &output_);
  }
  std::optional<std::string> CalledAddress() const override { return connection_.address; }
  int Run() override {
    v1::GetResultsRequest question;
    question.set_request_id(id_);
    return PrintAnswer(QueryClient(connection_).GetResults(question), output_, FormatResults);
  }

 private:
  const Connection& connection_;
  std::string id_;
};

}  // namespace

std::unique_ptr<Command> MakeRequestResults(const Connection& connection) {
  return std::make_unique<RequestResults>(connection);
}

}  // namespace fleetmeter::ctl
