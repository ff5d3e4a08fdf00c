// Numbers as people say them: "1.2k", "$3.4M", "63%". No exponents, no row of zeros.

const UNITS: [number, string][] = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
];
// As a true minus sign, which lines up with digits.
const MINUS = "\u2212";

function signed(value: number, text: string): string {
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

function trimmed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.0+$/, "");
}

// Of a value below 1: two digits that are not zero.
function small(value: number): string {
  if (value === 0) return "0";
  const places = Math.min(12, 1 - Math.floor(Math.log10(value)));
  return value.toFixed(places).replace(/0+$/, "").replace(/\.$/, "");
}

// With a unit, or "" for what needs none. What rounds up to 1,000 of a unit is 1 of the next.
function scaled(value: number): string {
  for (const [unit, name] of UNITS) {
    if (value >= unit * 0.9995) return (value / unit).toFixed(value >= 100 * unit ? 0 : 1) + name;
  }
  return "";
}

// 7.4, 48, 1.2k, 667k, 2.2M.
export function count(value: number): string {
  const size = Math.abs(value);
  const text =
    scaled(size).replace(".0", "") ||
    (size >= 100 ? size.toFixed(0) : size >= 1 ? trimmed(size, 1) : small(size));
  return signed(value, text);
}

// H100e are measured to a tenth at most: less than that is "0".
export function h100e(value: number): string {
  return Math.abs(value) < 0.05 ? "0" : Math.abs(value) < 1 ? trimmed1(value) : count(value);
}

function trimmed1(value: number): string {
  return signed(value, trimmed(Math.abs(value), 1));
}

// $0.0025, $7.48, $18.0B.
export function usd(value: number): string {
  const size = Math.abs(value);
  const cents = size >= 0.1 || size === 0;
  const text = scaled(size) || (cents ? size.toFixed(2) : small(size));
  return signed(value, "$" + text);
}

export function microUsd(text: string): number {
  return Number(text) / 1e6;
}

// 63%, 0.4%, 13.5%: a digit behind the point where it says something.
export function percent(ratio: number, digits = Math.abs(ratio) < 0.0995 ? 1 : 0): string {
  const text = trimmed(Math.abs(ratio) * 100, digits);
  // Little is not nothing.
  if (text === "0" && ratio !== 0) return Math.abs(ratio) < 1e-9 ? "0%" : "<0.1%";
  return signed(ratio, text + "%");
}

// The size of a difference of two shares: "13.5 points".
export function points(ratio: number): string {
  const text = trimmed(Math.abs(ratio) * 100, 1);
  return text === "1" ? "1 point" : text + " points";
}

export function plural(number: number, one: string, many = one + "s"): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

const EXACT = new Intl.NumberFormat("en-US", { maximumFractionDigits: 6 });

// Every digit, for a title.
export function exact(value: number): string {
  return EXACT.format(value);
}

export function chips(microChips: string): number {
  return Number(microChips) / 1e6;
}
