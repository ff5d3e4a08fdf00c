// Files for the reader, made in the page; nothing is sent anywhere.

export function save(blob: Blob, name: string) {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(blob);
  anchor.download = name;
  anchor.click();
  URL.revokeObjectURL(anchor.href);
}

// What a spreadsheet would take for a formula begins with one of these.
const FORMULA = /^[=+\-@\t\r]/;

function cell(value: string | number | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = FORMULA.test(value) ? "'" + value : value;
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

// RFC 4180. What is not known is an empty field.
export function csv(rows: (string | number | undefined)[][]): string {
  return rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
}

export function saveCsv(rows: (string | number | undefined)[][], name: string) {
  save(new Blob([csv(rows)], { type: "text/csv" }), name);
}
