// What the organisation has, by provider and kind of chip, in one unit.
import { h } from "preact";
import { chips, count, h100e, plural } from "../say/number";
import { BarRow, Bars, Legend, Part } from "../ui/bars";
import { Figure } from "../ui/figure";
import { Name } from "../ui/name";
import { Answer, Section } from "../ui/page";
import { Nothing } from "../ui/states";
import { Column, Table } from "../ui/table";
import { GetSupplyResponse, SupplyRow } from "../wire/query";

export function Supply({ supply }: { supply: GetSupplyResponse }) {
  const silent = Number(supply.knownSources) - Number(supply.liveSources);
  const rows = supply.rows ?? [];
  return (
    <div>
      <Answer
        more={
          silent > 0
            ? `${plural(silent, "host")} ${silent === 1 ? "is" : "are"} not heard.`
            : "No host is silent."
        }
      >
        <strong>{count(Number(supply.liveSources))}</strong> of{" "}
        {plural(Number(supply.knownSources), "host")}{" "}
        {Number(supply.knownSources) === 1 ? "is" : "are"} heard, with{" "}
        <strong>{h100e(supply.totalH100e)}</strong> H100e.
      </Answer>
      <Section
        title="Supply by chip"
        wide
        about="What live sources report, in H100e: chips of every
        kind, by how many of them do as much as one H100. The line is what the plan declares."
      >
        {rows.length === 0 ? (
          <Nothing>Nobody has reported a chip, and the plan declares none.</Nothing>
        ) : (
          <Bars label="Supply by chip, in H100e" rows={rows.map(bar)} />
        )}
        <Legend
          roles={[
            ["assigned", "held"],
            ["allocated", "free or reserved"],
            ["act", "broken"],
            ["unknown", "not known"],
          ]}
        />
        <details>
          <summary>In chips</summary>
          <Table<SupplyRow>
            caption="Supply by provider and chip, in chips"
            rows={rows}
            id={(row) => row.provider + row.chip}
            columns={columns()}
            empty=""
          />
        </details>
      </Section>
    </div>
  );
}

function bar(row: SupplyRow): BarRow {
  const inH100e = (micro: string) => chips(micro) / row.chipsPerH100e;
  const part = (role: Part["role"], value: number, text: string): Part => ({
    role,
    value,
    label: `${h100e(value)} H100e ${text}`,
  });
  const gone = inH100e(row.unheardMicroChips) + inH100e(row.unaccountedMicroChips);
  const declared = Number(row.declaredChips) / row.chipsPerH100e;
  return {
    key: row.provider + row.chip,
    name: (
      <span>
        <Name name={row.chip} />{" "}
        <span class="muted">
          <Name name={row.provider} none="" />
        </span>
      </span>
    ),
    parts: [
      part("assigned", inH100e(row.assignedMicroChips), "held"),
      part(
        "allocated",
        inH100e(row.unassignedMicroChips) + inH100e(row.reservedMicroChips),
        "free or reserved",
      ),
      part("act", inH100e(row.unhealthyMicroChips), "broken"),
      part("unknown", gone + inH100e(row.orphanedMicroChips), "not heard of, or of no known pool"),
    ],
    mark: { value: declared, label: `declared: ${h100e(declared)} H100e` },
    value: <Figure value={row.h100e} say={h100e} />,
    note:
      `${count(row.chipsPerH100e)} chips make 1 H100e; ` +
      `the plan declares ${count(Number(row.declaredChips))} chips`,
  };
}

function columns(): Column<SupplyRow>[] {
  const chipsOf = (key: string, title: string, of: (row: SupplyRow) => number) => ({
    key,
    title,
    number: true,
    cell: (row: SupplyRow) => count(of(row)),
  });
  return [
    { key: "chip", title: "Chip", cell: (row) => <Name name={row.chip} /> },
    chipsOf("declared", "Declared", (row) => Number(row.declaredChips)),
    chipsOf("assigned", "Assigned", (row) => chips(row.assignedMicroChips)),
    chipsOf("free", "Free", (row) => chips(row.unassignedMicroChips)),
    chipsOf("unhealthy", "Unhealthy", (row) => chips(row.unhealthyMicroChips)),
    chipsOf("reserved", "Reserved", (row) => chips(row.reservedMicroChips)),
    chipsOf(
      "unheard",
      "Not heard",
      (row) => chips(row.unheardMicroChips) + chips(row.unaccountedMicroChips),
    ),
  ];
}
