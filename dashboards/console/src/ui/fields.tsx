// Fields that keep what they say in the address.
import { Component, h } from "preact";
import { change, Params } from "../route";

interface FieldProps {
  name: string;
  label: string;
  params: Params;
  // What an absent parameter means.
  fallback?: string;
}

function valueOf(event: Event): string {
  return (event.target as HTMLInputElement).value;
}

export function Choice(props: FieldProps & { options: [string, string][] }) {
  const { name, label, params, options, fallback = "" } = props;
  const chosen = params[name] ?? fallback;
  return (
    <label class="field">
      {label}
      <select name={name} onChange={(event: Event) => change({ [name]: valueOf(event), page: "" })}>
        {options.map(([value, text]) => (
          <option key={value} value={value} selected={value === chosen}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Search(props: FieldProps & { hint?: string }) {
  const { name, label, params } = props;
  return (
    <label class="field">
      {label}
      <input
        type="search"
        name={name}
        value={params[name] ?? ""}
        placeholder={props.hint}
        onInput={(event: Event) => change({ [name]: valueOf(event), page: "" }, true)}
      />
    </label>
  );
}

// One of very many names. What is typed narrows down what is offered, and only a name that there is
// changes anything. Empty: none.
export class NameField extends Component<FieldProps & { names: string[] }, { typed?: string }> {
  state: { typed?: string } = {};

  private take(typed: string) {
    const { name, names } = this.props;
    const known = typed === "" || names.includes(typed);
    this.setState({ typed: known ? undefined : typed });
    if (known) change({ [name]: typed, page: "" });
  }

  render() {
    const { name, label, params, names } = this.props;
    const typed = this.state.typed ?? params[name] ?? "";
    const list = `names-of-${name}`;
    return (
      <label class="field">
        {label}
        <input
          type="search"
          name={name}
          list={list}
          value={typed}
          placeholder="a name"
          aria-invalid={this.state.typed === undefined ? "false" : "true"}
          onInput={(event: Event) => this.take(valueOf(event))}
        />
        <datalist id={list}>
          {offered(names, typed).map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </label>
    );
  }
}

const MOST_OFFERED = 20;

function offered(names: string[], typed: string): string[] {
  const text = typed.toLowerCase();
  return names.filter((name) => name.toLowerCase().includes(text)).slice(0, MOST_OFFERED);
}

// A number above 0; what is none changes nothing, and is marked.
export class NumberField extends Component<FieldProps & { unit?: string }, { wrong: boolean }> {
  state = { wrong: false };

  private take(text: string) {
    const wrong = text !== "" && !(Number(text) > 0 && Number.isFinite(Number(text)));
    this.setState({ wrong });
    if (!wrong) change({ [this.props.name]: text }, true);
  }

  render() {
    const { name, label, params, unit, fallback = "" } = this.props;
    return (
      <label class="field">
        {label}
        <span>
          <input
            name={name}
            inputmode="decimal"
            size={8}
            value={params[name] ?? fallback}
            aria-invalid={this.state.wrong ? "true" : "false"}
            onInput={(event: Event) => this.take(valueOf(event).trim())}
          />{" "}
          {unit}
        </span>
      </label>
    );
  }
}
