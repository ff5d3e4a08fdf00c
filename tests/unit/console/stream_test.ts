// A stream of answers that breaks, falls silent or is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection, Stream } from "../../../dashboards/console/src/stream";

declare const globalThis: { [name: string]: unknown };

// What a browser has and Node has not.
globalThis.window = globalThis;
globalThis.sessionStorage = { getItem: () => null };

// Answers each request in turn; the last answer is given again and again.
function serve(...answers: (() => Response)[]) {
  globalThis.fetch = (_: string, { signal }: { signal: AbortSignal }) => {
    const response = (answers.length > 1 ? answers.shift() : answers[0]) as () => Response;
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("aborted")));
      resolve(response());
    });
  };
}

// A body that says this and then neither ends nor says more.
function saying(text: string): Response {
  return new Response(
    new ReadableStream({
      start: (body) => body.enqueue(new TextEncoder().encode(text)),
    }),
  );
}

interface Heard {
  answers: unknown[];
  connections: Connection[];
}

// Opens a stream, and closes it once `enough` is true of what was heard.
function listen(enough: (heard: Heard) => boolean, silence?: number): Promise<Heard> {
  const heard: Heard = { answers: [], connections: [] };
  return new Promise((done) => {
    const look = () => {
      if (!enough(heard)) return;
      stream.close();
      done(heard);
    };
    const stream = new Stream<unknown>(
      "watch/pools",
      {},
      (answer) => heard.answers.push(answer),
      (connection) => {
        heard.connections.push(connection);
        look();
      },
      silence,
    );
    stream.open();
  });
}

test("answers come as they are said, and the connection is live", async () => {
  serve(() => saying('data: {"a":1}\n\n'));
  const { answers, connections } = await listen((heard) => heard.answers.length === 1);
  assert.deepEqual(answers, [{ a: 1 }]);
  assert.equal(connections[0].state, "live");
});

test("a connection that falls silent is lost, and tried again", async () => {
  serve(
    () => saying("data: 1\n\n"),
    () => saying("data: 2\n\n"),
  );
  const { answers, connections } = await listen((heard) => heard.answers.length === 2, 30);
  assert.deepEqual(answers, [1, 2]);
  assert.deepEqual(
    connections.map(({ state }) => state),
    ["live", "lost", "live"],
  );
});

test("an error in a stream is the daemon's word, and the stream is tried again", async () => {
  serve(
    () => saying('event: error\ndata: {"code":"UNAVAILABLE","message":"stopping"}\n\n'),
    () => saying("data: 2\n\n"),
  );
  const { connections } = await listen((heard) => heard.answers.length === 1);
  assert.equal(connections[0].state, "lost");
  assert.equal(connections[0].error?.message, "stopping");
});

test("what the daemon refuses is not asked again", async () => {
  const body = JSON.stringify({ code: "PERMISSION_DENIED", message: "no" });
  serve(() => new Response(body, { status: 403 }));
  const { connections } = await listen((heard) => heard.connections.length === 1);
  assert.equal(connections[0].state, "refused");
  assert.equal(connections[0].error?.code, "PERMISSION_DENIED");
});
