// The page: header, graph, timeline, and beside them the list of roles or the one that was chosen.
import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { span } from "../monitor/picture.ts";
import { GraphView } from "./graph-view.tsx";
import { Header } from "./header.tsx";
import { HoldUps } from "./hold-ups.tsx";
import { usePage, useStore } from "./hooks.ts";
import { Login } from "./login.tsx";
import { filteredRoles, RoleList } from "./role-list.tsx";
import { RolePanel } from "./role-panel.tsx";
import { Timeline } from "./timeline.tsx";

// On a narrow screen one at a time.
const tabs = ["roles", "graph", "time"] as const;

export function App(): VNode {
  const { connection, picture, selected, trouble } = usePage();
  const [tab, setTab] = useState<(typeof tabs)[number]>("roles");
  useKeys(setTab);
  useEffect(() => {
    if (selected !== undefined) setTab("roles");
  }, [selected]);
  if (connection === "none") return <Login />;
  return (
    <div class={`page tab-${tab}`}>
      <Header />
      {trouble !== undefined && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      <HoldUps />
      <main style={{ "--vms": picture.outlines.size }}>
        <section class="graph-part" aria-label="who waits for whom">
          <GraphView />
        </section>
        <section class="time-part" aria-label="when">
          <Timeline />
          <ReplayBar />
        </section>
        <aside class="role-part" aria-label="roles">
          {selected === undefined ? <RoleList /> : <RolePanel id={selected} />}
        </aside>
      </main>
      <nav class="tabs" aria-label="parts">
        {tabs.map((name) => (
          <button type="button" aria-current={name === tab} onClick={() => setTab(name)}>
            {name}
          </button>
        ))}
      </nav>
    </div>
  );
}

function ReplayBar(): VNode | null {
  const store = useStore();
  const { replay } = usePage();
  if (replay === undefined) return null;
  return (
    <div class="replay" role="group" aria-label="recorded run">
      <button
        type="button"
        aria-label={replay.playing ? "pause" : "play"}
        onClick={() => store.play({ playing: !replay.playing })}
      >
        {replay.playing ? "❚❚" : "▶"}
      </button>
      <input
        type="range"
        aria-label="moment"
        min={replay.fromMs}
        max={replay.toMs}
        value={replay.nowMs}
        onInput={(event) => store.seek(Number(event.currentTarget.value))}
      />
      <span>
        {span(replay.nowMs - replay.fromMs)} of {span(replay.toMs - replay.fromMs)}
      </span>
      <select
        aria-label="speed"
        value={replay.speed}
        onChange={(event) => store.play({ speed: Number(event.currentTarget.value) })}
      >
        {[0.5, 1, 2, 5, 10, 60].map((speed) => (
          <option value={speed}>{speed}×</option>
        ))}
      </select>
    </div>
  );
}

/** / searches, j and k or arrows go through the roles, Esc goes back, 1 2 3 choose a part, space plays and pauses. */
function useKeys(setTab: (tab: (typeof tabs)[number]) => void): void {
  const store = useStore();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const { target, key } = event;
      const writes = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
      if (key === "Escape") {
        if (writes) target.blur();
        store.change({ selected: undefined, ...(writes ? { search: "" } : {}) });
      } else if (writes || event.ctrlKey || event.metaKey || event.altKey) return;
      else if (key === "/") {
        event.preventDefault();
        document.getElementById("search")?.focus();
      } else if (key === "j" || key === "k" || key === "ArrowDown" || key === "ArrowUp") {
        event.preventDefault();
        move(store.state.selected, key === "j" || key === "ArrowDown" ? 1 : -1);
      } else if (key === " " && store.state.replay !== undefined && !(target instanceof HTMLButtonElement)) {
        event.preventDefault();
        store.play({ playing: !store.state.replay.playing });
      } else {
        const tab = tabs[Number(key) - 1];
        if (tab !== undefined) setTab(tab);
      }
    };
    const move = (selected: string | undefined, step: number): void => {
      const ids = filteredRoles(store.state);
      const position = selected === undefined ? (step > 0 ? -1 : ids.length) : ids.indexOf(selected);
      const next = ids[Math.min(ids.length - 1, Math.max(0, position + step))];
      if (next !== undefined) store.change({ selected: next });
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [store]);
}
