// Where the reader is: the view and its parameters, kept in the address behind the "#". So links,
// bookmarks and the browser's back button work, and nothing of it is sent to the daemon.

export type Params = { [name: string]: string };

export interface Route {
  view: string;
  params: Params;
}

export function parse(hash: string): Route {
  const [path, query = ""] = splitOnce(hash.replace(/^#\/?/, ""), "?");
  const params: Params = {};
  new URLSearchParams(query).forEach((value, name) => (params[name] = value));
  return { view: path || "now", params };
}

function splitOnce(text: string, mark: string): string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

// The address of a view. Parameters that are empty are left out.
export function link(view: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const name of Object.keys(params).sort()) if (params[name]) query.set(name, params[name]);
  const text = query.toString();
  return `#/${view}${text ? "?" + text : ""}`;
}

const listeners = new Set<() => void>();

export function onRoute(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell() {
  listeners.forEach((listener) => listener());
}

export function current(): Route {
  return parse(location.hash);
}

// Goes there. `replace` leaves no step for the back button: while a slider is moved, for example.
export function go(view: string, params: Params, replace = false) {
  const address = link(view, params);
  if (address === location.hash) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  tell();
}

// Changes parameters of the present view.
export function change(params: Params, replace = false) {
  const { view, params: old } = current();
  go(view, { ...old, ...params }, replace);
}

window.addEventListener("hashchange", tell);
window.addEventListener("popstate", tell);
