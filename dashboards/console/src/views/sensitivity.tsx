// Sensitivity: which assumption changes most of what the plan earns, trains and explores.
import { Content, h } from "preact";
import { Step, stepsChart } from "../chart/steps";
import { Chart } from "../chart/svg";
import { Params } from "../route";
import { count, percent, usd } from "../say/number";
import { Ask } from "../ui/ask";
import { Choice } from "../ui/fields";
import { Figure } from "../ui/figure";
import { Answer, Section } from "../ui/page";
import { Nothing } from "../ui/states";
import { Column, Table } from "../ui/table";
import { GetFrameworkResponse, OutcomeResult, SensitivityResult } from "../wire/plan";
import { NoFramework } from "./plan";

interface Measure {
  title: string;
  of: (outcome: OutcomeResult) => number | undefined;
  say: (value: number) => string;
}

const MEASURES: { [name: string]: Measure } = {
  revenue: { title: "Revenue", of: (outcome) => outcome.serviceableRevenueUsd, say: usd },
  training: {
    title: "Training, of the baseline's",
    of: (outcome) => outcome.trainingRatio,
    say: percent,
  },
  research: { title: "Research, H100-hours", of: (outcome) => outcome.researchHours, say: count },
};

export function Sensitivity({ params }: { params: Params }) {
  return (
    <Ask<GetFrameworkResponse>
      call="framework"
      show={(framework) => <Rows rows={framework.sensitivity ?? []} params={params} />}
      instead={(error) => (error.code === "FAILED_PRECONDITION" ? <NoFramework /> : null)}
    />
  );
}

function Rows({ rows, params }: { rows: SensitivityResult[]; params: Params }) {
  if (rows.length === 0) return <Nothing>The assumptions name no rows of sensitivity.</Nothing>;
  const measure = MEASURES[params.measure] ?? MEASURES.revenue;
  const [baseline, ...others] = rows;
  return (
    <div>
      <Answer>{headline(baseline, others, measure)}</Answer>
      <div class="fields">
        <Choice
          name="measure"
          label="Show"
          params={params}
          fallback="revenue"
          options={Object.entries(MEASURES).map(([key, { title }]): [string, string] => [
            key,
            title,
          ])}
        />
      </div>
      <div class="cards">
        <Section title={`${measure.title}: difference from the baseline`} wide>
          <Chart
            label={stepsOf(baseline, others, measure)
              .map((s) => `${s.name}: ${s.text}`)
              .join("; ")}
            draw={(width) => stepsChart(stepsOf(baseline, others, measure), width)}
          />
        </Section>
        <Section title="All figures" wide>
          <Table<SensitivityResult>
            caption="Rows of the sensitivity analysis"
            columns={columns()}
            rows={rows}
            id={(row) => row.name}
            params={params}
            empty="There are no rows."
          />
        </Section>
      </div>
    </div>
  );
}

function difference(row: SensitivityResult, baseline: SensitivityResult, measure: Measure) {
  const mine = row.outcome && measure.of(row.outcome);
  const base = baseline.outcome && measure.of(baseline.outcome);
  return mine === undefined || base === undefined ? undefined : mine - base;
}

// Rounding of the arithmetic leaves specks, which are no change.
function change(value: number, measure: Measure): string {
  const text = measure.say(value);
  return /[1-9]/.test(text) && Math.abs(value) > 1e-6 ? (value > 0 ? "+" : "") + text : "no change";
}

function headline(
  baseline: SensitivityResult,
  others: SensitivityResult[],
  measure: Measure,
): Content {
  const known = others.flatMap((row) => {
    const by = difference(row, baseline, measure);
    return by === undefined ? [] : [{ row, by }];
  });
  if (known.length === 0) return "No row can be compared with the baseline.";
  const most = known.reduce((a, b) => (Math.abs(b.by) > Math.abs(a.by) ? b : a));
  return (
    <span>
      “{most.row.title}” matters most: <strong>{change(most.by, measure)}</strong> of{" "}
      {measure.title.toLowerCase()}.
    </span>
  );
}

// The longest first.
function stepsOf(baseline: SensitivityResult, rows: SensitivityResult[], measure: Measure): Step[] {
  const steps = rows.map((row): Step => {
    const by = difference(row, baseline, measure);
    if (by === undefined)
      return { name: row.title, from: 0, to: 0, tone: "muted", text: "does not fit" };
    return {
      name: row.title,
      from: 0,
      to: by,
      tone: by < 0 ? "idle" : "assigned",
      text: change(by, measure),
    };
  });
  return steps.sort((a, b) => Math.abs(b.to) - Math.abs(a.to));
}

function columns(): Column<SensitivityResult>[] {
  const share = (name: string): Column<SensitivityResult> => ({
    key: name,
    title: name,
    number: true,
    cell: (row) => shareCell(row, name),
  });
  return [
    { key: "title", title: "What is different", cell: (row) => row.title },
    share("inference"),
    share("training"),
    share("research"),
    ...Object.entries(MEASURES).map(([key, { title, of, say }]): Column<SensitivityResult> => ({
      key,
      title,
      number: true,
      order: (row) => row.outcome && of(row.outcome),
      cell: (row) =>
        row.doesNotFit ? (
          <span title={row.doesNotFit}>does not fit</span>
        ) : (
          <Figure value={row.outcome && of(row.outcome)} say={say} />
        ),
    })),
  ];
}

function shareCell(row: SensitivityResult, name: string): Content {
  if (row.doesNotFit) return "";
  const portion = row.categories?.find(({ category }) => category === name)?.portion;
  return <Figure value={portion?.shareRatio} say={(ratio) => percent(ratio, 0)} />;
}
