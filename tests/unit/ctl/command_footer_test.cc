#include "daemon/ctl/command_footer.h"

#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kOfGroup[] =
    "Times are dates.\n"
    "\n"
    "Examples:\n"
    "  fleetmeterctl plan show\n"
    "  fleetmeterctl --address a:1 plan diff a \\\n"
    "                b\n"
    "  fleetmeterctl plan show --plan f\n"
    "\n"
    "Exit codes:\n"
    "  0  Done.";

TEST(FooterOfCommand, KeepsTheExamplesOfTheCommand) {
  EXPECT_EQ(FooterOfCommand(kOfGroup, {"plan", "show"}),
            "Times are dates.\n"
            "\n"
            "Examples:\n"
            "  fleetmeterctl plan show\n"
            "  fleetmeterctl plan show --plan f\n"
            "\n"
            "Exit codes:\n"
            "  0  Done.");
}

TEST(FooterOfCommand, KeepsAnExampleOfSeveralLinesWhole) {
  EXPECT_NE(FooterOfCommand(kOfGroup, {"plan", "diff"})
                .find("\n  fleetmeterctl --address a:1 plan diff a \\\n                b\n"),
            std::string::npos);
}

TEST(FooterOfCommand, KeepsOnlyExamplesOfTheProgram) {
  EXPECT_EQ(FooterOfCommand("Examples:\n  fleetmeterctl pools\n  fleetmeterctl top\n\nFiles:\n  x",
                            {"top"}),
            "Examples:\n  fleetmeterctl top");
  EXPECT_EQ(FooterOfCommand("Examples:\n  fleetmeterctl pools\n", {"top"}), "");
}

}  // namespace
}  // namespace fleetmeter::ctl
