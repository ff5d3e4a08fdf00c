// Streams of events, CSV and documents.
import assert from "node:assert/strict";
import { test } from "node:test";
import { niceTop, runs, ticks } from "../../../dashboards/console/src/chart/scene";
import { csv } from "../../../dashboards/console/src/download";
import { blocksOf, cellsOf, spansOf } from "../../../dashboards/console/src/help/markdown";
import { takeEvents } from "../../../dashboards/console/src/stream";

test("events are taken whole, and the rest waits", () => {
  const [events, rest] = takeEvents(
    'data: {"a":1}\n\n: still here\n\nevent: error\ndata: x\n\ndata: {',
  );
  assert.deepEqual(events, [
    { kind: "", data: '{"a":1}' },
    { kind: "error", data: "x" },
  ]);
  assert.equal(rest, "data: {");
});

test("an event that comes in two parts is one event", () => {
  const [none, rest] = takeEvents("data: 1");
  assert.equal(none.length, 0);
  assert.deepEqual(takeEvents(rest + "2\r\n\r\n")[0], [{ kind: "", data: "12" }]);
});

test("no field of a CSV file is a formula, and quotes are doubled", () => {
  assert.equal(
    csv([["=1+1", '+cmd|"/c calc"', "a,b", "@x", -1, undefined]]),
    '\'=1+1,"\'+cmd|""/c calc""","a,b",\'@x,-1,\r\n',
  );
});

test("documents are read into blocks", () => {
  const blocks = blocksOf(
    "# A\n\nOne\ntwo\n\n- x\n  y\n- z\n\n1. n\n\n```sh\n- c\n```\n|a|b|\n|---|--:|\n|1|2|\n",
  );
  assert.deepEqual(
    blocks.map(({ kind, lines }) => [kind, lines]),
    [
      ["heading", ["A"]],
      ["text", ["One two"]],
      ["list", ["x y", "z"]],
      ["list", ["n"]],
      ["code", ["- c"]],
      ["table", ["|a|b|", "|1|2|"]],
    ],
  );
  assert.deepEqual(cellsOf("| 1 | two |"), ["1", "two"]);
});

test("markup in a document is text", () => {
  assert.deepEqual(spansOf("a `<b>` **c** [d](E.md#f) <script>"), [
    { kind: "text", text: "a " },
    { kind: "code", text: "<b>" },
    { kind: "text", text: " " },
    { kind: "bold", text: "c" },
    { kind: "text", text: " " },
    { kind: "link", text: "d", target: "E.md#f" },
    { kind: "text", text: " <script>" },
  ]);
});

test("axes have round ticks, and leave no value outside", () => {
  assert.deepEqual(ticks(0, 40, 4), [0, 10, 20, 30, 40]);
  assert.equal(niceTop(37.4), 40);
  assert.equal(niceTop(120), 125);
});

test("what is not known is a gap in a line, and no point at 0", () => {
  const rows = [1, undefined, undefined, 3, 4];
  assert.deepEqual(
    runs(rows, (value) => (value === undefined ? undefined : [value, value])),
    [
      [[1, 1]],
      [
        [3, 3],
        [4, 4],
      ],
    ],
  );
});
