import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ActiveClock } from "./active-clock.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the time in which at least one read blocks is not active", () => {
  const clock = new ActiveClock();
  vi.advanceTimersByTime(10);
  const first = clock.pause();
  vi.advanceTimersByTime(20);
  const second = clock.pause();
  first();
  vi.advanceTimersByTime(30);
  expect(clock.activeMs()).toBe(10);
  second();
  vi.advanceTimersByTime(5);
  expect(clock.activeMs()).toBe(15);
  expect(clock.blockedMs()).toBe(50);
});

test("an alarm rings after so much active time, however long a read blocks", () => {
  const clock = new ActiveClock();
  const ring = vi.fn();
  clock.alarmIn(100, ring);
  vi.advanceTimersByTime(60);
  const resume = clock.pause();
  vi.advanceTimersByTime(10_000);
  resume();
  vi.advanceTimersByTime(39);
  expect(ring).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2);
  expect(ring).toHaveBeenCalledOnce();
});

test("an alarm that was called off does not ring", () => {
  const clock = new ActiveClock();
  const ring = vi.fn();
  const callOff = clock.alarmIn(100, ring);
  callOff();
  clock.pause()();
  vi.advanceTimersByTime(1000);
  expect(ring).not.toHaveBeenCalled();
});
