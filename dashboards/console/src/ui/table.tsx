// Tables to look things up in: the name first, sorted by what is asked for, a page at a time.
import { Content, h } from "preact";
import { change, Params } from "../route";
import { Nothing } from "./states";

export interface Column<Row> {
  key: string;
  title: string;
  cell: (row: Row) => Content;
  // What rows are sorted by; undefined is last. Without it there is no sorting by this column.
  order?: (row: Row) => number | string | undefined;
  number?: boolean;
  // Left out where there is little room.
  extra?: boolean;
}

export interface TableProps<Row> {
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  id: (row: Row) => string;
  // What an empty table means.
  empty: string;
  // The address says how it is sorted and which page is shown. Without them the rows stay as they
  // are, all of them.
  params?: Params;
  // "-idle": by idle, most first.
  sort?: string;
  pageSize?: number;
}

const WORDS = new Intl.Collator("en", { numeric: true });

export function compare(a: number | string | undefined, b: number | string | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : WORDS.compare(String(a), String(b));
}

// Rows whose value is not known come last, whichever way.
export function sorted<Row>(rows: Row[], columns: Column<Row>[], sort: string): Row[] {
  const down = sort.startsWith("-");
  const order = columns.find((column) => column.key === sort.replace("-", ""))?.order;
  if (!order) return rows;
  const keyed = rows.map((row) => ({ row, by: order(row) }));
  const known = keyed.filter(({ by }) => by !== undefined);
  known.sort((a, b) => (down ? compare(b.by, a.by) : compare(a.by, b.by)));
  return [...known, ...keyed.filter(({ by }) => by === undefined)].map(({ row }) => row);
}

const PAGE = 25;

export function Table<Row>(props: TableProps<Row>) {
  if (props.rows.length === 0) return <Nothing>{props.empty}</Nothing>;
  const sort = props.params?.sort || props.sort || "";
  const rows = sorted(props.rows, props.columns, sort);
  const size = props.pageSize ?? PAGE;
  const pages = Math.ceil(rows.length / size);
  const page = props.params ? Math.min(pages, Math.max(1, Number(props.params.page) || 1)) : 1;
  const shown = props.params ? rows.slice((page - 1) * size, page * size) : rows;
  return (
    <div>
      <div class="scroll" tabindex="0" role="region" aria-label={props.caption}>
        <table>
          <caption class="sr">{props.caption}</caption>
          <thead>
            <tr>{props.columns.map((column) => head(column, sort, !!props.params))}</tr>
          </thead>
          <tbody>{shown.map((row) => line(row, props))}</tbody>
        </table>
      </div>
      {pages > 1 && props.params ? <Pager page={page} pages={pages} total={rows.length} /> : null}
    </div>
  );
}

function cellClass<Row>(column: Column<Row>): string {
  return (column.number ? "number" : "") + (column.extra ? " extra" : "");
}

function head<Row>(column: Column<Row>, sort: string, sortable: boolean) {
  const mine = sort.replace("-", "") === column.key;
  const down = mine && sort.startsWith("-");
  // Numbers are asked for from the top, names from the beginning.
  const next = mine
    ? down
      ? column.key
      : "-" + column.key
    : (column.number ? "-" : "") + column.key;
  const state = !mine ? "none" : down ? "descending" : "ascending";
  if (!column.order || !sortable) {
    return (
      <th key={column.key} scope="col" class={cellClass(column)}>
        {column.title}
      </th>
    );
  }
  return (
    <th key={column.key} scope="col" class={cellClass(column)} aria-sort={state}>
      <button type="button" class="sort" onClick={() => change({ sort: next, page: "" })}>
        {column.title}
        <span aria-hidden="true">{mine ? (down ? " ▾" : " ▴") : ""}</span>
      </button>
    </th>
  );
}

function line<Row>(row: Row, props: TableProps<Row>) {
  const [first, ...rest] = props.columns;
  return (
    <tr key={props.id(row)}>
      <th scope="row" class={cellClass(first)}>
        {first.cell(row)}
      </th>
      {rest.map((column) => (
        <td key={column.key} class={cellClass(column)}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

function Pager({ page, pages, total }: { page: number; pages: number; total: number }) {
  const to = (number: number) => change({ page: String(number) });
  return (
    <nav class="pager" aria-label="Pages of this table">
      <button type="button" disabled={page <= 1} onClick={() => to(page - 1)}>
        Previous
      </button>
      <span>
        Page {page} of {pages}, {total.toLocaleString("en-US")} rows
      </span>
      <button type="button" disabled={page >= pages} onClick={() => to(page + 1)}>
        Next
      </button>
    </nav>
  );
}
