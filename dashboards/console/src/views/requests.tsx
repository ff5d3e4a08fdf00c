// Requests: what waits to be decided, in which order and why, and what became of what was granted.
import { Content, h } from "preact";
import { amount, waiting } from "../model/commitments";
import { BRIEF } from "../model/fleet";
import { Params } from "../route";
import { h100e, plural } from "../say/number";
import { duration } from "../say/time";
import { Ask } from "../ui/ask";
import { Choice, NameField } from "../ui/fields";
import { Figure } from "../ui/figure";
import { Name, PoolLink } from "../ui/name";
import { Answer, Section } from "../ui/page";
import { Column, Table } from "../ui/table";
import {
  CapacityRequest,
  GetRankingResponse,
  ListCapacityResponse,
  RankedCapacity,
} from "../wire/capacity";
import { ListPoolsResponse } from "../wire/query";
import { Grants, Timeline } from "./commitments";

// More than this nobody wants to scroll through.
const MOST_CHOICES = 100;

const NATURES: { [nature: string]: string } = {
  critical: "critical",
  company_goal: "company goal",
  growth_bet: "growth bet",
};

export function Requests({ params }: { params: Params }) {
  const pool = params.pool ?? "";
  return (
    <div class="stack">
      <Ask<ListCapacityResponse>
        call="requests"
        every={10}
        query={{ state: "open", page_size: 10_000 }}
        show={(answer) => <First requests={answer.requests ?? []} />}
      />
      <div class="cards">
        <Section
          title={pool ? "In which order" : "Between pools"}
          wide
          about="Critical work comes first, then goals of the company, then growth bets by what can be
          counted on for each H100e-hour. Within a nature the owner of the pool may order the
          workloads. Requests beyond an allocation are ranked between pools."
        >
          <div class="fields">
            <Ask<ListPoolsResponse>
              call="pools"
              query={BRIEF}
              show={(answer) => <Pools answer={answer} params={params} />}
            />
          </div>
          <Ask<GetRankingResponse>
            call="ranking"
            every={10}
            query={{ pool, page_size: 10_000 }}
            show={(answer) => <Ranking answer={answer} pool={pool} />}
          />
        </Section>
        {pool ? <Timeline pool={pool} /> : null}
        <Grants pool={pool} />
      </div>
    </div>
  );
}

function Pools({ answer, params }: { answer: ListPoolsResponse; params: Params }) {
  const names = (answer.pools ?? []).map(({ pool }) => pool);
  if (names.length > MOST_CHOICES) {
    return <NameField name="pool" label="Pool" params={params} names={names} />;
  }
  return (
    <Choice
      name="pool"
      label="Pool"
      params={params}
      options={[["", "between pools"], ...names.map((name): [string, string] => [name, name])]}
    />
  );
}

function First({ requests }: { requests: CapacityRequest[] }) {
  const { requests: open, critical, h100e: asked, oldest } = waiting(requests);
  if (oldest === undefined) return <Answer>No request waits to be decided.</Answer>;
  return (
    <Answer
      more={`The oldest has waited ${duration(Math.max(0, Date.now() / 1000 - oldest))}.`}
    >
      <strong>{plural(open, "request")}</strong> for <strong>{h100e(asked)}</strong> H100e{" "}
      {open === 1 ? "waits" : "wait"} to be decided;{" "}
      {critical ? (
        <strong class="act-text">
          {critical} of them {critical === 1 ? "is" : "are"} critical
        </strong>
      ) : (
        "none is critical"
      )}
      .
    </Answer>
  );
}

function Ranking({ answer, pool }: { answer: GetRankingResponse; pool: string }) {
  const left = Number(answer.total ?? 0) - (answer.requests ?? []).length;
  return (
    <div>
      {left > 0 ? <p>{plural(left, "request")} further down not shown.</p> : null}
      <Ranked answer={answer} pool={pool} />
    </div>
  );
}

function Ranked({ answer, pool }: { answer: GetRankingResponse; pool: string }) {
  return (
    <Table<RankedCapacity>
      caption="Requests, best first"
      rows={answer.requests ?? []}
      id={(row) => row.request?.form?.requestId ?? String(row.place)}
      columns={columns(pool)}
      empty={
        pool
          ? "No request within the allocation of this pool waits to be decided."
          : "No request beyond an allocation waits to be decided. Choose a pool for the others."
      }
    />
  );
}

function columns(pool: string): Column<RankedCapacity>[] {
  const of = (name: string, title: string, cell: (row: CapacityRequest) => Content, more = {}) => ({
    key: name,
    title,
    cell: (row: RankedCapacity) => (row.request ? cell(row.request) : ""),
    ...more,
  });
  return [
    {
      key: "request",
      title: "Request",
      cell: (row) => (
        <span>
          {row.place}. <Name name={row.request?.form?.requestId ?? ""} />
        </span>
      ),
    },
    ...(pool ? [] : [of("pool", "Pool", ({ form }) => <PoolLink pool={form?.pool ?? ""} />)]),
    of("team", "Team", ({ form }) => <Name name={form?.team ?? ""} />),
    of("nature", "Nature", ({ form }) => NATURES[form?.nature ?? ""] ?? form?.nature, {
      extra: true,
    }),
    of(
      "h100e",
      "H100e",
      (request) => <Figure value={amount(request.microH100e)} say={h100e} />,
      { number: true },
    ),
    of("long", "For", ({ form }) => duration(3600 * Number(form?.hours ?? 0)), { extra: true }),
    { key: "why", title: "Why there", cell: (row) => <Name name={row.why} none=" " /> },
  ];
}
