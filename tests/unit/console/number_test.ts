// Numbers as people say them.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  count,
  h100e,
  percent,
  plural,
  points,
  usd,
} from "../../../dashboards/console/src/say/number";

test("counts get shorter as they grow, and never have an exponent", () => {
  assert.equal(count(0), "0");
  assert.equal(count(7.44), "7.4");
  assert.equal(count(48), "48");
  assert.equal(count(999.6), "1k");
  assert.equal(count(1234), "1.2k");
  assert.equal(count(666_667), "667k");
  assert.equal(count(999_999), "1M");
  assert.equal(count(12_144_285_714), "12.1B");
  assert.equal(count(6.94e-9), "0.0000000069");
});

test("negative numbers have a minus sign, and rounding to nothing has none", () => {
  assert.equal(count(-1234), "\u22121.2k");
  assert.equal(h100e(-0.01), "0");
  assert.equal(percent(-0.135), "\u221214%");
  assert.equal(usd(-0.0018), "\u2212$0.0018");
});

test("money says the paper's figures", () => {
  assert.equal(usd(18_000_000_000), "$18.0B");
  assert.equal(usd(31_780_506_396), "$31.8B");
  assert.equal(usd(7.476927), "$7.48");
  assert.equal(usd(0.00254606), "$0.0025");
  assert.equal(usd(0), "$0.00");
});

test("a little is not nothing", () => {
  assert.equal(percent(0.0004), "<0.1%");
  assert.equal(percent(0), "0%");
  assert.equal(percent(0.995), "100%");
  assert.equal(h100e(0.4), "0.4");
});

test("differences of shares are points", () => {
  assert.equal(points(-0.135), "13.5 points");
  assert.equal(points(0.01), "1 point");
  assert.equal(plural(1, "pool"), "1 pool");
  assert.equal(plural(2, "pool"), "2 pools");
});
