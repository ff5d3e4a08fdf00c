// What the console uses of Debian's Preact 8, for the type checker. The declarations that come with
// that package know no keys on components that are functions, and no numbers as content.
declare module "preact" {
  export type Content = JSX.Element | string | number | boolean | null | undefined | Content[];

  export abstract class Component<P, S = {}> {
    constructor(props: P);
    readonly props: Readonly<P>;
    state: Readonly<S>;
    // The element that shows the component, once it is mounted.
    base?: HTMLElement;
    setState(state: Partial<S>): void;
    forceUpdate(): void;
    abstract render(): Content;
    componentDidMount?(): void;
    componentDidUpdate?(before: P): void;
    componentWillReceiveProps?(next: P): void;
    componentWillUnmount?(): void;
  }

  export function h(node: unknown, attributes: object | null, ...children: Content[]): JSX.Element;
  export function render(node: JSX.Element, parent: Element, replace?: Element): Element;
}

declare namespace JSX {
  interface Element {
    nodeName: unknown;
  }
  interface ElementClass {
    render(): unknown;
  }
  interface ElementAttributesProperty {
    props: {};
  }
  interface ElementChildrenAttribute {
    children: {};
  }
  interface IntrinsicAttributes {
    key?: string | number;
  }

  type Plain = string | number | boolean | undefined;
  interface Attributes {
    key?: string | number;
    ref?: (element: any) => void;
    children?: unknown;
    onClick?: (event: MouseEvent) => void;
    onInput?: (event: Event) => void;
    onChange?: (event: Event) => void;
    onSubmit?: (event: Event) => void;
    onKeyDown?: (event: KeyboardEvent) => void;
    style?: { [property: string]: string };
    [attribute: string]: Plain | ((event: any) => void) | { [property: string]: string } | unknown;
  }
  interface IntrinsicElements {
    [name: string]: Attributes;
  }
}
