// completion: scripts that complete command lines.
#include "daemon/ctl/print/completion.h"

#include <map>

#include "daemon/ctl/command.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kCompletionExamples[] =
    "Examples:\n"
    "  fleetmeterctl completion bash > ~/.local/share/bash-completion/completions/fleetmeterctl\n"
    "  fleetmeterctl completion zsh > ~/.zfunc/_fleetmeterctl\n"
    "  fleetmeterctl completion fish > ~/.config/fish/completions/fleetmeterctl.fish";

class Completion : public Command {
 public:
  Completion()
      : Command({"completion"},
                "Print a script with which a shell completes command lines of fleetmeterctl. The "
                "package has installed it") {}

  void AddFlags(Flags& flags) override {
    flags.SetFooter(kCompletionExamples);
    flags.Add("SHELL", &shell_, "The shell").OneOf({"bash", "zsh", "fish"}).Required();
  }
  void TakeProgram(const Flags& program) override { program_ = program; }
  int Run() override {
    static const std::map<std::string, Shell> kShells = {
        {"bash", Shell::kBash}, {"zsh", Shell::kZsh}, {"fish", Shell::kFish}};
    return ExitCode(Print(CompletionScript(program_->Describe(), kShells.at(shell_))));
  }

 private:
  std::string shell_;
  std::optional<Flags> program_;
};

}  // namespace

std::unique_ptr<Command> MakeCompletion(const Connection&) {
  return std::make_unique<Completion>();
}

}  // namespace fleetmeter::ctl
