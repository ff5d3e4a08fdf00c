// One pool: can it admit more, when does it run out, who holds idle chips, and whom to ask.
import { Content, h } from "preact";
import { Fit, fitOf, shortOf } from "../model/fit";
import { poorlyHeard } from "../model/fleet";
import { link, Params } from "../route";
import { chips, h100e, percent, plural, usd } from "../say/number";
import { duration } from "../say/time";
import { BarRow, Bars, Legend } from "../ui/bars";
import { NumberField } from "../ui/fields";
import { Figure, heard, Stat, Unknown } from "../ui/figure";
import { Name, Owner } from "../ui/name";
import { Answer, BasisLine, Section } from "../ui/page";
import { Nothing } from "../ui/states";
import { Watch } from "../ui/watch";
import { Basis, HeadroomResponse, Pool, PoolDemand, TeamUse } from "../wire/query";
import { Choose } from "./choose_pool";
import { HeldSinceSection } from "./held_since";
import { History } from "./history";
import { whyUnknown } from "./now";

const ASK = "32";

export function PoolView({ params }: { params: Params }) {
  if (!params.pool) return <Choose params={params} />;
  return (
    <div>
      <p class="crumb">
        <a href={link("now")}>All pools</a>
      </p>
      <Watch<HeadroomResponse>
        call="watch/headroom"
        query={{ pool: params.pool }}
        show={(answer) =>
          answer.pool ? (
            <OnePool answer={answer} pool={answer.pool} params={params} />
          ) : (
            <Nothing>The daemon says nothing of this pool.</Nothing>
          )
        }
      />
    </div>
  );
}

interface Props {
  answer: HeadroomResponse;
  pool: Pool;
  params: Params;
}

function OnePool({ answer, pool, params }: Props) {
  const ask = Number(params.ask || ASK);
  return (
    <div>
      <Answer more={verdict(pool, answer.borrowableH100e, ask)}>
        <Name name={pool.pool} />: {free(pool, answer.borrowableH100e)}
      </Answer>
      <div class="fields">
        <NumberField name="ask" label="Can it admit" params={params} fallback={ASK} unit="H100e" />
        <p>
          Ask <Owner owner={pool.owner} contact={pool.contact} />.
        </p>
      </div>
      <div class="cards">
        <Where pool={pool} borrowable={answer.borrowableH100e} />
        <Holders pool={pool} basis={answer.basis} />
        <HeldSinceSection pool={pool.pool} />
        <Waits demand={pool.demand} />
        <Chips pool={pool} />
        <History pool={pool} params={params} />
      </div>
      <BasisLine basis={answer.basis} />
    </div>
  );
}

function free(pool: Pool, borrowable: number | undefined): Content {
  if (pool.headroomH100e === undefined || poorlyHeard(pool)) {
    return (
      <span>
        nobody can tell what is free: <Unknown why={heard(pool.coverageRatio)} />
      </span>
    );
  }
  const more =
    borrowable === undefined
      ? "what others would lend is not known"
      : borrowable > 0.05
        ? `${h100e(borrowable)} more by borrowing`
        : "nothing to borrow";
  const room = pool.headroomH100e;
  return room >= 0 ? (
    <span>
      <strong>{h100e(room)}</strong> H100e free now, {more}.
    </span>
  ) : (
    <span>
      <strong>{h100e(-room)}</strong> H100e more are taken than it is granted; {more}.
    </span>
  );
}

const SIGNS: { [fit in Fit]: string } = { own: "✓", borrowing: "✓", no: "✗", unknown: "?" };

function verdict(pool: Pool, borrowable: number | undefined, ask: number): Content {
  const fit = fitOf(pool, borrowable, ask);
  const words: { [fit in Fit]: string } = {
    own: `Yes: ${h100e(ask)} H100e fit into its headroom.`,
    borrowing: `Yes, if it borrows ${h100e(shortOf(pool, ask))} H100e of ${h100e(ask)}.`,
    no: `No: for ${h100e(ask)} H100e it lacks ${h100e(shortOf(pool, ask))}.`,
    unknown:
      `Nobody can tell whether ${h100e(ask)} H100e fit: too little is heard, or chips may be ` +
      "its own that are held under a name that the plan does not know.",
  };
  return (
    <span class={"fit " + fit} data-fit={fit}>
      {SIGNS[fit]} {words[fit]}
    </span>
  );
}

// Where the allocation is: a stacked bar of parts of one whole, and the figures.
function Where({ pool, borrowable }: { pool: Pool; borrowable?: number }) {
  return (
    <Section
      title="Where its allocation is"
      about="Unhealthy chips are broken or drained. Unheard
      chips are held by hosts that have fallen silent. Neither is offered as headroom."
    >
      <Bars label="Allocation and what is held of it, in H100e" rows={whereRows(pool)} />
      <Legend
        roles={[
          ["allocated", "granted"],
          ["assigned", "held"],
          ["busy", "busy"],
          ["idle", "idle"],
          ["act", "broken"],
          ["unknown", "not known"],
        ]}
      />
      <dl class="stats">
        <Stat name="Utilization">
          <Figure value={pool.utilizationRatio} say={percent} why={whyUnknown(pool)} />
        </Stat>
        <Stat name="Coverage">{percent(pool.coverageRatio)}</Stat>
        <Stat name="Headroom">
          <Figure
            value={pool.headroomH100e}
            say={h100e}
            unit="H100e"
            why={heard(pool.coverageRatio)}
          />
        </Stat>
        <Stat name="Borrowable">
          <Figure value={borrowable} say={h100e} unit="H100e" />
        </Stat>
      </dl>
    </Section>
  );
}

function whereRows(pool: Pool): BarRow[] {
  const busy = pool.busyH100e;
  const label = (value: number, text: string) => `${h100e(value)} H100e ${text}`;
  const gone = pool.unheardH100e + pool.unaccountedH100e;
  return [
    {
      key: "allocated",
      name: "Allocated",
      value: <Figure value={pool.allocatedH100e} say={h100e} />,
      parts: [
        {
          role: "allocated",
          value: pool.allocatedH100e,
          label: label(pool.allocatedH100e, "granted"),
        },
      ],
    },
    {
      key: "assigned",
      name: "Assigned",
      value: <Figure value={pool.assignedH100e} say={h100e} />,
      mark: { value: pool.allocatedH100e, label: "what the plan grants" },
      parts: [
        { role: "assigned", value: pool.assignedH100e, label: label(pool.assignedH100e, "held") },
        { role: "act", value: pool.unhealthyH100e, label: label(pool.unhealthyH100e, "unhealthy") },
        { role: "unknown", value: gone, label: label(gone, "not heard of") },
      ],
    },
    {
      key: "busy",
      name: "Busy",
      value: <Figure value={busy} say={h100e} why="no signal measures it" />,
      parts:
        busy === undefined
          ? []
          : [
              { role: "busy", value: busy, label: label(busy, "busy") },
              {
                role: "idle",
                value: pool.idleH100e ?? 0,
                label: label(pool.idleH100e ?? 0, "idle"),
              },
            ],
    },
  ];
}

function Holders({ pool, basis }: { pool: Pool; basis?: Basis }) {
  const teams = [...(pool.teams ?? [])].sort((a, b) => (b.idleH100e ?? -1) - (a.idleH100e ?? -1));
  return (
    <Section
      title="Who holds it"
      about="The teams whose workloads hold chips of this pool, those with
      the most idle chips first. An idle chip worked less than the daemon's live.idle_below."
    >
      {teams.length === 0 ? (
        <Nothing>No team holds chips of this pool, as far as it is heard.</Nothing>
      ) : (
        <div>
          <IdleCost pool={pool} />
          <Bars label="Teams by idle H100e" rows={teams.map((team) => teamRow(team, basis))} />
        </div>
      )}
    </Section>
  );
}

function IdleCost({ pool }: { pool: Pool }) {
  if (!(pool.idleChips > 0)) return null;
  return (
    <p>
      {pool.idleUsdPerDay === undefined ? (
        <span>
          What {plural(pool.idleChips, "idle chip")} {pool.idleChips === 1 ? "costs" : "cost"} a
          day: <Unknown why="the catalog has no price for a kind of them" />
        </span>
      ) : (
        <span>
          {plural(pool.idleChips, "idle chip")} {pool.idleChips === 1 ? "costs" : "cost"}{" "}
          <strong>{usd(pool.idleUsdPerDay)}</strong> a day while idle.
        </span>
      )}
    </p>
  );
}

function teamRow(team: TeamUse, basis?: Basis): BarRow {
  const idle = team.idleH100e;
  const measured = (team.busyH100e ?? 0) + (idle ?? 0);
  return {
    key: team.team,
    name: <Name name={team.team} none="(no team)" />,
    parts: [
      {
        role: "busy",
        value: team.busyH100e ?? 0,
        label: `${h100e(team.busyH100e ?? 0)} H100e busy`,
      },
      { role: "idle", value: idle ?? 0, label: `${h100e(idle ?? 0)} H100e idle` },
      {
        role: "unknown",
        value: Math.max(0, team.assignedH100e - measured),
        label: `${h100e(team.assignedH100e - measured)} H100e that nobody measures`,
      },
    ],
    value:
      idle === undefined ? (
        <Unknown />
      ) : (
        <span>
          {h100e(idle)} <small>idle</small>
        </span>
      ),
    note: [`holds ${h100e(team.assignedH100e)} H100e`, ...idleness(team, basis)].join(", "),
  };
}

// What is idle, for how long at least, and at what cost. What the daemon does not tell is not said.
function idleness(team: TeamUse, basis?: Basis): string[] {
  if (!(team.idleChips > 0)) return [];
  const since = team.idleSinceUnixNanos;
  const asOf = basis?.asOfUnixNanos;
  const seconds = since && asOf ? (Number(asOf) - Number(since)) / 1e9 : -1;
  return [
    `${plural(team.idleChips, "chip")} idle`,
    ...(seconds >= 0 ? [`never without one for ${duration(seconds)} at least`] : []),
    ...(team.idleUsdPerDay === undefined ? [] : [`${usd(team.idleUsdPerDay)} a day`]),
  ];
}

function Waits({ demand }: { demand?: PoolDemand }) {
  return (
    <Section
      title="What waits for it"
      about="Requests that could run but for the want of chips, as
      live schedulers tell."
    >
      {demand === undefined ? (
        <p>
          <Unknown why="no scheduler tells what waits" />
        </p>
      ) : Number(demand.requests) === 0 ? (
        <Nothing>Nothing waits for chips of this pool.</Nothing>
      ) : (
        <Waiting demand={demand} />
      )}
    </Section>
  );
}

function Waiting({ demand }: { demand: PoolDemand }) {
  const oldest = demand.oldestWaitSeconds;
  return (
    <dl class="stats">
      <Stat name="Waiting" beside={plural(Number(demand.requests), "request")}>
        <Figure value={demand.h100e} say={h100e} unit="H100e" />
      </Stat>
      <Stat name="Could start now" beside="in its headroom">
        <Figure value={demand.servableH100e} say={h100e} unit="H100e" />
      </Stat>
      <Stat name="Could start by borrowing">
        <Figure value={demand.servableByBorrowingH100e} say={h100e} unit="H100e" />
      </Stat>
      <Stat name="Longest wait">
        {oldest === undefined ? <Unknown /> : duration(Number(oldest))}
      </Stat>
    </dl>
  );
}

function Chips({ pool }: { pool: Pool }) {
  const rows = pool.chips ?? [];
  return (
    <Section title="Which chips, and what measures them">
      {rows.length === 0 ? (
        <Nothing>No chip is assigned.</Nothing>
      ) : (
        <ul class="choices">
          {rows.map((use) => (
            <li key={use.chip + use.signal}>
              {plural(chips(use.assignedMicroChips), "chip")} of <Name name={use.chip} />{" "}
              <span class="muted">
                {use.signal === "allocated_only" ? (
                  "nobody measures how busy they are"
                ) : (
                  <span>
                    by <Name name={use.signal} />
                  </span>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
