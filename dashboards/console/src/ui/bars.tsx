// Bars: one scale for all rows, the value at the bar's end, and what is not known hatched.
import { Content, h } from "preact";

export type Role =
  "allocated" | "assigned" | "busy" | "productive" | "idle" | "act" | "unknown" | "free";

export interface Part {
  role: Role;
  value: number;
  // What this part is, for the title and for those who do not see it.
  label: string;
}

export interface BarRow {
  key: string;
  name: Content;
  parts: Part[];
  value: Content;
  // A line across the bar, such as what the plan gives.
  mark?: { value: number; label: string };
  note?: Content;
}

export function Bars({ rows, label, top }: { rows: BarRow[]; label: string; top?: number }) {
  const longest = top ?? Math.max(0, ...rows.map(lengthOf));
  return (
    <ul class="bars" aria-label={label}>
      {rows.map((row) => (
        <li key={row.key} class="bar-row">
          <span class="bar-name">{row.name}</span>
          <Bar row={row} longest={longest} />
          <span class="bar-value">{row.value}</span>
          {row.note ? <span class="bar-note">{row.note}</span> : null}
        </li>
      ))}
    </ul>
  );
}

function lengthOf(row: BarRow): number {
  return Math.max(
    row.mark?.value ?? 0,
    row.parts.reduce((sum, part) => sum + part.value, 0),
  );
}

function width(value: number, longest: number): string {
  return longest > 0 ? `${Math.max(0, Math.min(100, (100 * value) / longest)).toFixed(3)}%` : "0";
}

function Bar({ row, longest }: { row: BarRow; longest: number }) {
  const parts = row.parts.filter((part) => part.value > 0);
  // What is 0 is said, and not taken for what is not known.
  const label = (parts.length ? parts : row.parts).map((part) => part.label).join(", ");
  return (
    <span class="bar" role="img" aria-label={label || "not known"}>
      {parts.map((part) => (
        <span
          key={part.role}
          class={"part " + part.role}
          title={part.label}
          style={{ width: width(part.value, longest) }}
        />
      ))}
      {row.mark ? (
        <span
          class="mark"
          title={row.mark.label}
          style={{ left: width(row.mark.value, longest) }}
        />
      ) : null}
    </span>
  );
}

// What each colour means, beside the pattern that tells it apart without colour.
export function Legend({ roles }: { roles: [Role, string][] }) {
  return (
    <ul class="legend" aria-label="Colours">
      {roles.map(([role, text]) => (
        <li key={role}>
          <span class={"part swatch " + role} aria-hidden="true" />
          {text}
        </li>
      ))}
    </ul>
  );
}
