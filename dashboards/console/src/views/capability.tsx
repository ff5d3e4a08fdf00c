// Capability: what an hour of training teaches, quarter by quarter, and which benchmarks still
// tell.
import { Content, h } from "preact";
import { columnsChart, Upright } from "../chart/columns";
import { Chart } from "../chart/svg";
import { Params } from "../route";
import { count, percent, points } from "../say/number";
import { Ask } from "../ui/ask";
import { BarRow, Bars, Legend } from "../ui/bars";
import { Figure, Unknown } from "../ui/figure";
import { Name } from "../ui/name";
import { Answer, Section } from "../ui/page";
import { Nothing } from "../ui/states";
import { Column, Table } from "../ui/table";
import {
  BenchmarkState,
  CapabilityReport,
  ModelCapability,
  QuarterCapability,
} from "../wire/outcomes";

const MILLION = 1e6;

export function Capability({ params }: { params: Params }) {
  return (
    <Ask<CapabilityReport>
      call="capability"
      every={60}
      show={(report) => <Report report={report} params={params} />}
      instead={(error) =>
        error.code === "FAILED_PRECONDITION" ? (
          <Nothing>
            The daemon has no benchmark suite, or keeps its books in memory. It needs
            outcomes.benchmarks and ledger.path.
          </Nothing>
        ) : null
      }
    />
  );
}

// Points of capability that a million H100-hours brought: a gain of 0.01 is a point.
function perMillion(gain: number): string {
  const value = gain * MILLION * 100;
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(2)).toString();
}

function Report({ report, params }: { report: CapabilityReport; params: Params }) {
  const judged = (report.quarters ?? []).filter(
    (quarter) => !(report.lastQuarterIsRunning && quarter.quarter === report.lastQuarter),
  );
  const saturated = (report.benchmarks ?? []).filter((benchmark) => benchmark.saturated);
  return (
    <div>
      <Answer more={<Verdict report={report} />}>
        {headline(judged)}
        {declining(report)}
        {saturated.length ? (
          <span>
            ; {names(saturated)} {saturated.length === 1 ? "is" : "are"} saturated
          </span>
        ) : null}
        .
      </Answer>
      <div class="cards">
        <Quarters report={report} />
        <Frontier benchmarks={report.benchmarks ?? []} />
        <Section
          title="Models on one scale"
          wide
          about="The index is the weighted mean of a model's
          places on the benchmarks, from the floor that chance reaches to the ceiling. A missing
          score is never 0."
        >
          <Table<ModelCapability>
            caption="Models"
            columns={columns()}
            rows={report.models ?? []}
            id={(model) => model.model}
            params={params}
            sort="-quarter"
            empty="Nobody has reported a benchmark result."
          />
        </Section>
      </div>
      <p class="basis">
        Suite {report.suite}, version {report.suiteVersion}; quarters of {report.timeZone || "UTC"}.
      </p>
    </div>
  );
}

function headline(judged: QuarterCapability[]): Content {
  const last = judged[judged.length - 1];
  if (last?.gainPerH100eHour === undefined) {
    return (
      <span>
        What an hour of training brings:{" "}
        <Unknown
          why={last ? `no result or no training in ${last.quarter}` : "no quarter is over"}
        />
      </span>
    );
  }
  return (
    <span>
      <strong>{perMillion(last.gainPerH100eHour)}</strong> points per million H100-hours in{" "}
      {last.quarter}
    </span>
  );
}

function declining(report: CapabilityReport): string {
  const quarters = Number(report.decliningQuarters);
  return quarters === 0
    ? ""
    : quarters === 1
      ? ", less than in the quarter before"
      : `, the ${ordinal(quarters)} quarter of decline in a row`;
}

function ordinal(number: number): string {
  const words = ["", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"];
  return words[number] ?? `${number}th`;
}

function names(benchmarks: BenchmarkState[]): Content {
  return benchmarks.map(({ benchmark }, i) => (
    <span key={benchmark}>
      {i ? ", " : ""}
      <Name name={benchmark} />
    </span>
  ));
}

function Verdict({ report }: { report: CapabilityReport }) {
  if (report.verdict === "cannot_tell") return <Unknown why={report.why} />;
  const due = report.verdict === "review_due";
  return (
    <span class={due ? "act-text" : ""}>
      {due ? "! A review of research is due." : "✓ No review of research is due."}
    </span>
  );
}

function uprights(report: CapabilityReport): Upright[] {
  return (report.quarters ?? []).map((quarter) => {
    const gain = quarter.gainPerH100eHour;
    const running = report.lastQuarterIsRunning && quarter.quarter === report.lastQuarter;
    return {
      name: quarter.quarter,
      tone: running ? "allocated" : "assigned",
      value: gain === undefined ? undefined : gain * MILLION * 100,
      text: gain !== undefined ? perMillion(gain) : running ? "runs" : "?",
    };
  });
}

function Quarters({ report }: { report: CapabilityReport }) {
  const bars = uprights(report);
  return (
    <Section
      title="Points per million H100-hours, by quarter"
      about="How far the frontier moved,
      divided by the hours of training of the quarter. A quarter without a result or without
      training has no figure."
    >
      {bars.length === 0 ? (
        <Nothing>No quarter has results.</Nothing>
      ) : (
        <Chart
          label={bars.map((bar) => `${bar.name}: ${bar.text}`).join(", ")}
          draw={(width) => columnsChart(bars, (v) => count(v), width)}
          table={<QuarterTable quarters={report.quarters ?? []} />}
        />
      )}
      <Legend
        roles={[
          ["assigned", "a quarter that is over"],
          ["unknown", "not known"],
        ]}
      />
    </Section>
  );
}

function QuarterTable({ quarters }: { quarters: QuarterCapability[] }) {
  return (
    <Table
      caption="Quarters"
      rows={quarters}
      id={(quarter) => quarter.quarter}
      empty=""
      columns={[
        { key: "quarter", title: "Quarter", cell: (row) => row.quarter },
        {
          key: "gain",
          title: "Gain",
          number: true,
          cell: (row) => <Figure value={row.frontierGain} say={points} />,
        },
        {
          key: "hours",
          title: "H100-hours",
          number: true,
          cell: (row) => <Figure value={row.trainingH100eHours} say={count} />,
        },
        {
          key: "per",
          title: "Points per M hours",
          number: true,
          cell: (row) => <Figure value={row.gainPerH100eHour} say={perMillion} />,
        },
      ]}
    />
  );
}

function Frontier({ benchmarks }: { benchmarks: BenchmarkState[] }) {
  return (
    <Section
      title="How far each benchmark has come"
      about="The best place that any model has reached,
      from the floor (chance) to the ceiling. A saturated benchmark no longer tells models apart and
      is left out of the gain."
    >
      {benchmarks.length === 0 ? (
        <Nothing>The suite has no benchmark.</Nothing>
      ) : (
        <Bars label="Frontier by benchmark" top={1} rows={benchmarks.map(frontierRow)} />
      )}
    </Section>
  );
}

function frontierRow(state: BenchmarkState): BarRow {
  const reached = state.frontierRatio;
  const why = state.high ? "near its ceiling" : state.flat ? "flat for quarters" : "";
  return {
    key: state.benchmark,
    name: <Name name={state.benchmark} />,
    parts:
      reached === undefined
        ? []
        : [
            {
              role: state.saturated ? "idle" : "assigned",
              value: reached,
              label: `${percent(reached)} reached`,
            },
          ],
    mark: { value: 1, label: "ceiling" },
    value: <Figure value={reached} say={percent} why="no result" />,
    note: state.saturated ? (
      <span class="idle-text">used up: {why || "saturated"}</span>
    ) : undefined,
  };
}

function columns(): Column<ModelCapability>[] {
  return [
    {
      key: "model",
      title: "Model",
      order: (model) => model.model,
      cell: (model) => <Name name={model.model} />,
    },
    {
      key: "quarter",
      title: "Quarter",
      order: (model) => model.quarter,
      cell: (model) => model.quarter.replace("-", "\u2011"),
    },
    {
      key: "index",
      title: "Index",
      number: true,
      order: (model) => model.capabilityIndex,
      cell: (model) => <Figure value={model.capabilityIndex} say={percent} why={missing(model)} />,
    },
    {
      key: "hours",
      title: "H100-hours",
      number: true,
      order: (model) => model.trainingH100eHours,
      cell: (model) => <Figure value={model.trainingH100eHours} say={count} />,
    },
    {
      key: "gain",
      title: "Points per M hours",
      number: true,
      order: (m) => m.gainPerH100eHour,
      cell: (model) => <Figure value={model.gainPerH100eHour} say={perMillion} />,
    },
  ];
}

function missing(model: ModelCapability): string | undefined {
  return model.missing?.length ? `no score on ${model.missing.join(", ")}` : undefined;
}
