// Margin: what a request earns, why that changed over a year, and what is not known yet.
import { Content, h } from "preact";
import { bubbles } from "../chart/bubbles";
import { Step, stepsChart } from "../chart/steps";
import { Chart } from "../chart/svg";
import { Params } from "../route";
import { count, microUsd, percent, usd } from "../say/number";
import { day, moment } from "../say/time";
import { Ask } from "../ui/ask";
import { Choice } from "../ui/fields";
import { Figure, Stat, Unknown } from "../ui/figure";
import { Name } from "../ui/name";
import { Answer, Section } from "../ui/page";
import { Nothing } from "../ui/states";
import { Column, Table } from "../ui/table";
import { MarginEffects, MarginReport, MarginRow, UnknownTime } from "../wire/outcomes";

export function Margin({ params }: { params: Params }) {
  return (
    <div>
      <div class="fields">
        <Choice
          name="window"
          label="Window"
          params={params}
          fallback="year"
          options={[
            ["year", "a year"],
            ["quarter", "a quarter"],
            ["28d", "28 days"],
          ]}
        />
        <Choice
          name="basis"
          label="Cost"
          params={params}
          fallback="allocated"
          options={[
            ["allocated", "of all chips held"],
            ["used", "of busy chips only"],
          ]}
        />
      </div>
      <Ask<MarginReport>
        call="margin"
        every={60}
        query={{ window: params.window || "year", basis: params.basis || "allocated" }}
        show={(report) => <Report report={report} params={params} />}
        instead={(error) =>
          error.code === "FAILED_PRECONDITION" ? (
            <Nothing>
              The daemon keeps its books in memory, and no history of requests. Give it ledger.path
              to see margins.
            </Nothing>
          ) : null
        }
      />
    </div>
  );
}

function Report({ report, params }: { report: MarginReport; params: Params }) {
  const rows = report.rows ?? [];
  const total = rows.find((row) => row.scope === "total");
  return (
    <div>
      <Answer more={review(report)}>{headline(report, total)}</Answer>
      <div class="cards">
        <Why report={report} />
        <Bubbles rows={rows} />
        <Totals total={total} report={report} />
        <Missing unknown={report.unknown ?? []} told={rows.length > 0} />
        <Section
          title="Models, customer tiers and segments"
          wide
          about="A segment is a model together
          with a customer tier. Change is of the margin per request, over the same days a year ago."
        >
          <Table<MarginRow>
            caption="Margin per request"
            columns={columns()}
            rows={rows}
            id={(row) => `${row.scope}/${row.model}/${row.customerTier}`}
            params={params}
            sort="-share"
            empty="Nobody has reported a request in this window."
          />
        </Section>
      </div>
      <p class="basis">
        {day(report.fromUnixSeconds)} to {day(report.toUnixSeconds)}, beside{" "}
        {day(report.beforeFromUnixSeconds)} to {day(report.beforeToUnixSeconds)}; days of{" "}
        {report.timeZone || "UTC"}.
      </p>
    </div>
  );
}

function headline(report: MarginReport, total: MarginRow | undefined): Content {
  const now = total?.after?.usdPerRequest;
  const before = report.change?.usdPerRequestBefore ?? total?.before?.usdPerRequest;
  if (now === undefined) {
    return (
      <span>
        What a request earns: <Unknown why="revenue or cost has not been told" />
      </span>
    );
  }
  if (before === undefined)
    return (
      <span>
        A request earns <strong>{usd(now)}</strong>; a year ago it is not known.
      </span>
    );
  const direction = now > before ? "up" : now < before ? "down" : "the same as";
  return (
    <span>
      A request earns <strong>{usd(now)}</strong>, {direction}
      {now === before ? " " : " from "}
      {usd(before)} a year ago{cause(report.change)}.
    </span>
  );
}

// The largest effect for each request, in words.
function cause(change: MarginEffects | undefined): string {
  if (!change) return "";
  const effects: [string, number][] = [
    ["requests moved to other segments", change.mixUsdPerRequest],
    ["prices changed", change.priceUsdPerRequest],
    ["the cost to serve changed", change.costUsdPerRequest],
  ];
  const total = change.usdPerRequestAfter - change.usdPerRequestBefore;
  const helping = effects.filter(([, by]) => by * total > 0);
  if (helping.length === 0) return "";
  const [most] = helping.sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const against = effects.filter(([, by]) => by * total < 0).length;
  return helping.length === 1 && against > 0
    ? `, only because ${most[0]}`
    : `, mostly because ${most[0]}`;
}

function review(report: MarginReport): Content {
  const declined = report.declinedRequestShareRatio;
  if (report.reviewDue === undefined)
    return (
      <span>
        Whether research is to be reviewed: <Unknown why="too little of a year ago" />
      </span>
    );
  const share =
    declined === undefined
      ? ""
      : `${percent(declined)} of the requests are in segments ` +
        "that earn less than a year ago. ";
  return (
    <span class={report.reviewDue ? "act-text" : ""}>
      {report.reviewDue ? "! " : "✓ "}
      {share}
      {report.reviewDue ? "A review of research is due." : "No review of research is due."}
    </span>
  );
}

function Why({ report }: { report: MarginReport }) {
  const change = report.change;
  return (
    <Section
      title="Why it changed"
      about="Mix: requests moved between segments. Price: revenue of a
      request. Cost: what it costs to serve one. The three add up to the change exactly."
    >
      {change ? (
        <Chart
          label={waterfall(change)
            .map((s) => `${s.name} ${s.text}`)
            .join(", ")}
          draw={(width) => stepsChart(waterfall(change), width)}
        />
      ) : (
        <Nothing>One of the two periods has no request whose revenue and cost are known.</Nothing>
      )}
    </Section>
  );
}

export function waterfall(change: MarginEffects): Step[] {
  const steps: Step[] = [
    {
      name: "A year ago",
      from: 0,
      to: change.usdPerRequestBefore,
      tone: "allocated",
      text: usd(change.usdPerRequestBefore),
    },
  ];
  let at = change.usdPerRequestBefore;
  const effects: [string, number][] = [
    ["Mix", change.mixUsdPerRequest],
    ["Price", change.priceUsdPerRequest],
    ["Cost to serve", change.costUsdPerRequest],
  ];
  for (const [name, by] of effects) {
    steps.push({
      name,
      from: at,
      to: at + by,
      tone: by < 0 ? "idle" : "busy",
      text: (by > 0 ? "+" : "") + usd(by),
    });
    at += by;
  }
  return [
    ...steps,
    {
      name: "Now",
      from: 0,
      to: change.usdPerRequestAfter,
      tone: "assigned",
      text: usd(change.usdPerRequestAfter),
    },
  ];
}

function letterOf(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : String(index + 1);
}

function segmentName(row: MarginRow): string {
  return `${row.model}, ${row.customerTier}`;
}

function Bubbles({ rows }: { rows: MarginRow[] }) {
  // By margin, so that letters are found from the top down.
  const segments = rows
    .filter((row) => row.scope === "segment" && row.after?.usdPerRequest !== undefined)
    .sort((a, b) => (b.after?.usdPerRequest ?? 0) - (a.after?.usdPerRequest ?? 0));
  const spots = segments.map((row, i) => ({
    x: Number(row.after?.requests),
    y: row.after?.usdPerRequest ?? 0,
    name: segmentName(row),
    share: Math.max(0, row.marginShareRatio ?? 0),
    down: row.declined === true,
    letter: letterOf(i),
  }));
  return (
    <Section
      title="Volume and margin of segments"
      about="A margin for each request says nothing of how
      many there are. The size of a bubble is its part of the total margin; an amber one earns less
      for each request than a year ago."
    >
      {spots.length === 0 ? (
        <Nothing>No segment has a known margin.</Nothing>
      ) : (
        <Chart
          label={spots.map((s) => `${s.name}: ${count(s.x)} requests at ${usd(s.y)}`).join("; ")}
          draw={(width) => bubbles(spots, width)}
        />
      )}
      <ul class="legend" aria-label="Segments">
        {spots.map((s) => (
          <li key={s.name}>
            <strong>{s.letter}</strong> <Name name={s.name} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Totals({ total, report }: { total?: MarginRow; report: MarginReport }) {
  const figures = total?.after;
  const of = (text: string | undefined) => (text === undefined ? undefined : microUsd(text));
  return (
    <Section title="All requests">
      <dl class="stats">
        <Stat
          name="Requests"
          beside={figures ? `${count(Number(figures.knownRequests))} with known margin` : undefined}
        >
          <Figure value={figures && Number(figures.requests)} say={count} />
        </Stat>
        <Stat name="Revenue">
          <Figure value={of(figures?.revenueMicroUsd)} say={usd} />
        </Stat>
        <Stat name="Cost">
          <Figure value={of(figures?.costMicroUsd)} say={usd} />
        </Stat>
        <Stat name="Margin">
          <Figure value={of(figures?.marginMicroUsd)} say={usd} />
        </Stat>
        <Stat name="In no margin" beside="chips that no model answers for">
          <Figure value={of(report.unattributedCostMicroUsd)} say={usd} why="some have no price" />
        </Stat>
      </dl>
    </Section>
  );
}

function Missing({ unknown, told }: { unknown: UnknownTime[]; told: boolean }) {
  return (
    <Section
      title="What is not known yet"
      about="Time that nobody has told of is in no margin: billing
      comes later than usage."
    >
      {unknown.length === 0 ? (
        <Nothing>
          {told
            ? "Every day of the window has been told of."
            : "Nobody has told of any request, so nothing of the window is known."}
        </Nothing>
      ) : (
        <ul class="findings">
          {unknown.map((part) => (
            <li key={part.source + part.fromUnixSeconds} class="doubt">
              {span(part)}: waits for <Name name={part.source} none="usage" />
              {part.atBeginning ? ", which has told since " : ", which has told until "}
              {moment(new Date(Number(part.toldUnixSeconds) * 1000))}.
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

// The end of a part is not in it.
function span(part: UnknownTime): string {
  const first = day(part.fromUnixSeconds);
  const last = day(String(Number(part.toUnixSeconds) - 1));
  return first === last ? first : `${first} to ${last}`;
}

function columns(): Column<MarginRow>[] {
  return [
    { key: "name", title: "Of", order: (row) => row.model + row.customerTier, cell: rowName },
    {
      key: "share",
      title: "Of requests",
      number: true,
      order: (row) => row.requestShareRatio,
      cell: (row) => <Figure value={row.requestShareRatio} say={percent} />,
    },
    {
      key: "now",
      title: "Per request",
      number: true,
      order: (row) => row.after?.usdPerRequest,
      cell: (row) => <Figure value={row.after?.usdPerRequest} say={usd} />,
    },
    {
      key: "before",
      title: "A year ago",
      number: true,
      order: (row) => row.before?.usdPerRequest,
      cell: (row) => <Figure value={row.before?.usdPerRequest} say={usd} />,
    },
    {
      key: "change",
      title: "Change",
      number: true,
      order: (row) => row.changeRatio,
      cell: changeCell,
    },
  ];
}

function rowName(row: MarginRow): Content {
  if (row.scope === "total") return <strong>all requests</strong>;
  const parts = [row.model, row.customerTier].filter((name) => name !== "");
  return (
    <span>
      {parts.map((name, i) => (
        <span key={name}>
          {i ? ", " : ""}
          <Name name={name} />
        </span>
      ))}
      <span class="muted"> {row.scope.replace("_", " ")}</span>
    </span>
  );
}

function changeCell(row: MarginRow): Content {
  if (row.changeRatio === undefined) {
    // Of a loss there is no ratio; whether it grew is known all the same.
    if (row.declined === undefined) return <Unknown />;
    return <span class={row.declined ? "idle-text" : ""}>{row.declined ? "▾ less" : "more"}</span>;
  }
  const text = (row.changeRatio > 0 ? "+" : "") + percent(row.changeRatio, 1);
  return (
    <span class={row.declined ? "idle-text" : ""}>
      {row.declined ? "▾ " : ""}
      {text}
    </span>
  );
}
