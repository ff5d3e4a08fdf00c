// Now: how much of what was granted works, who holds idle chips, and what somebody has to do.
import { Content, h } from "preact";
import { Fit } from "../model/fit";
import { BRIEF, filtered, Fleet, fleetOf, once, ownFit, poorlyHeard, sum } from "../model/fleet";
import { Params } from "../route";
import { h100e, percent, plural } from "../say/number";
import { Ask } from "../ui/ask";
import { BarRow, Bars, Legend, Part } from "../ui/bars";
import { Choice, NumberField, Search } from "../ui/fields";
import { Figure, heard, Unknown } from "../ui/figure";
import { Owner, PoolLink } from "../ui/name";
import { Answer, BasisLine, Section } from "../ui/page";
import { Column, Table } from "../ui/table";
import { Watch } from "../ui/watch";
import { GetSupplyResponse, ListPoolsResponse, Pool } from "../wire/query";
import { Attention } from "./attention";

const ASK = "32";

export function Now({ params }: { params: Params }) {
  return (
    <Watch<ListPoolsResponse>
      call="watch/pools"
      query={BRIEF}
      show={(answer) => <Fleeting answer={answer} params={params} />}
    />
  );
}

function Fleeting({ answer, params }: { answer: ListPoolsResponse; params: Params }) {
  const pools = answer.pools ?? [];
  const fleet = fleetOf(pools);
  const ask = Number(params.ask || ASK);
  return (
    <div>
      <Answer more={admitting(pools, ask)}>{used(fleet, pools)}</Answer>
      <div class="cards">
        <FleetBar fleet={fleet} />
        <Attention pools={pools} orphaned={answer.orphaned ?? []} />
        <Section
          title="Pools"
          wide
          about="Idle is what workloads hold and do not use. Headroom is what
          the plan grants and nobody holds. Each is in H100e, what as many H100 would do."
        >
          <Filters params={params} />
          <PoolTable
            pools={filtered(pools, { ...params, text: params.find })}
            ask={ask}
            params={params}
          />
        </Section>
      </div>
      <BasisLine basis={answer.basis} />
    </div>
  );
}

// The first line: what is busy of what was granted, and where most is idle.
function used(fleet: Fleet, pools: Pool[]): Content {
  if (fleet.utilization === undefined) {
    return (
      <span>
        Nobody can tell how much is used: <Unknown why={heard(coverageOf(pools))} />
      </span>
    );
  }
  const idlest = idlestOf(pools);
  return (
    <span>
      <strong>{percent(fleet.utilization)}</strong> of what is granted is busy
      {fleet.known < fleet.pools
        ? ` (known of ${fleet.known} of ${plural(fleet.pools, "pool")})`
        : ""}
      ; <strong>{h100e(fleet.idle ?? 0)}</strong> H100e are held and idle
      {idlest?.idleH100e ? (
        <span>
          , most in <PoolLink pool={idlest.pool} />: {h100e(idlest.idleH100e)}
        </span>
      ) : null}
      .
    </span>
  );
}

const idlestOf = once((pools: Pool[]) =>
  pools.reduce<Pool | undefined>(
    (most, pool) => ((pool.idleH100e ?? 0) > (most?.idleH100e ?? 0) ? pool : most),
    undefined,
  ),
);

function coverageOf(pools: Pool[]): number | undefined {
  const allocated = sum(pools, (pool) => pool.allocatedH100e);
  if (allocated === 0) return undefined;
  return sum(pools, (pool) => pool.coverageRatio * pool.allocatedH100e) / allocated;
}

function admitting(pools: Pool[], ask: number): Content {
  const able = pools.filter((pool) => ownFit(pool, ask) === "own");
  const unknown = pools.filter((pool) => ownFit(pool, ask) === "unknown").length;
  const rest = unknown ? ` For ${plural(unknown, "pool")} nobody can tell.` : "";
  if (able.length === 0) return `No pool is known to admit ${h100e(ask)} H100e.${rest}`;
  const most = able.reduce((a, b) => ((b.headroomH100e ?? 0) > (a.headroomH100e ?? 0) ? b : a));
  if (able.length === 1) {
    return (
      <span>
        Only <PoolLink pool={most.pool} /> can admit {h100e(ask)} H100e: it has{" "}
        {h100e(most.headroomH100e ?? 0)} free.{rest}
      </span>
    );
  }
  return (
    <span>
      {plural(able.length, "pool")} can admit {h100e(ask)} H100e; <PoolLink pool={most.pool} /> has
      most, {h100e(most.headroomH100e ?? 0)}.{rest}
    </span>
  );
}

function part(role: Part["role"], value: number, text: string): Part {
  return { role, value, label: `${h100e(value)} H100e ${text}` };
}

// From supply to productive, on one scale. The supply comes by a question of its own.
function FleetBar({ fleet }: { fleet: Fleet }) {
  return (
    <Section
      title="From supply to work"
      about="Each bar is a part of the one above, and none stands
      for another: allocated is what the plan grants, assigned is what workloads hold, busy is what
      a signal measures to work, and productive is the part of it that advances the work."
    >
      <Ask<GetSupplyResponse>
        call="supply"
        every={10}
        show={(supply) => <Bars label="From supply to work, in H100e" rows={flow(fleet, supply)} />}
        instead={() => <Bars label="From allocation to work, in H100e" rows={flow(fleet)} />}
      />
      <Legend
        roles={[
          ["allocated", "granted"],
          ["assigned", "held"],
          ["busy", "busy"],
          ["idle", "idle"],
          ["unknown", "not known"],
        ]}
      />
    </Section>
  );
}

function flow(fleet: Fleet, supply?: GetSupplyResponse): BarRow[] {
  const rows: BarRow[] = [
    row("Allocated", fleet.allocated, [part("allocated", fleet.allocated, "granted")]),
    row("Assigned", fleet.assigned, [
      part("assigned", fleet.assigned, "held"),
      part("unknown", fleet.unheard, "not heard of"),
    ]),
    busy(fleet),
    productive(fleet),
  ];
  if (!supply) return rows;
  return [
    {
      ...row("Supply", supply.totalH100e, [part("allocated", supply.totalH100e, "heard")]),
      note: `${supply.liveSources} of ${supply.knownSources} hosts are heard`,
    },
    ...rows,
  ];
}

function row(name: string, value: number | undefined, parts: Part[]): BarRow {
  return { key: name, name, parts, value: <Figure value={value} say={h100e} /> };
}

function busy(fleet: Fleet): BarRow {
  return {
    ...row("Busy", fleet.busy, [
      part("busy", fleet.busy ?? 0, "busy"),
      part("idle", fleet.idle ?? 0, "idle"),
      part("unknown", fleet.unmeasured, "that nobody measures"),
    ]),
    note:
      fleet.unmeasured > 0.05
        ? `${h100e(fleet.unmeasured)} H100e more are held, and nobody measures them`
        : undefined,
  };
}

function productive({ productive: value, unproven }: Fleet): BarRow {
  if (value !== undefined) {
    return {
      ...row("Productive", value, [
        part("productive", value, "productive"),
        part("unknown", unproven, "busy, and nobody measures for what"),
      ]),
      note:
        unproven > 0.05
          ? `nobody knows of ${h100e(unproven)} busy H100e whether they are productive`
          : undefined,
    };
  }
  return {
    key: "Productive",
    name: "Productive",
    parts: [],
    value: <Unknown why="no source measures it" />,
  };
}

function Filters({ params }: { params: Params }) {
  const categories = ["inference", "training", "research", "safety"];
  return (
    <div class="fields">
      <Search name="find" label="Find" params={params} hint="pool, owner or team" />
      <Choice
        name="category"
        label="Category"
        params={params}
        options={[["", "all"], ...categories.map((c): [string, string] => [c, c])]}
      />
      <Choice
        name="tier"
        label="Tier"
        params={params}
        options={[
          ["", "all"],
          ["p0", "p0"],
          ["p1", "p1"],
          ["p2", "p2"],
        ]}
      />
      <NumberField name="ask" label="Can it admit" params={params} fallback={ASK} unit="H100e" />
    </div>
  );
}

const FITS: { [fit in Fit]: string } = {
  own: "✓ yes",
  borrowing: "✓ by borrowing",
  no: "✗ no",
  unknown: "? cannot tell",
};

function columns(ask: number, most: number): Column<Pool>[] {
  return [
    {
      key: "pool",
      title: "Pool",
      order: (pool) => pool.pool,
      cell: (pool) => (
        <span>
          <PoolLink pool={pool.pool} />
          <span class="muted">
            {" "}
            {pool.category} {pool.tier}
          </span>
        </span>
      ),
    },
    {
      key: "idle",
      title: "Idle",
      number: true,
      order: (pool) => pool.idleH100e,
      cell: (pool) => <IdleCell pool={pool} most={most} />,
    },
    {
      key: "used",
      title: "Utilization",
      number: true,
      order: (pool) => pool.utilizationRatio,
      cell: (pool) => <Figure value={pool.utilizationRatio} say={percent} why={whyUnknown(pool)} />,
    },
    {
      key: "headroom",
      title: "Headroom",
      number: true,
      order: (pool) => pool.headroomH100e,
      cell: (pool) => <Figure value={pool.headroomH100e} say={h100e} />,
    },
    {
      key: "admits",
      title: `Admits ${h100e(ask)}`,
      order: (pool) => FITS[ownFit(pool, ask)],
      cell: (pool) => <span class={"fit " + ownFit(pool, ask)}>{FITS[ownFit(pool, ask)]}</span>,
    },
    {
      key: "owner",
      title: "Whom to ask",
      order: (pool) => pool.owner,
      cell: (pool) => <Owner owner={pool.owner} contact={pool.contact} />,
    },
  ];
}

export function whyUnknown(pool: Pool): string {
  return poorlyHeard(pool) || pool.measuredRatio === undefined
    ? heard(pool.coverageRatio)
    : `${percent(pool.measuredRatio)} of chips measured`;
}

function IdleCell({ pool, most }: { pool: Pool; most: number }) {
  if (pool.idleH100e === undefined) return <Unknown />;
  const share = most > 0 ? (100 * pool.idleH100e) / most : 0;
  return (
    <span class="inbar">
      <span class="part idle" style={{ width: share.toFixed(2) + "%" }} aria-hidden="true" />
      <Figure value={pool.idleH100e} say={h100e} />
    </span>
  );
}

function PoolTable({ pools, ask, params }: { pools: Pool[]; ask: number; params: Params }) {
  const most = pools.reduce((top, pool) => Math.max(top, pool.idleH100e ?? 0), 0);
  return (
    <Table<Pool>
      caption="Pools by what is idle, in H100e"
      columns={columns(ask, most)}
      rows={pools}
      id={(pool) => pool.pool}
      params={params}
      sort="-idle"
      empty="No pool of the plan matches. Clear the filters to see all."
    />
  );
}
