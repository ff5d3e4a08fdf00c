// Since when somebody holds chips, in words. What is not known is said with what is.
import { moment } from "../say/time";
import { HeldSince } from "../wire/query";

const at = (seconds: string) => moment(new Date(Number(seconds) * 1000));

// "Tue 14:00"; undefined: not known.
export function since(held: HeldSince): string | undefined {
  return held.sinceUnixSeconds === undefined ? undefined : at(held.sinceUnixSeconds);
}

// What is known where it is not known since when.
export function atLeast(held: HeldSince): string {
  const least = at(held.atLeastSinceUnixSeconds);
  if (held.unknownBecause === "books_begin") return `it held when the books began, ${least}`;
  if (held.unknownBecause === "hours_end") {
    return `it held in the first hour that the books keep, ${least}`;
  }
  if (held.notBeforeUnixSeconds === undefined) {
    return `it held at ${least}, and nobody told of the time before`;
  }
  const begin = at(held.notBeforeUnixSeconds);
  return `it held at ${least}, and nobody told of the time from ${begin} until then`;
}

// "Nobody has told since 15:00 whether it still does."; empty: it does.
export function doubt(held: HeldSince): string {
  const until = held.lastKnownUnixSeconds;
  return until === undefined ? "" : `Nobody has told since ${at(until)} whether it still does.`;
}
