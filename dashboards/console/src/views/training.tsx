// Training: how many hours a year needs, and whether the plan gives them.
import { Content, h } from "preact";
import { count, percent } from "../say/number";
import { Ask } from "../ui/ask";
import { Bars } from "../ui/bars";
import { Figure, heard, Stat, Unknown } from "../ui/figure";
import { Answer, Section } from "../ui/page";
import { Table } from "../ui/table";
import { CompareResponse, GetFrameworkResponse, ScenarioResult, TrainingPlan } from "../wire/plan";
import { NoFramework } from "./plan";

export function Training() {
  return (
    <Ask<GetFrameworkResponse>
      call="framework"
      show={(framework) =>
        framework.training ? (
          <Need framework={framework} training={framework.training} />
        ) : (
          <NoFramework />
        )
      }
      instead={(error) => (error.code === "FAILED_PRECONDITION" ? <NoFramework /> : null)}
    />
  );
}

interface Props {
  framework: GetFrameworkResponse;
  training: TrainingPlan;
}

function Need({ framework, training }: Props) {
  const baseline = (framework.scenarios ?? []).find(
    (s) => s.scenario === framework.basis?.baseline,
  );
  return (
    <div>
      <Answer
        more={<Ask<CompareResponse> call="compare" every={10} show={pace} instead={() => " "} />}
      >
        {answer(training, baseline)}
      </Answer>
      <div class="cards">
        <Sum training={training} />
        <Gives framework={framework} training={training} />
        <Models training={training} />
      </div>
    </div>
  );
}

function answer(training: TrainingPlan, baseline: ScenarioResult | undefined): Content {
  const given = baseline?.outcome?.trainingHours;
  return (
    <span>
      <strong>{count(training.neededHours)}</strong> H100-hours of training are needed a year
      {given === undefined ? (
        "."
      ) : (
        <span>
          ; the plan gives <strong>{percent(given / training.neededHours)}</strong> of that.
        </span>
      )}
    </span>
  );
}

function pace(compared: CompareResponse): Content {
  const hours = compared.trainingHours;
  return (
    <span>
      At the present pace a year trains{" "}
      {hours === undefined ? (
        <Unknown why={heard(compared.coverageRatio)} />
      ) : (
        `${count(hours)} H100-hours`
      )}
      .
    </span>
  );
}

function Sum({ training: t }: { training: TrainingPlan }) {
  const rows: [string, string, number][] = [
    [
      `Hours of ${t.basedOn}, times ${count(t.growthFactor)}`,
      "one pre-training",
      t.pretrainingHours,
    ],
    [`${percent(t.postTrainingRatio)} of that`, "one variant after it", t.postTrainingHours],
    [`With ${count(t.variantsPerRun)} variants`, "one run", t.hoursPerRun],
    [`${count(t.runsPerYear)} runs`, "a year", t.hoursPerYear],
    [
      `Times ${count(t.inefficiencyFactor)}, for restarts and dead ends` +
        (t.additionalRuns ? `, and ${count(t.additionalRuns)} more runs` : ""),
      "what is needed",
      t.neededHours,
    ],
  ];
  return (
    <Section
      title="How the need adds up"
      about="Hours = FLOP / (FLOP of an H100-hour x utilization of
      its arithmetic). deploy/plans/README.md has every formula."
    >
      <Table
        caption="From one pre-training to a year"
        rows={rows}
        id={([name]) => name}
        empty=""
        columns={[
          { key: "what", title: "Step", cell: ([name]) => name },
          { key: "is", title: "Gives", cell: ([, what]) => what },
          {
            key: "hours",
            title: "H100-hours",
            number: true,
            cell: ([, , hours]) => <Figure value={hours} say={count} />,
          },
        ]}
      />
      <dl class="stats">
        <Stat name="What an H100-hour computes" beside={`at ${percent(t.mfuRatio)} of the peak`}>
          {count(t.trainingFlopPerH100Hour / 1e18)} <small>exaFLOP</small>
        </Stat>
      </dl>
    </Section>
  );
}

function Gives({ framework, training }: Props) {
  return (
    <Section
      title="What each scenario gives"
      about="The line is what a year needs with its
      inefficiencies."
    >
      <Bars
        label="Training hours by scenario"
        rows={(framework.scenarios ?? []).map((scenario) => {
          const hours = scenario.outcome?.trainingHours ?? 0;
          return {
            key: scenario.scenario,
            name: scenario.title,
            parts: [
              { role: "allocated" as const, value: hours, label: `${count(hours)} H100-hours` },
            ],
            mark: { value: training.neededHours, label: `needed: ${count(training.neededHours)}` },
            value: <Figure value={hours} say={count} />,
          };
        })}
      />
    </Section>
  );
}

function Models({ training }: { training: TrainingPlan }) {
  const rows = [...(training.models ?? [])].sort((a, b) => b.h100Hours - a.h100Hours);
  return (
    <Section title="What known models took" about="Published or estimated FLOP, as H100-hours.">
      <Bars
        label="Models by H100-hours of training"
        rows={rows.map((row) => ({
          key: row.model,
          name: row.title,
          parts: [
            {
              role: "assigned" as const,
              value: row.h100Hours,
              label: `${count(row.h100Hours)} H100-hours`,
            },
          ],
          value: <Figure value={row.h100Hours} say={count} />,
        }))}
      />
    </Section>
  );
}
