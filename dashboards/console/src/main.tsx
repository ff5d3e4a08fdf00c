// Starts the console.
import { h, render } from "preact";
import { App } from "./app";

const place = document.getElementById("app") as HTMLElement;
render(<App />, place, place.firstElementChild ?? undefined);
