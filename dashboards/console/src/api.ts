// Questions to the daemon that served this page, over its JSON API. See api/v1/openapi.json.

export const API = "api/v1/";

export type Query = { [field: string]: string | number | string[] | undefined };

// What the daemon answers when it cannot: its code and its sentence.
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

// No answer came at all.
export function unreachable(): ApiError {
  return new ApiError("UNREACHABLE", "The daemon does not answer.", 0);
}

// A bearer token, where the daemon asks for one. It is kept as long as the tab is open.
const TOKEN = "fleetmeter-token";

export function keepToken(token: string) {
  sessionStorage.setItem(TOKEN, token);
}

export function hasToken(): boolean {
  return sessionStorage.getItem(TOKEN) !== null;
}

export function headers(): { [name: string]: string } {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { Authorization: `Bearer ${token}` } : {};
}

export function address(call: string, query: Query = {}): string {
  const fields = new URLSearchParams();
  for (const [field, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== "") fields.append(field, String(one));
    }
  }
  const text = fields.toString();
  return API + call + (text ? "?" + text : "");
}

// The error that an answer with a status of 400 or more tells.
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { code, message } = JSON.parse(text);
    return new ApiError(String(code), String(message), response.status);
  } catch {
    return new ApiError(`HTTP ${response.status}`, text.slice(0, 300), response.status);
  }
}

async function answerTo(url: string, request: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, request);
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw unreachable();
  }
  if (!response.ok) throw await errorOf(response);
  return response.json();
}

// The answer to a GET. An abort by the signal throws too; who aborts does not wait for it.
export async function ask<T>(call: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return (await answerTo(address(call, query), { headers: headers(), signal })) as T;
}

// The answer to a message.
export async function post<T>(call: string, message: object, signal?: AbortSignal): Promise<T> {
  return (await answerTo(API + call, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers() },
    body: JSON.stringify(message),
    signal,
  })) as T;
}
