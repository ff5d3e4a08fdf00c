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

export interface StreamEvent {
  // "error": the data is an error, and the stream ends. "": it is an answer.
  kind: string;
  data: string;
}

// Splits what comes into events, by empty lines. An event may be megabytes in many pieces: each
// piece is looked at once, and what came before it is not looked at again.
export class EventSplitter {
  private pieces: string[] = [];
  // The end of what came, in which an end of a line may have begun.
  private tail = "";

  // The events that are whole by now.
  take(piece: string): StreamEvent[] {
    const text = this.tail + piece;
    // A line ends with CR, LF or both. Whether a CR at the end goes on is not known yet.
    const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
    const lines = whole.includes("\r") ? whole.replace(/\r\n?/g, "\n") : whole;
    const end = lines.lastIndexOf("\n\n");
    const cut = end < 0 ? Math.max(0, lines.length - 1) : end + 2;
    this.pieces.push(lines.slice(0, cut));
    this.tail = lines.slice(cut) + text.slice(whole.length);
    if (end < 0) return [];
    const events = this.pieces.join("").split("\n\n");
    this.pieces = [];
    return events.map(eventOf).filter(({ data }) => data !== "");
  }
}

// Lines that begin with a colon are there to keep the connection, and say nothing.
function eventOf(text: string): StreamEvent {
  const kinds: string[] = [];
  const data: string[] = [];
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    const value = line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "event") kinds.push(value);
    if (name === "data") data.push(value);
  }
  return { kind: kinds.join("\n"), data: data.join("\n") };
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
    const splitter = new EventSplitter();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw unreachable();
      this.expectSign();
      const events = splitter.take(decoder.decode(value, { stream: true }));
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
