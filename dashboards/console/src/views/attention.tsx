// What somebody has to do: what is wrong, how much of it, and whom to ask.
import { Content, h } from "preact";
import { nearlyFull, once, poorlyHeard } from "../model/fleet";
import { NEARLY_FULL, UNDERUSED } from "../model/thresholds";
import { link } from "../route";
import { h100e, percent } from "../say/number";
import { Name, Owner, PoolLink } from "../ui/name";
import { Section } from "../ui/page";
import { Nothing } from "../ui/states";
import { OrphanedPool, Pool } from "../wire/query";

interface Finding {
  key: string;
  // H100e that it is about: the largest comes first.
  size: number;
  // Made when it is shown: of thousands of pools only a few are.
  text: () => Content;
  // act: somebody has to act. drifting: it is not as it should be. doubt: too little is known.
  tone: "act" | "drifting" | "doubt";
}

const SHOWN = 6;

export function Attention({ pools, orphaned }: { pools: Pool[]; orphaned: OrphanedPool[] }) {
  const found = largestFirst([...findings(pools), ...orphaned.map(orphan)]);
  return (
    <Section
      title="What needs attention"
      about="Pools of which too little is heard, that hold more than
      they are granted, are nearly full, or use less than half. The largest come first. An alert
      fires only when such a thing lasts."
    >
      {found.length === 0 ? (
        <Nothing>Nothing stands out: every pool is heard, used, and within its allocation.</Nothing>
      ) : (
        <ul class="findings">{found.slice(0, SHOWN).map(item)}</ul>
      )}
      {found.length > SHOWN ? (
        <p class="muted">and {found.length - SHOWN} more, which are smaller.</p>
      ) : null}
    </Section>
  );
}

function largestFirst(found: Finding[]): Finding[] {
  return found.sort((a, b) => b.size - a.size);
}

const findings = once((pools: Pool[]) => largestFirst(pools.flatMap(findingsOf)));

function item(finding: Finding) {
  return (
    <li key={finding.key} class={finding.tone}>
      {finding.text()}
    </li>
  );
}

function orphan({ pool, h100e: size }: OrphanedPool): Finding {
  return {
    key: "orphan " + pool,
    size,
    tone: "act",
    text: () => (
      <span>
        <Name name={pool} /> holds {h100e(size)} H100e, and the plan does not know it. Add it to the
        plan, or mend the name at its <a href={link("sources")}>sources</a>.
      </span>
    ),
  };
}

// At most one for a pool, so that no two contradict each other: what is not heard comes before what
// is not used, and that before what is full.
function findingsOf(pool: Pool): Finding[] {
  const finding = unheard(pool) ?? underused(pool) ?? over(pool) ?? full(pool);
  return finding ? [finding] : [];
}

function about(pool: Pool, size: number, tone: Finding["tone"], text: Content): Finding {
  const asked = () => <Owner owner={pool.owner} contact={pool.contact} />;
  return {
    key: pool.pool,
    size,
    tone,
    text: () => (
      <span>
        <PoolLink pool={pool.pool} /> {text} <span class="whom">Ask {asked()}.</span>
      </span>
    ),
  };
}

function unheard(pool: Pool): Finding | undefined {
  if (!poorlyHeard(pool) || pool.allocatedH100e === 0) return undefined;
  const size = pool.unheardH100e + pool.unaccountedH100e || pool.allocatedH100e;
  return about(
    pool,
    size,
    "doubt",
    `cannot be judged: ${percent(pool.coverageRatio)} of its chips are heard.`,
  );
}

function underused(pool: Pool): Finding | undefined {
  if (pool.utilizationRatio === undefined || pool.utilizationRatio >= UNDERUSED) return undefined;
  const idle = pool.idleH100e ?? 0;
  const free = Math.max(0, pool.headroomH100e ?? 0);
  return about(
    pool,
    idle + free,
    "drifting",
    `uses ${percent(pool.utilizationRatio)} of its allocation: ` +
      `${h100e(idle)} H100e are held and idle, and ${h100e(free)} are free.`,
  );
}

function over(pool: Pool): Finding | undefined {
  if (pool.borrowedH100e < 0.05) return undefined;
  return about(
    pool,
    pool.borrowedH100e,
    "drifting",
    `holds ${h100e(pool.borrowedH100e)} H100e more than the plan grants it.`,
  );
}

function full(pool: Pool): Finding | undefined {
  if (!nearlyFull(pool)) return undefined;
  return about(
    pool,
    NEARLY_FULL * pool.allocatedH100e,
    "act",
    `is nearly full: ${h100e(pool.headroomH100e ?? 0)} H100e are left of ` +
      `${h100e(pool.allocatedH100e)}.`,
  );
}
