// What the simulator shows: the budget, the figures before and after, and the curves.
import { Content, h } from "preact";
import { savePng } from "../chart/canvas";
import { curvesChart, Spot } from "../chart/curves";
import { Chart } from "../chart/svg";
import { toneOf } from "../chart/donut";
import { saveCsv } from "../download";
import { CATEGORIES, hoursIn, partsOf, shareIn, sharesOf } from "../model/simulation";
import { Params } from "../route";
import { count, percent, usd } from "../say/number";
import { Figure } from "../ui/figure";
import { Answers } from "../ui/simulate";
import { Section } from "../ui/page";
import { GetFrameworkResponse, SimulateResponse } from "../wire/plan";
import { budgetOf } from "./simulator_controls";
import type { Sides } from "./simulator";

interface BudgetProps {
  framework: GetFrameworkResponse;
  params: Params;
  answer?: SimulateResponse;
  refused: boolean;
}

// The whole supply as one bar. What does not fit sticks out in red.
export function Budget({ framework, params, answer, refused }: BudgetProps) {
  if (refused) return <Overdrawn budget={budgetOf(framework)} params={params} />;
  const parts = answer?.after ? partsOf(answer.after).filter(([, share]) => share > 0.0005) : [];
  const label = parts.map(([name, share]) => `${name} ${percent(share, 1)}`).join(", ");
  return (
    <div class="budget">
      <div class="bar" role="img" aria-label={label}>
        {parts.map(([name, share]) => piece(name, share))}
      </div>
      <ul class="legend" aria-label="The supply">
        {parts.map(([name, share]) => (
          <li key={name}>
            <span class={"part swatch tone-" + toneOf(name)} aria-hidden="true" />
            {name} {percent(share, 1)}
          </li>
        ))}
      </ul>
    </div>
  );
}

function piece(name: string, share: number) {
  return (
    <span
      key={name}
      class={"part tone-" + toneOf(name)}
      title={`${name} ${percent(share, 1)}`}
      style={{ width: (100 * share).toFixed(3) + "%" }}
    />
  );
}

function Overdrawn({ budget, params }: { budget: number; params: Params }) {
  const shares = sharesOf(params);
  const wanted = CATEGORIES.reduce((total, category) => total + (shares[category] ?? 0), 0);
  if (wanted <= budget) return null;
  const text =
    `The shares that are set take ${percent(wanted, 1)} of ${percent(budget, 1)}: ` +
    `${percent(wanted - budget, 1)} too much.`;
  return (
    <div class="budget">
      <div class="bar" role="img" aria-label={text}>
        <span
          class="part allocated"
          style={{ width: ((100 * budget) / wanted).toFixed(2) + "%" }}
        />
        <span
          class="part act"
          style={{ width: (100 - (100 * budget) / wanted).toFixed(2) + "%" }}
        />
      </div>
      <p>{text}</p>
    </div>
  );
}

interface Line {
  name: string;
  of: (answer: SimulateResponse) => number | undefined;
  before?: (answer: SimulateResponse) => number | undefined;
  say: (value: number) => string;
}

function lines(curves: string[]): (Line & { curve: number })[] {
  const revenue = curves.map((curve, i) => ({
    name: `Revenue, ${curve} curve`,
    curve: i,
    say: usd,
    of: (answer: SimulateResponse) => answer.after?.outcome?.serviceableRevenueUsd,
    before: (answer: SimulateResponse) => answer.before?.outcome?.serviceableRevenueUsd,
  }));
  const hours = CATEGORIES.map((category) => ({
    name: `${category}, H100-hours`,
    curve: 0,
    say: count,
    of: (answer: SimulateResponse) => hoursIn(answer.after, category),
    before: (answer: SimulateResponse) => hoursIn(answer.before, category),
  }));
  const outcome = { curve: 0, say: percent };
  return [
    ...revenue,
    {
      ...outcome,
      name: "Training, of the baseline's",
      of: (answer) => answer.after?.outcome?.trainingRatio,
      before: (answer) => answer.before?.outcome?.trainingRatio,
    },
    ...hours,
    {
      ...outcome,
      name: "Utilization of inference",
      of: (answer) => answer.after?.outcome?.utilizationRatio,
      before: (answer) => answer.before?.outcome?.utilizationRatio,
    },
    {
      ...outcome,
      name: "Unallocated, of the supply",
      of: (answer) => answer.after?.unallocated?.shareRatio,
      before: (answer) => answer.before?.unallocated?.shareRatio,
    },
    {
      curve: 0,
      say: count,
      name: "Freed, H100-hours",
      of: (answer) => (answer.mode === "free-capacity" ? answer.freed?.h100Hours : undefined),
    },
    {
      curve: 0,
      say: usd,
      name: "Revenue forgone against the baseline",
      of: (answer) => answer.forgone?.revenueUsd,
    },
  ];
}

export function Results({ curves, sides }: { curves: string[]; sides: Sides }) {
  const { mine, other } = sides;
  if (!mine?.[0]) return null;
  const shown = lines(curves).filter(
    (line) => valueOf(line, mine) !== undefined || mine[line.curve] === undefined,
  );
  return (
    <div>
      <div class="scroll" tabindex="0" role="region" aria-label="Figures before and after">
        <table class="results">
          <caption class="sr">Figures of a year, before and after</caption>
          <thead>
            <tr>
              <th scope="col">A year</th>
              <th scope="col" class="number">
                {mine[0].start === "live" ? "Now" : "Before"}
              </th>
              <th scope="col" class="number">
                After
              </th>
              {other ? (
                <th scope="col" class="number">
                  Kept
                </th>
              ) : null}
            </tr>
          </thead>
          <tbody>{shown.map((line) => resultRow(line, mine, other))}</tbody>
        </table>
      </div>
      <p class="actions">
        <button type="button" onClick={() => exportCsv(curves, sides)}>
          Save as CSV
        </button>
      </p>
    </div>
  );
}

function valueOf(line: Line & { curve: number }, answers: Answers | undefined) {
  const answer = answers?.[line.curve];
  return answer && line.of(answer);
}

function beforeOf(line: Line & { curve: number }, answers: Answers) {
  const answer = answers[line.curve];
  return answer && line.before?.(answer);
}

function resultRow(line: Line & { curve: number }, mine: Answers, other?: Answers) {
  const cell = (value: number | undefined, answers: Answers): Content =>
    answers[line.curve] === undefined ? (
      "does not fit"
    ) : value === undefined ? (
      ""
    ) : (
      <Figure value={value} say={line.say} />
    );
  return (
    <tr key={line.name}>
      <th scope="row">{line.name}</th>
      <td class="number">{cell(beforeOf(line, mine), mine)}</td>
      <td class="number strong" data-after={line.name}>
        {cell(valueOf(line, mine), mine)}
      </td>
      {other ? <td class="number">{cell(valueOf(line, other), other)}</td> : null}
    </tr>
  );
}

function exportCsv(curves: string[], { mine, other }: Sides) {
  if (!mine) return;
  const rows = lines(curves).map((line) => [
    line.name,
    beforeOf(line, mine),
    valueOf(line, mine),
    valueOf(line, other),
  ]);
  const shares = CATEGORIES.map((category) => [
    `${category}, share of the supply`,
    shareIn(mine[0]?.before, category),
    shareIn(mine[0]?.after, category),
    shareIn(other?.[0]?.after, category),
  ]);
  saveCsv([["figure", "before", "after", "kept"], ...rows, ...shares], "simulation.csv");
}

interface CurveProps {
  framework: GetFrameworkResponse;
  curves: string[];
  answers?: Answers;
}

export function CurvePicture({ framework, curves, answers }: CurveProps) {
  const rows = framework.revenue?.rows ?? [];
  const spots = (answers ?? []).flatMap((answer, i): Spot[] => {
    const outcome = answer?.after?.outcome;
    return outcome
      ? [
          {
            utilization: outcome.utilizationRatio,
            usd: outcome.usdPerH100Hour,
            label: curves[i],
            hollow: i > 0,
          },
        ]
      : [];
  });
  const caption = "What an H100-hour of inference earns by utilization";
  return (
    <Section
      title="What an hour earns, by utilization"
      about="On the straight line an hour that is
      twice as busy earns twice as much. On the diminishing curve it earns less than that: queues
      grow, batches fill up, and the requests that come last pay less."
    >
      <Chart
        label={spots
          .map((s) => `${s.label}: ${usd(s.usd)} at ${percent(s.utilization)}`)
          .join("; ")}
        draw={(width) => curvesChart(rows, curves, spots, width)}
        actions={(scene) => (
          <button type="button" onClick={() => savePng(scene(), caption, "simulation.png")}>
            Save as PNG
          </button>
        )}
      />
    </Section>
  );
}
