// How far the stack is: its name, progress, what is left, filters, and the line to the hub.
import type { VNode } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { RoleState } from "../model/status.ts";
import { estimateRestMs } from "../monitor/estimate.ts";
import { hasEnded, span } from "../monitor/picture.ts";
import { countStates, ended } from "./graph-nodes.ts";
import { usePage, useStore, useTicks } from "./hooks.ts";
import { Mark, OpenRecording } from "./login.tsx";
import { Meter, StateSign } from "./state-badge.tsx";
import { spanOf } from "./timeline-bars.ts";

const states: RoleState[] = ["waiting", "running", "done", "failed", "skipped"];
const connections = { none: "", connecting: "connecting", live: "live", lost: "hub is away, trying again", replay: "recorded" };

export function Header(): VNode {
  const store = useStore();
  const page = usePage();
  const { picture, usual, connection, stack, generation, search } = page;
  const ids = useMemo(() => [...picture.outlines.values()].flatMap(({ roles }) => roles.map(({ id }) => id)), [picture.outlines]);
  const counts = countStates(picture, ids);
  const isOver = ids.length > 0 && [...picture.roles.values()].every(hasEnded);
  useTicks(1000, !isOver);
  const nowMs = store.nowMs();
  const { fromMs, toMs } = spanOf(picture, nowMs);
  const restMs = useMemo(
    () => (isOver ? undefined : estimateRestMs(picture, usual, nowMs)),
    // Not with each of many changes a second: it plays the whole stack to its end.
    [isOver, usual, Math.floor(nowMs / 1000)],
  );
  const toggle = (state: RoleState): void => {
    const chosen = new Set(page.states);
    if (!chosen.delete(state)) chosen.add(state);
    store.change({ states: chosen });
  };
  return (
    <header>
      <h1>
        <Mark />
        <span>{stack}</span>
        {generation !== "" && <small title={`generation ${generation}`}>{generation.slice(0, 8)}</small>}
      </h1>
      <div class="progress">
        <div role="progressbar" aria-label="roles ended" aria-valuenow={ended(counts)} aria-valuemax={ids.length}>
          <Meter counts={counts} />
        </div>
        <span class="words">
          {ended(counts)} of {ids.length} roles, {span(toMs - fromMs)}
          {restMs !== undefined && restMs > 0 && <strong>, about {span(restMs)} to go</strong>}
        </span>
      </div>
      <div class="chips" role="group" aria-label="show only">
        {states.map((state) => (
          <button type="button" class="chip" aria-pressed={page.states.has(state)} onClick={() => toggle(state)}>
            <StateSign state={state} /> {counts[state]} <span class="word">{state}</span>
          </button>
        ))}
      </div>
      <input
        id="search"
        type="search"
        placeholder="Search  /"
        aria-label="search roles and vms"
        value={search}
        onInput={(event) => store.change({ search: event.currentTarget.value })}
      />
      <span class={`connection ${connection}`} role="status">
        {connections[connection]}
      </span>
      <ThemeButton />
      {connection === "replay" && <OpenRecording />}
    </header>
  );
}

function ThemeButton(): VNode {
  const [theme, setTheme] = useState(() => localStorage.getItem("weft-theme") ?? "");
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    localStorage.setItem("weft-theme", theme);
  }, [theme]);
  const next = theme === "" ? "dark" : theme === "dark" ? "light" : "";
  return (
    <button
      type="button"
      class="theme"
      aria-label={`theme: ${theme || "as the system"}`}
      title="light, dark, or as the system"
      onClick={() => setTheme(next)}
    >
      {theme === "" ? "◐" : theme === "dark" ? "☾" : "☀"}
    </button>
  );
}
