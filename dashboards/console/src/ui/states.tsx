// Waiting, trouble and nothing, each in words.
import { Content, h } from "preact";
import { ApiError, hasToken, keepToken } from "../api";

export function Waiting() {
  return (
    <p class="waiting" role="status">
      Asking the daemon…
    </p>
  );
}

// What is empty says what that means.
export function Nothing({ children }: { children?: Content }) {
  return <p class="nothing">{children}</p>;
}

const WORDS: { [code: string]: string } = {
  UNREACHABLE: "The daemon does not answer. It may be stopped, or the network is down.",
  UNAUTHENTICATED: "The daemon does not know who you are.",
  PERMISSION_DENIED: "You may not see this.",
  NOT_FOUND: "There is no such thing.",
  NOT_LOADED: "This view could not be loaded.",
};

export function Problem({ error }: { error: ApiError }) {
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{WORDS[error.code] ?? "The daemon cannot answer."}</strong>
      </p>
      {error.code === "UNREACHABLE" ? null : <p>{error.message}</p>}
      {error.status === 401 ? <SignIn /> : null}
    </div>
  );
}

function SignIn() {
  const submit = (event: Event) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    keepToken((form.elements.namedItem("token") as HTMLInputElement).value.trim());
    location.reload();
  };
  return (
    <form onSubmit={submit} class="fields">
      <p>
        {hasToken() ? "The token of this tab is not accepted. " : ""}
        Show a client certificate, or give a bearer token. It is kept until you close this tab.
      </p>
      <label>
        Token <input name="token" type="password" autocomplete="off" required />
      </label>
      <button type="submit">Sign in</button>
    </form>
  );
}
