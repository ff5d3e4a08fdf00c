// Times as people say them, in the reader's own time zone; days are those that the daemon names.

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

export function fromNanos(nanos: string): Date {
  return new Date(Number(nanos) / 1e6);
}

export function clock(date: Date): string {
  return date.toLocaleTimeString("en-GB");
}

// "14:02" today, "Tue 14:02" within a week, "3 Mar 14:02" or "3 Mar 2025" before.
export function moment(date: Date, now: Date = new Date()): string {
  const seconds = (now.getTime() - date.getTime()) / 1000;
  const time = { hour: "2-digit", minute: "2-digit" } as const;
  if (date.toDateString() === now.toDateString()) return date.toLocaleTimeString("en-GB", time);
  if (seconds >= 0 && seconds < 6 * DAY) {
    return date.toLocaleString("en-GB", { weekday: "short", ...time });
  }
  const day = { day: "numeric", month: "short" } as const;
  return Math.abs(seconds) < YEAR / 2
    ? date.toLocaleString("en-GB", { ...day, ...time })
    : date.toLocaleDateString("en-GB", { ...day, year: "numeric" });
}

// "40 s", "12 min", "5 h", "3 days", "2 years".
export function duration(seconds: number): string {
  if (seconds < MINUTE) return `${Math.round(seconds)} s`;
  if (seconds < HOUR) return `${Math.round(seconds / MINUTE)} min`;
  if (seconds < 2 * DAY) return `${Math.round(seconds / HOUR)} h`;
  if (seconds < YEAR) return `${Math.round(seconds / DAY)} days`;
  const years = Math.round(seconds / YEAR);
  return years === 1 ? "1 year" : `${years} years`;
}

// A day by its name: midnight UTC of its date, in seconds since 1970.
export function day(unixSeconds: string): string {
  return new Date(Number(unixSeconds) * 1000).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
}
