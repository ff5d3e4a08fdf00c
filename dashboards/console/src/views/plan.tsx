// Plan: does the fleet follow it, what of the buffer is left, and what were the alternatives.
import { Content, h } from "preact";
import { donut } from "../chart/donut";
import { Chart } from "../chart/svg";
import { BUFFER_IN_USE, DRIFT } from "../model/thresholds";
import { link } from "../route";
import { count, h100e, percent, points, usd } from "../say/number";
import { Ask } from "../ui/ask";
import { BarRow, Bars, Legend } from "../ui/bars";
import { Figure, heard, Stat, Unknown } from "../ui/figure";
import { Name, PoolLink } from "../ui/name";
import { Answer, BasisLine, Section } from "../ui/page";
import { Nothing } from "../ui/states";
import { CompareResponse, CompareRow, GetFrameworkResponse, ScenarioResult } from "../wire/plan";

export function Plan() {
  return (
    <Ask<CompareResponse>
      call="compare"
      every={10}
      show={(compared) => (
        <div>
          <Answer more={second(compared)}>{first(compared)}</Answer>
          <div class="cards">
            <Paired
              title="Categories"
              rows={compared.categories ?? []}
              about="Grey is what the plan
            gives, blue is what is held of all that is heard. A share that is not held may be free,
            broken, or held by others."
            />
            <Paired
              title="Tiers"
              rows={compared.tiers ?? []}
              about="P0 is guaranteed: safety, red
            teaming, reliability and contracted service levels. P1 is what leadership has raised to
            a strategic initiative. P2 is flexible: there the trade-offs are made. The buffer is
            held back for incidents and spikes."
            />
            <Buffer compared={compared} />
            <YearPace compared={compared} />
            <Ask<GetFrameworkResponse>
              call="framework"
              show={(framework) => <Scenarios framework={framework} />}
              instead={(error) => (error.code === "FAILED_PRECONDITION" ? <NoFramework /> : null)}
            />
          </div>
          <BasisLine basis={compared.basis} />
        </div>
      )}
    />
  );
}

export function NoFramework() {
  return (
    <Section title="Scenarios">
      <Nothing>
        The daemon has no assumptions to compare with. The setting "framework" of its configuration
        names a file of them, such as deploy/plans/framework.yaml.
      </Nothing>
    </Section>
  );
}

function first(compared: CompareResponse): Content {
  const rows = (compared.categories ?? []).filter((row) => row.driftRatio !== undefined);
  if (rows.length === 0) {
    return (
      <span>
        Nobody can tell whether the plan is followed:{" "}
        <Unknown why={heard(compared.coverageRatio)} />
      </span>
    );
  }
  const widest = rows.reduce((a, b) => (off(b) > off(a) ? b : a));
  if (off(widest) <= DRIFT) {
    return (
      <span>
        Every category is within {points(DRIFT)} of its plan; {drift(widest)} at most.
      </span>
    );
  }
  return <span>{drift(widest)}.</span>;
}

function off(row: CompareRow): number {
  return Math.abs(row.driftRatio ?? 0);
}

function drift(row: CompareRow): Content {
  const ratio = row.driftRatio ?? 0;
  return (
    <span>
      <Name name={row.name} /> holds <strong>{points(ratio)}</strong>{" "}
      {ratio < 0 ? "less" : "more"} of the supply than planned
    </span>
  );
}

function second(compared: CompareResponse): Content {
  const short = compared.p0ShortfallH100e;
  return (
    <span>
      {bufferWords(compared)}.{" "}
      {short === undefined ? (
        <span>
          Whether P0 has its guarantee: <Unknown />
        </span>
      ) : short > 0 ? (
        `${h100e(short)} H100e of the guarantee of P0 cannot be given`
      ) : (
        "P0 has its guarantee"
      )}
      .
    </span>
  );
}

function bufferWords(compared: CompareResponse): Content {
  const used = compared.bufferConsumedH100e;
  if (used === undefined) {
    return (
      <span>
        What of the buffer is in use: <Unknown why={heard(compared.coverageRatio)} />
      </span>
    );
  }
  if (compared.bufferH100e === 0) return "The plan keeps no buffer";
  if (used < 0.05) return "The buffer is untouched";
  return `${percent(used / compared.bufferH100e)} of the buffer is in use`;
}

function Paired({ title, rows, about }: { title: string; rows: CompareRow[]; about: string }) {
  const planned = rows.filter((row) => row.plannedShareRatio > 0 || row.actualShareRatio);
  return (
    <Section title={title} about={about}>
      {planned.length === 0 ? (
        <Nothing>The plan has none.</Nothing>
      ) : (
        <Bars
          label={`${title}: planned and actual shares of the supply`}
          rows={planned.flatMap(pair)}
        />
      )}
      <Legend
        roles={[
          ["allocated", "planned"],
          ["assigned", "held"],
          ["unknown", "not known"],
        ]}
      />
    </Section>
  );
}

function pair(row: CompareRow): BarRow[] {
  const actual = row.actualShareRatio;
  const planned = row.plannedShareRatio;
  return [
    {
      key: row.name + " planned",
      name: (
        <strong>
          <Name name={row.name} />
        </strong>
      ),
      parts: [{ role: "allocated", value: planned, label: `planned ${percent(planned, 1)}` }],
      value: <Figure value={planned} say={say1} />,
    },
    // The buffer is held back; nobody holds chips of it.
    ...(row.name === "buffer"
      ? []
      : [
          {
            key: row.name + " actual",
            name: <span class="muted">held</span>,
            parts:
              actual === undefined
                ? []
                : [
                    {
                      role: "assigned" as const,
                      value: actual,
                      label: `held ${percent(actual, 1)}`,
                    },
                  ],
            value: <Figure value={actual} say={say1} />,
            note: row.driftRatio === undefined ? undefined : driftNote(row.driftRatio),
          },
        ]),
  ];
}

function say1(ratio: number): string {
  return percent(ratio, 1);
}

function driftNote(ratio: number): Content {
  const text = `${points(ratio)} ${ratio < 0 ? "under" : "over"} plan`;
  return <span class={Math.abs(ratio) > DRIFT ? "idle-text" : "muted"}>{text}</span>;
}

function Buffer({ compared }: { compared: CompareResponse }) {
  const used = compared.bufferConsumedH100e;
  const share = compared.bufferH100e > 0 && used !== undefined ? used / compared.bufferH100e : 0;
  return (
    <Section
      title="The buffer"
      about="The buffer is in use as far as what is held, unhealthy or
      reserved exceeds the supply without the buffer. Borrowing what others leave unused takes
      nothing from it."
    >
      <Bars
        label="The buffer and what is in use of it, in H100e"
        top={compared.bufferH100e}
        rows={[
          {
            key: "buffer",
            name: "In use",
            parts: [
              {
                role: share > BUFFER_IN_USE ? "act" : "idle",
                value: used ?? 0,
                label: `${h100e(used ?? 0)} H100e in use`,
              },
              {
                role: used === undefined ? "unknown" : "free",
                value: compared.bufferH100e - (used ?? 0),
                label:
                  used === undefined ? "not known" : `${h100e(compared.bufferH100e - used)} left`,
              },
            ],
            value: <Figure value={used} say={h100e} why={heard(compared.coverageRatio)} />,
            note: `of ${h100e(compared.bufferH100e)} H100e`,
          },
        ]}
      />
      <ul class="choices">
        {(compared.bufferConsumers ?? []).map(({ pool, h100e: size }) => (
          <li key={pool}>
            {h100e(size)} H100e by{" "}
            {pool ? <PoolLink pool={pool} /> : "chips that are unhealthy or reserved"}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function YearPace({ compared }: { compared: CompareResponse }) {
  const training = compared.trainingHours;
  const planned = compared.plannedTrainingHours;
  if (!compared.framework) return null;
  return (
    <Section
      title="A year like this moment"
      about="What the inference and training hours of a year
      would earn and train if every moment were like this one, beside what the plan promises."
    >
      <dl class="stats">
        {(compared.revenue ?? []).map((pace) => (
          <Stat
            key={pace.curve}
            name={`Revenue, ${pace.curve} curve`}
            beside={`plan ${usd(pace.plannedRevenueUsd)}`}
          >
            <Figure value={pace.serviceableRevenueUsd} say={usd} />
          </Stat>
        ))}
        <Stat name="Training" beside={planned === undefined ? undefined : `plan ${count(planned)}`}>
          <Figure value={training} say={count} unit="H100-hours" />
        </Stat>
        <Stat name="Inference is busy" beside="of what it holds">
          <Figure value={compared.inferenceUtilizationRatio} say={percent} />
        </Stat>
      </dl>
    </Section>
  );
}

export function Scenarios({ framework }: { framework: GetFrameworkResponse }) {
  const baseline = framework.basis?.baseline;
  return (
    <Section
      title="Scenarios side by side"
      wide
      about="Each scenario shares the same supply out
      differently. Revenue is what the hours of inference would earn in a year."
    >
      <div class="trio">
        {(framework.scenarios ?? []).map((scenario) => (
          <article key={scenario.scenario} aria-label={scenario.title}>
            <h3>
              {scenario.title}
              {scenario.scenario === baseline ? " (baseline)" : ""}
            </h3>
            <Chart
              label={donutLabel(scenario)}
              draw={(width) => donut(slicesOf(scenario), width)}
            />
            <ScenarioFigures scenario={scenario} />
            <p>
              <a href={link("simulator", { from: scenario.scenario })}>
                Change it in the simulator
              </a>
            </p>
          </article>
        ))}
      </div>
    </Section>
  );
}

function ScenarioFigures({ scenario }: { scenario: ScenarioResult }) {
  const outcome = scenario.outcome;
  return (
    <dl class="stats">
      <Stat name="Revenue">
        <Figure value={outcome?.serviceableRevenueUsd} say={usd} />
      </Stat>
      <Stat name="Training" beside="of the baseline's">
        <Figure value={outcome?.trainingRatio} say={percent} />
      </Stat>
      <Stat name="Research" beside="H100-hours">
        <Figure value={outcome?.researchHours} say={count} />
      </Stat>
    </dl>
  );
}

// Buffer last; safety's share is P0.
function slicesOf(scenario: ScenarioResult): [string, number][] {
  const categories = (scenario.categories ?? []).map(({ category, portion }): [string, number] => [
    category,
    portion?.shareRatio ?? 0,
  ]);
  const buffer = scenario.tiers?.find(({ tier }) => tier === "buffer")?.total?.shareRatio ?? 0;
  const rest = scenario.unallocated?.shareRatio ?? 0;
  const all: [string, number][] = [...categories, ["buffer", buffer], ["unallocated", rest]];
  return all.filter(([, share]) => share > 0.0005);
}

function donutLabel(scenario: ScenarioResult): string {
  return slicesOf(scenario)
    .map(([name, share]) => `${name} ${percent(share)}`)
    .join(", ");
}
