#include "daemon/ctl/report/published_site.h"

#include <fmt/format.h>

#include "daemon/ctl/report/cells.h"
#include "daemon/ctl/report/render.h"
#include "daemon/ctl/report/sections.h"
#include "daemon/ctl/report/site_sections.h"

namespace fleetmeter::ctl::report {
namespace {

Document PageOf(const Answers& answers, std::string title, std::vector<Section> sections) {
  Document page{.kind = "site", .title = std::move(title)};
  page.subtitle = fmt::format("Published {}. The numbers are of that time.",
                              TimeText(answers.asked_unix_seconds));
  page.basis = BasisFigures(answers);
  page.sections = std::move(sections);
  return page;
}

std::string PlanSentence(const Answers& answers) {
  if (!answers.plan.ok()) {
    return fmt::format("The plan is not known. {}", WhyNot(answers.plan.status()));
  }
  const v1::Basis& basis = answers.plan->basis();
  return fmt::format("Plan {} version {} is in force. It shares out {} H100e, by the scenario {}.",
                     basis.plan(), basis.plan_version(), H100eText(answers.plan->supply_h100e()),
                     basis.scenario());
}

std::vector<Section> FrontSections(const Answers& answers, Audience audience) {
  Section front{.id = "front", .title = "In short"};
  front.says = {
      PlanSentence(answers),
      "Capacity for safety and for what was promised to customers comes first (P0), then strategic "
      "initiatives of the whole company (P1). What is left after a buffer is flexible (P2).",
      "A team asks for capacity from the pool of its organization. The pool's owner decides by a "
      "ranking that everybody can look up. What goes beyond a pool's allocation is decided by the "
      "allocation committee, which meets every two weeks, by the same framework for all.",
      audience == Audience::kAll
          ? "These pages are for everybody. They hold no numbers of teams or of single requests."
          : "These pages are for the committee. They hold numbers of teams and of requests, and "
            "are not for everybody."};
  Section pages{.id = "pages", .title = "What is where"};
  Table table{.id = "contents", .title = "Pages"};
  table.columns = {{"page", "Page"}, {"answers", "What it answers"}};
  const auto add = [&](const char* page, const char* what) {
    table.rows.push_back({TextCell(page), TextCell(what)});
  };
  add("Method", "By which assumptions and arithmetic is capacity valued? How are requests ranked?");
  add("Plan", "Who is allocated how much, and which strategic initiative is that for?");
  add("Pools", "What are the rules of each pool, and how much of it was free?");
  add("How to ask", "What does a request say, and what becomes of it?");
  add("Decisions", "What was decided, and why?");
  pages.tables.push_back(std::move(table));
  return {front, pages};
}

std::vector<Section> Joined(std::vector<Section> first, std::vector<Section> second) {
  for (Section& section : second) first.push_back(std::move(section));
  return first;
}

}  // namespace

std::vector<SitePage> MakeSite(const Answers& answers, Audience audience) {
  return {
      {"index.html",
       PageOf(answers, "How capacity is allocated", FrontSections(answers, audience))},
      {"method.html", PageOf(answers, "Method", Joined(MethodSections(answers), RuleSections()))},
      {"plan.html", PageOf(answers, "Plan", PlanSections(answers, audience))},
      {"pools.html", PageOf(answers, "Pools", PoolSections(answers, audience))},
      {"ask.html", PageOf(answers, "How to ask", AskSections())},
      {"decisions.html", PageOf(answers, "Decisions", DecisionSections(answers, audience))}};
}

std::map<std::string, std::string> RenderSite(const std::vector<SitePage>& pages) {
  std::map<std::string, std::string> files;
  for (const SitePage& page : pages) {
    std::vector<Link> links;
    for (const SitePage& other : pages) {
      links.push_back({.address = other.file,
                       .title = other.document.title,
                       .current = other.file == page.file});
    }
    files[page.file] = DocumentHtml(page.document, links);
  }
  return files;
}

}  // namespace fleetmeter::ctl::report
