// Streams of events, CSV and documents.
import assert from "node:assert/strict";
import { test } from "node:test";
import { niceTop, runs, ticks } from "../../../dashboards/console/src/chart/scene";
import { csv } from "../../../dashboards/console/src/download";
import { blocksOf, cellsOf, spansOf } from "../../../dashboards/console/src/help/markdown";
import { EventSplitter } from "../../../dashboards/console/src/stream";

const STREAM = 'data: {"a":1}\n\n: still here\n\nevent: error\r\ndata: x\r\n\r\ndata: {';
const EVENTS = [
  { kind: "", data: '{"a":1}' },
  { kind: "error", data: "x" },
];

test("events are taken whole, and the rest waits", () => {
  const splitter = new EventSplitter();
  assert.deepEqual(splitter.take(STREAM), EVENTS);
  assert.deepEqual(splitter.take("}\n\n"), [{ kind: "", data: "{}" }]);
});

test("events are the same wherever their pieces are cut", () => {
  for (let at = 0; at <= STREAM.length; ++at) {
    for (let more = at; more <= STREAM.length; ++more) {
      const splitter = new EventSplitter();
      const pieces = [STREAM.slice(0, at), STREAM.slice(at, more), STREAM.slice(more)];
      assert.deepEqual(
        pieces.flatMap((piece) => splitter.take(piece)),
        EVENTS,
        JSON.stringify(pieces),
      );
    }
  }
});

test("an event in many pieces is not looked at again with each of them", () => {
  const splitter = new EventSplitter();
  let looked = 0;
  const piece = "x".repeat(1000);
  const { lastIndexOf } = String.prototype;
  String.prototype.lastIndexOf = function (...args) {
    looked += this.length;
    return lastIndexOf.apply(this, args);
  };
  try {
    splitter.take("data: ");
    for (let i = 0; i < 1000; ++i) splitter.take(piece);
    assert.equal(splitter.take("\n\n")[0].data.length, 1_000_000);
  } finally {
    String.prototype.lastIndexOf = lastIndexOf;
  }
  assert.ok(looked < 1.1e6, `${looked} characters were looked at`);
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
