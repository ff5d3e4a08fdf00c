// What a pool has promised over time, and how grants were held.
import { Content, h } from "preact";
import { Chart } from "../chart/svg";
import { Line, timeline } from "../chart/timeline";
import { amount, heldPart, moments, overcommitted } from "../model/commitments";
import { h100e, percent } from "../say/number";
import { moment } from "../say/time";
import { Ask } from "../ui/ask";
import { BarRow, Bars } from "../ui/bars";
import { Unknown } from "../ui/figure";
import { Name } from "../ui/name";
import { Section } from "../ui/page";
import { Nothing } from "../ui/states";
import { Table } from "../ui/table";
import { CapacitySpan, GetTimelineResponse, ListGrantsResponse, UsedGrant } from "../wire/capacity";

const STEP = 6 * 3600;
// As live.coverage_threshold is by default.
const LEAST_TOLD = 0.9;

const at = (seconds: string | number) => moment(new Date(Number(seconds) * 1000));

export function Timeline({ pool }: { pool: string }) {
  return (
    <Section
      title="What is promised, and when"
      wide
      about="What the plan allocates to the pool, with what was granted beyond that and is not in
      the plan yet, and what grants promise of it, over 90 days. Both are promises: what is free now
      is the headroom."
    >
      <Ask<GetTimelineResponse>
        call="timeline"
        query={{ pool }}
        every={60}
        show={(answer) => <Promises spans={answer.spans ?? []} peak={answer.peakMicroH100e} />}
      />
    </Section>
  );
}

function Promises({ spans, peak }: { spans: CapacitySpan[]; peak?: string }) {
  if (spans.length === 0) return <Nothing>Nothing is known of that time.</Nothing>;
  const from = Number(spans[0].fromUnixSeconds);
  const until = Number(spans[spans.length - 1].toUnixSeconds);
  const over = overcommitted(spans);
  return (
    <div>
      <p>
        {over === undefined
          ? "Grants stay within what there is for them. "
          : `Grants promise more than there is for them from ${at(over)} on. `}
        {peak === undefined
          ? "What was held in its busiest hour is not known."
          : `In its busiest hour of the last two weeks ${h100e(amount(peak))} H100e were held.`}
      </p>
      <Chart
        label="Allocated and committed H100e over 90 days"
        table={<Spans spans={spans} />}
        draw={(width) => timeline(linesOf(spans), from, until, STEP, width)}
      />
    </div>
  );
}

function linesOf(spans: CapacitySpan[]): Line[] {
  const all = moments(spans, STEP);
  return [
    {
      name: "allocated",
      tone: "allocated",
      dashed: true,
      values: all.map((one) => ({ at: one.at, value: one.allocated })),
    },
    {
      name: "committed",
      tone: "assigned",
      values: all.map((one) => ({ at: one.at, value: one.committed })),
    },
  ];
}

function Spans({ spans }: { spans: CapacitySpan[] }) {
  const number = (
    key: "allocatedMicroH100e" | "committedMicroH100e" | "beyondMicroH100e",
    title: string,
  ) => ({
    key,
    title,
    number: true,
    cell: (row: CapacitySpan) => h100e(amount(row[key])),
  });
  return (
    <Table<CapacitySpan>
      caption="What is promised, and when"
      rows={spans}
      empty=""
      id={(row) => row.fromUnixSeconds}
      columns={[
        { key: "from", title: "From", cell: (row) => at(row.fromUnixSeconds) },
        { key: "to", title: "To", cell: (row) => at(row.toUnixSeconds) },
        number("allocatedMicroH100e", "Allocated"),
        number("beyondMicroH100e", "Beyond it"),
        number("committedMicroH100e", "Committed"),
      ]}
    />
  );
}

export function Grants({ pool }: { pool: string }) {
  return (
    <Section
      title="Granted and held"
      wide
      about="What each grant promises, and the part of it that its team held, by the full hours of the
      books. Where less than 90% of its time was told of, nobody knows."
    >
      <Ask<ListGrantsResponse>
        call="grants"
        query={{ pool }}
        every={60}
        show={(answer) => <Held grants={answer.grants ?? []} />}
        instead={(error) =>
          error.code === "FAILED_PRECONDITION" ? (
            <Nothing>
              The daemon keeps its books in memory, and nothing of the use of grants. Give it
              ledger.path.
            </Nothing>
          ) : null
        }
      />
    </Section>
  );
}

function Held({ grants }: { grants: UsedGrant[] }) {
  if (grants.length === 0) return <Nothing>No grant is active or to come.</Nothing>;
  return <Bars label="Grants by what was held of them" rows={grants.map(barOf)} />;
}

function barOf(used: UsedGrant): BarRow {
  const granted = amount(used.request?.grant?.microH100e ?? "0");
  const held = heldPart(used, LEAST_TOLD);
  const form = used.request?.form;
  return {
    key: form?.requestId ?? "",
    name: (
      <span>
        <Name name={form?.requestId ?? ""} />{" "}
        <small>
          <Name name={form?.team ?? ""} />
        </small>
      </span>
    ),
    parts:
      held === undefined
        ? [{ role: "unknown", value: granted, label: `${h100e(granted)} H100e granted` }]
        : [
            { role: "assigned", value: held * granted, label: `${percent(held)} held` },
            {
              role: "idle",
              value: (1 - held) * granted,
              label: `${percent(1 - held)} not held`,
            },
          ],
    value: held === undefined ? <Unknown why="too little was told" /> : percent(held),
    note: noteOf(used, granted),
  };
}

function noteOf(used: UsedGrant, granted: number): Content {
  const grant = used.request?.grant;
  return `${h100e(granted)} H100e until ${grant ? at(grant.endUnixSeconds) : "an unknown time"}`;
}
