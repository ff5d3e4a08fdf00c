// Economics: what an hour of inference earns, and the prices and speeds behind that.
import { h } from "preact";
import { curvesChart, FINE_TABLE, Spot } from "../chart/curves";
import { Chart } from "../chart/svg";
import { curvesOf } from "../model/simulation";
import { link } from "../route";
import { count, percent, usd } from "../say/number";
import { Ask } from "../ui/ask";
import { Figure, heard, Stat, Unknown } from "../ui/figure";
import { Answer, Section } from "../ui/page";
import { Table } from "../ui/table";
import {
  CompareResponse,
  GetFrameworkResponse,
  Pricing,
  RevenueByUtilization,
  RevenueRow,
  ServingThroughput,
} from "../wire/plan";
import { NoFramework } from "./plan";

export function Economics() {
  return (
    <Ask<GetFrameworkResponse>
      call="framework"
      query={{ set: [FINE_TABLE] }}
      show={(fine) => (
        <Ask<CompareResponse>
          call="compare"
          every={10}
          show={(compared) => <Hours fine={fine} compared={compared} />}
          instead={() => <Hours fine={fine} />}
        />
      )}
      instead={(error) => (error.code === "FAILED_PRECONDITION" ? <NoFramework /> : null)}
    />
  );
}

interface Props {
  fine: GetFrameworkResponse;
  // Absent where the fleet cannot be compared with the plan.
  compared?: CompareResponse;
}

function Hours({ fine, compared }: Props) {
  const revenue = fine.revenue;
  const today = compared?.inferenceUtilizationRatio;
  return (
    <div>
      <Answer
        more={
          <span>
            Measured now:{" "}
            {today === undefined ? (
              <Unknown why={heard(compared?.coverageRatio)} />
            ) : (
              <span>
                <strong>{percent(today)}</strong> of the hours that inference holds are busy
              </span>
            )}
            .
          </span>
        }
      >
        An hour of inference earns{" "}
        <strong>
          <Figure value={revenue?.usdPerH100Hour} say={usd} />
        </strong>{" "}
        at the {revenue ? percent(revenue.utilizationRatio) : "utilization"} that the plan assumes.
      </Answer>
      <div class="cards">
        <Section
          title="What an hour earns, by utilization"
          wide
          about="The plan assumes one point of
          the curve. The full point is what is measured now, on each curve."
        >
          <Chart
            label="Revenue of an H100-hour by utilization, on each curve"
            draw={(width) =>
              curvesChart(revenue?.rows ?? [], curvesOf(fine), spotsOf(fine, today), width)
            }
          />
          <p>
            <a href={link("simulator", { from: "live" })}>Change it in the simulator, from now</a>
          </p>
        </Section>
        <Ask<GetFrameworkResponse>
          call="framework"
          show={(framework) => (
            <div class="cards inner">
              {framework.revenue ? <RevenueTable revenue={framework.revenue} /> : null}
              {framework.pricing ? <Prices pricing={framework.pricing} /> : null}
              {framework.throughput ? <Throughput throughput={framework.throughput} /> : null}
            </div>
          )}
        />
      </div>
    </div>
  );
}

function spotsOf(framework: GetFrameworkResponse, today: number | undefined): Spot[] {
  const revenue = framework.revenue;
  if (!revenue) return [];
  const plan: Spot = {
    label: "the plan assumes",
    utilization: revenue.utilizationRatio,
    usd: revenue.usdPerH100Hour,
    hollow: true,
  };
  if (today === undefined) return [plan];
  const now = curvesOf(framework).flatMap((curve): Spot[] => {
    const row = nearest(revenue.rows ?? [], curve, today);
    return row
      ? [{ label: `now, ${curve}`, utilization: row.utilizationRatio, usd: row.usdPerH100Hour }]
      : [];
  });
  return [plan, ...now];
}

// The row of the curve's table that is nearest to this utilization: at most a point away.
function nearest(rows: RevenueRow[], curve: string, utilization: number): RevenueRow | undefined {
  const away = (row: RevenueRow) => Math.abs(row.utilizationRatio - utilization);
  const mine = rows.filter((row) => row.curve === curve && away(row) <= 0.0101);
  return mine.length ? mine.reduce((a, b) => (away(b) < away(a) ? b : a)) : undefined;
}

function RevenueTable({ revenue }: { revenue: RevenueByUtilization }) {
  return (
    <Section
      title="Revenue of an H100-hour"
      about={`After a discount of ${percent(revenue.discountRatio)} on list prices.`}
    >
      <Table<RevenueRow>
        caption="Revenue of an H100-hour by utilization and curve"
        rows={revenue.rows ?? []}
        id={(row) => row.curve + row.utilizationRatio}
        empty="The assumptions name no utilizations."
        columns={[
          {
            key: "utilization",
            title: "Utilization",
            cell: (row) => percent(row.utilizationRatio),
          },
          { key: "curve", title: "Curve", cell: (row) => row.curve },
          {
            key: "list",
            title: "At list prices",
            number: true,
            cell: (row) => <Figure value={row.listUsdPerH100Hour} say={usd} />,
          },
          {
            key: "usd",
            title: "After discount",
            number: true,
            cell: (row) => <Figure value={row.usdPerH100Hour} say={usd} />,
          },
        ]}
      />
    </Section>
  );
}

function Prices({ pricing }: { pricing: Pricing }) {
  return (
    <Section
      title="Prices"
      about="Dollars per million tokens, and the share of all tokens that each
      model is assumed to have. The weighted price is what a million tokens earn."
    >
      <dl class="stats">
        <Stat name="Weighted, input">
          <Figure value={pricing.weightedUsdPerMillionInputTokens} say={usd} unit="per M tokens" />
        </Stat>
        <Stat name="Weighted, output">
          <Figure value={pricing.weightedUsdPerMillionOutputTokens} say={usd} unit="per M tokens" />
        </Stat>
      </dl>
      <Table
        caption="Prices by model"
        rows={pricing.models ?? []}
        id={(row) => row.model}
        empty="The assumptions name no prices."
        columns={[
          { key: "title", title: "Model", cell: (row) => row.title },
          {
            key: "released",
            title: "Released",
            cell: (row) => <span class="date">{row.released}</span>,
            extra: true,
          },
          {
            key: "usage",
            title: "Of tokens",
            number: true,
            cell: (row) => percent(row.usageRatio),
          },
          {
            key: "input",
            title: "Input",
            number: true,
            cell: (row) => usd(row.usdPerMillionInputTokens),
          },
          {
            key: "output",
            title: "Output",
            number: true,
            cell: (row) => usd(row.usdPerMillionOutputTokens),
          },
        ]}
      />
    </Section>
  );
}

function Throughput({ throughput }: { throughput: ServingThroughput }) {
  return (
    <Section
      title="Tokens of an H100-hour"
      about={`A chip reaches ${percent(
        throughput.resourceConstraintRatio,
      )} of what its vendor measures, and reads ${
        throughput.inputPerOutput
      } input tokens for each that it writes.`}
    >
      <dl class="stats">
        <Stat name="Output">
          <Figure value={throughput.outputTokensPerH100Hour} say={count} unit="tokens" />
        </Stat>
        <Stat name="Input">
          <Figure value={throughput.inputTokensPerH100Hour} say={count} unit="tokens" />
        </Stat>
        <Stat name="Output a second">
          <Figure value={throughput.weightedOutputTokensPerSecond} say={count} unit="tokens" />
        </Stat>
      </dl>
      <Table
        caption="Throughput by size of model"
        rows={throughput.sizes ?? []}
        id={(row) => row.size}
        empty="The assumptions name no sizes."
        columns={[
          { key: "size", title: "Size", cell: (row) => row.size.toUpperCase() },
          { key: "weight", title: "Weight", number: true, cell: (row) => percent(row.weightRatio) },
          {
            key: "vendor",
            title: "Vendor's tokens/s",
            number: true,
            cell: (row) => <Figure value={row.outputTokensPerSecond} say={count} />,
          },
          {
            key: "real",
            title: "Likely tokens/s",
            number: true,
            cell: (row) => <Figure value={row.constrainedTokensPerSecond} say={count} />,
          },
        ]}
      />
    </Section>
  );
}
