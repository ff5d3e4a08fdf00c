// The past of a pool, from the ledger, and when it is full if it goes on like that.
import { Content, h } from "preact";
import { Chart } from "../chart/svg";
import { Line, timeline } from "../chart/timeline";
import { poorlyHeard } from "../model/fleet";
import { overAt, trendOf, wellHeard } from "../model/trend";
import { Params } from "../route";
import { h100e, percent, plural } from "../say/number";
import { moment } from "../say/time";
import { Ask } from "../ui/ask";
import { Choice } from "../ui/fields";
import { Figure } from "../ui/figure";
import { Section } from "../ui/page";
import { Nothing } from "../ui/states";
import { Table } from "../ui/table";
import { GetPoolHistoryResponse, Pool, PoolPeriod } from "../wire/query";

const HOUR = 3600;
const SPANS: { [name: string]: { words: string; hours: number; step: string } } = {
  day: { words: "a day", hours: 24, step: "1h" },
  week: { words: "a week", hours: 7 * 24, step: "1h" },
  quarter: { words: "a quarter", hours: 91 * 24, step: "1d" },
  year: { words: "a year", hours: 365 * 24, step: "1d" },
};

// `from` is a full hour, so that the question stays the same for an hour.
function queryOf(pool: string, span: string) {
  const { hours, step } = SPANS[span];
  const end = (Math.floor(Date.now() / 1000 / HOUR) + 1) * HOUR;
  return { pool, from: end - hours * HOUR, step };
}

export function History({ pool, params }: { pool: Pool; params: Params }) {
  const span = SPANS[params.span] ? params.span : "week";
  return (
    <Section
      title="Its past"
      wide
      about="What the plan granted, and what hosts told that was held and
      busy, on average over each hour or day, from the books. A gap is time of which less than 90%
      was told: nobody knows what was held then. The table says what the books have of it."
    >
      <div class="fields">
        <Choice
          name="span"
          label="Show"
          params={params}
          fallback="week"
          options={Object.entries(SPANS).map(([key, { words }]): [string, string] => [key, words])}
        />
      </div>
      <Ask<GetPoolHistoryResponse>
        call="history/pools"
        query={queryOf(pool.pool, span)}
        every={60}
        show={(history) => <Past history={history} pool={pool} />}
        instead={(error) =>
          error.code === "FAILED_PRECONDITION" ? (
            <Nothing>
              The daemon keeps its books in memory, and no past of pools. Give it ledger.path.
            </Nothing>
          ) : null
        }
      />
    </Section>
  );
}

function Past({ history, pool }: { history: GetPoolHistoryResponse; pool: Pool }) {
  const rows = history.rows ?? [];
  if (rows.length === 0)
    return <Nothing>The books have nothing of this pool in that time.</Nothing>;
  const from = Number(history.fromUnixSeconds);
  const until = Number(history.untilUnixSeconds);
  return (
    <div>
      <p>
        {outlook(
          overAt(rows, Number(history.stepSeconds), Date.now() / 1000).filter(wellHeard),
          pool,
        )}
      </p>
      <Chart
        label={summary(rows)}
        table={<Periods rows={rows} />}
        draw={(width) => timeline(linesOf(rows), from, until, Number(history.stepSeconds), width)}
      />
    </div>
  );
}

function outlook(rows: PoolPeriod[], pool: Pool): Content {
  const trend = trendOf(rows, poorlyHeard(pool) ? undefined : pool.headroomH100e);
  if (trend.kind === "unknown") return "Nobody can tell when it is full: too little is known.";
  if (trend.kind === "steady") return "Its headroom is not shrinking, as far as this past tells.";
  const when =
    trend.days < 1 ? "within a day" : `in about ${plural(Math.round(trend.days), "day")}`;
  return <span class="idle-text">If it goes on like this, it is full {when}.</span>;
}

function summary(rows: PoolPeriod[]): string {
  const known = rows.filter(wellHeard);
  if (known.length === 0) return "Too little of this time was told of.";
  const last = known[known.length - 1];
  const most = known.reduce((top, row) => Math.max(top, row.assignedH100e), 0);
  return `Held at most ${h100e(most)} H100e, and ${h100e(last.assignedH100e)} lately.`;
}

function linesOf(rows: PoolPeriod[]): Line[] {
  const line = (
    name: string,
    tone: Line["tone"],
    of: (row: PoolPeriod) => number | undefined,
    dashed = false,
  ): Line => ({
    name,
    tone,
    dashed,
    values: rows.map((row) => ({ at: Number(row.startUnixSeconds), value: of(row) })),
  });
  return [
    line("allocated", "allocated", (row) => row.allocatedH100e, true),
    line("assigned", "assigned", (row) => (wellHeard(row) ? row.assignedH100e : undefined)),
    line("busy", "busy", (row) => (wellHeard(row) ? row.busyH100e : undefined)),
  ];
}

function measured(row: PoolPeriod): string | undefined {
  return row.assignedH100e > 0 && row.measuredH100e < 0.995 * row.assignedH100e
    ? `${percent(row.measuredH100e / row.assignedH100e)} of it was measured`
    : undefined;
}

function Periods({ rows }: { rows: PoolPeriod[] }) {
  return (
    <Table<PoolPeriod>
      caption="Its past"
      rows={[...rows].reverse()}
      empty=""
      id={(row) => row.startUnixSeconds}
      columns={[
        {
          key: "at",
          title: "From",
          cell: (row) => moment(new Date(Number(row.startUnixSeconds) * 1000)),
        },
        {
          key: "allocated",
          title: "Allocated",
          number: true,
          cell: (row) => <Figure value={row.allocatedH100e} say={h100e} />,
        },
        {
          key: "assigned",
          title: "Assigned",
          number: true,
          cell: (row) => <Figure value={row.assignedH100e} say={h100e} />,
        },
        {
          key: "busy",
          title: "Busy",
          number: true,
          cell: (row) => (
            <span title={measured(row)}>
              <Figure value={row.busyH100e} say={h100e} />
            </span>
          ),
        },
        {
          key: "heard",
          title: "Heard",
          number: true,
          cell: (row) => <Figure value={row.coverageRatio} say={percent} />,
        },
      ]}
    />
  );
}
