// Figures: a number that is said, with every digit in its title; or a hatched dash.
import { Content, h } from "preact";
import { exact, percent } from "../say/number";

interface FigureProps {
  value: number | undefined;
  say: (value: number) => string;
  unit?: string;
  // Why it is not known.
  why?: string;
}

export function Figure({ value, say, unit, why }: FigureProps) {
  if (value === undefined) return <Unknown why={why} />;
  const title = exact(value) + (unit ? " " + unit : "");
  return (
    <span class="figure" title={title}>
      {say(value)}
      {unit ? <small> {unit}</small> : null}
    </span>
  );
}

export function Unknown({ why }: { why?: string }) {
  return (
    <span class="unknown">
      <span class="hatch" aria-hidden="true">
        —
      </span>
      <span class={why ? "why" : "sr"}>{why ? `not known: ${why}` : "not known"}</span>
    </span>
  );
}

export function heard(coverage: number | undefined): string {
  return coverage === undefined ? "nobody reports" : `${percent(coverage)} of chips heard`;
}

export interface StatProps {
  name: string;
  children?: Content;
  // The target or the period before, in words.
  beside?: Content;
}

export function Stat({ name, children, beside }: StatProps) {
  return (
    <div class="stat">
      <dt>{name}</dt>
      <dd class="value">{children}</dd>
      {beside ? <dd class="beside">{beside}</dd> : null}
    </div>
  );
}
