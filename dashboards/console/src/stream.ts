// Server-Sent Events over fetch. EventSource cannot send a token, and does not say why it ended.
import { address, ApiError, errorOf, headers, Query, unreachable } from "./api";

export interface Connection {
  state: "waiting" | "live" | "lost" | "refused";
  // When the latest event came.
  heard?: Date;
  error?: ApiError;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
// The daemon says at least a comment every 15 s. After this long without one it is gone, though
// nobody has closed the connection.
const LONGEST_SILENCE_MS = 45_000;

// Splits what has come into whole events and the rest, by empty lines.
export function takeEvents(text: string): [StreamEvent[], string] {
  const parts = text.replace(/\r\n?/g, "\n").split("\n\n");
  const rest = parts.pop() as string;
  return [parts.map(eventOf).filter(({ data }) => data !== ""), rest];
}

export interface StreamEvent {
  // "error": the data is an error, and the stream ends. "": it is an answer.
  kind: string;
  data: string;
}

function eventOf(event: string): StreamEvent {
  return { kind: fieldOf(event, "event"), data: fieldOf(event, "data") };
}

// Lines that begin with a colon are there to keep the connection, and say nothing.
function fieldOf(event: string, name: string): string {
  return event
    .split("\n")
    .filter((line) => line.startsWith(name + ":"))
    .map((line) => line.slice(name.length + 1).replace(/^ /, ""))
    .join("\n");
}

// A stream of answers that connects again by itself, and says how it stands.
export class Stream<T> {
  private abort?: AbortController;
  private timer = 0;
  private watchdog = 0;
  private pause = FIRST_PAUSE_MS;
  private heard?: Date;

  constructor(
    private readonly call: string,
    private readonly query: Query,
    private readonly onAnswer: (answer: T) => void,
    private readonly onConnection: (connection: Connection) => void,
    private readonly longestSilence = LONGEST_SILENCE_MS,
  ) {}

  open() {
    const { signal } = (this.abort = new AbortController());
    this.expectSign();
    this.read(signal).catch((error) => {
      if (!signal.aborted) this.end(error);
    });
  }

  close() {
    window.clearTimeout(this.timer);
    window.clearTimeout(this.watchdog);
    this.abort?.abort();
    this.abort = undefined;
  }

  private expectSign() {
    window.clearTimeout(this.watchdog);
    this.watchdog = window.setTimeout(() => this.end(unreachable()), this.longestSilence);
  }

  private async read(signal: AbortSignal) {
    const response = await fetch(address(this.call, this.query), { headers: headers(), signal });
    if (!response.ok || !response.body) throw await errorOf(response);
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw unreachable();
      this.expectSign();
      const [events, left] = takeEvents(rest + decoder.decode(value, { stream: true }));
      rest = left;
      if (events.length > 0) this.take(events[events.length - 1]);
    }
  }

  // Of several events that came at once, the latest says all.
  private take({ kind, data }: StreamEvent) {
    if (kind === "error") {
      const { code, message } = JSON.parse(data);
      throw new ApiError(String(code), String(message), 0);
    }
    const answer = JSON.parse(data) as T;
    this.heard = new Date();
    this.pause = FIRST_PAUSE_MS;
    this.onAnswer(answer);
    this.onConnection({ state: "live", heard: this.heard });
  }

  private end(reason: unknown) {
    this.close();
    const error = reason instanceof ApiError ? reason : unreachable();
    // What the daemon refuses for good is not asked again and again.
    const refused = error.status >= 400 && error.status < 500 && error.status !== 429;
    this.onConnection({ state: refused ? "refused" : "lost", heard: this.heard, error });
    if (refused) return;
    this.timer = window.setTimeout(() => this.open(), this.pause);
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
  }
}
