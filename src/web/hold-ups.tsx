// What holds the stack up, in a line each: the answer to "why does it not go on" before anything is chosen.
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { findHoldUps, type HoldUp } from "../monitor/hold-ups.ts";
import { usePage, useStore, useTicks } from "./hooks.ts";
import { StateSign } from "./state-badge.tsx";

const mostLines = 2;

export function HoldUps(): VNode | null {
  const store = useStore();
  const { picture, usual } = usePage();
  useTicks(1000, true);
  const nowMs = store.nowMs();
  // Once a second is enough, whatever happens in between.
  const all = useMemo(() => findHoldUps(picture, nowMs, usual), [Math.floor(nowMs / 1000), picture.outlines, usual]);
  if (all.length === 0) return null;
  const shown = all.slice(0, mostLines);
  return (
    <ul class="hold-ups" aria-label="what holds the stack up">
      {shown.map((holdUp) => (
        <li class={holdUp.kind}>
          <StateSign state={holdUp.kind === "failed" ? "failed" : "running"} dead={holdUp.kind === "missing"} />
          <span>
            {holdUp.id.endsWith(".@vm") ? (
              holdUp.text
            ) : (
              <button type="button" class="link" onClick={() => store.change({ selected: holdUp.id })}>
                {holdUp.text}
              </button>
            )}
            {" · "}
            <b>{consequence(holdUp)}</b>
          </span>
        </li>
      ))}
      {all.length > shown.length && <li class="quiet">and {all.length - shown.length} more</li>}
    </ul>
  );
}

function consequence({ kind, holds }: HoldUp): string {
  const roles = holds === 1 ? "1 role" : `${holds} roles`;
  if (kind === "failed") return holds === 0 ? "" : `${roles} fell with it`;
  return `${roles} ${holds === 1 ? "waits" : "wait"} for it`;
}
