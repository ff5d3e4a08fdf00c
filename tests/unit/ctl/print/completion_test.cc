#include "daemon/ctl/print/completion.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;

CommandDescription Program() {
  FlagDescription output;
  output.names = {"-o", "--output"};
  output.value = "FORMAT";
  output.words = {"table", "json"};
  output.help = "The format of the answer. As people's";
  FlagDescription address;
  address.names = {"--address"};
  address.value = "HOST:PORT";
  address.help = "The daemon's address";
  CommandDescription show;
  show.name = "show";
  show.help = "Show it";
  show.flags = {output};
  CommandDescription plan;
  plan.name = "plan";
  plan.help = "Plans. And more";
  plan.commands = {show};
  CommandDescription program;
  program.name = "ctl";
  program.flags = {address};
  program.commands = {plan};
  return program;
}

TEST(CompletionScript, OffersWhatIsDeclaredToBash) {
  const std::string script = CompletionScript(Program(), Shell::kBash);
  EXPECT_THAT(script, HasSubstr("      --address|--output|-o) value=$word; continue ;;\n"));
  EXPECT_THAT(script, HasSubstr("      'ctl plan'|'ctl plan show') at=\"$at $word\" ;;\n"));
  EXPECT_THAT(script, HasSubstr("'ctl plan show -o'|'ctl plan show --output') COMPREPLY=($(compgen "
                                "-W 'table json' -- \"$current\")) ;;"));
  EXPECT_THAT(script, HasSubstr("    'ctl') flags='--address' commands='plan' ;;\n"));
  EXPECT_THAT(script,
              HasSubstr("    'ctl plan show') flags='--address -o --output' commands='' ;;\n"));
}

TEST(CompletionScript, QuotesHelpForZshAndFish) {
  const std::string zsh = CompletionScript(Program(), Shell::kZsh);
  EXPECT_THAT(zsh, testing::StartsWith("#compdef ctl\n"));
  EXPECT_THAT(zsh, HasSubstr("'--address:The daemon'\\''s address'"));
  EXPECT_THAT(zsh, HasSubstr("'plan:Plans'"));
  const std::string fish = CompletionScript(Program(), Shell::kFish);
  EXPECT_THAT(fish,
              HasSubstr("complete -c ctl -f -n \"__ctl_at 'ctl plan'\" -a show -d 'Show it'\n"));
  EXPECT_THAT(fish,
              HasSubstr(" -s o -l output -x -a 'table json' -d 'The format of the answer'\n"));
}

}  // namespace
}  // namespace fleetmeter::ctl
