// Time from left to right, a row a vm: waiting, running, blocked inside, and the critical path once all has ended.
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import type { VmOutline } from "../model/status.ts";
import { flowOfPicture } from "../monitor/flow-of-picture.ts";
import { profilesOf } from "../monitor/estimate.ts";
import { findMissingVms } from "../monitor/hold-ups.ts";
import { hasEnded, type Picture, sortOutlines, span } from "../monitor/picture.ts";
import { predict } from "../monitor/predict.ts";
import { usePage, useStore, useTicks, useViewport } from "./hooks.ts";
import { filteredRoles } from "./role-list.tsx";
import { type Bar, barsOfVm, spanOf } from "./timeline-bars.ts";

// Few vms have room.
const rowHeights = { few: 34, many: 26 };
const fewVms = 10;
const labelWidth = 120;

const legend = { waiting: "waits", running: "runs", blocked: "blocked inside", critical: "critical path", failed: "failed" };

export function Timeline(): VNode {
  const store = useStore();
  const page = usePage();
  const { picture, selected, search, states } = page;
  const isOver = picture.roles.size > 0 && [...picture.roles.values()].every(hasEnded);
  useTicks(250, !isOver);
  const nowMs = store.nowMs();
  const { fromMs, toMs } = spanOf(picture, nowMs);
  // Once a second is enough, whatever happens in between.
  const missing = useMemo(() => findMissingVms(picture), [Math.floor(nowMs / 1000), picture.outlines]);
  const rows = useMemo(() => withMissing(picture.outlines, [...missing.keys()]), [picture.outlines, missing]);
  const critical = useMemo(
    () => new Set(isOver ? predict(flowOfPicture(picture), profilesOf(picture)).criticalPath : []),
    [picture, isOver],
  );
  const { ref, width, height, scrollTop } = useViewport();
  const visible = useMemo(() => {
    if (search === "" && states.size === 0) return rows;
    const vms = new Set(filteredRoles(page).map((id) => id.slice(0, id.lastIndexOf("."))));
    const isWanted = (vm: string): boolean =>
      missing.has(vm) && vm.includes(search.trim()) && (states.size === 0 || states.has("waiting"));
    return rows.filter(({ vm }) => vms.has(vm) || isWanted(vm));
  }, [rows, search, states, states.size > 0 ? picture : undefined]);
  const scale = Math.max(0, width - labelWidth - 12) / (toMs - fromMs);
  const placeOf = (stretch: { fromMs: number; toMs: number }): { left: string; width: string } => ({
    left: `${labelWidth + (stretch.fromMs - fromMs) * scale}px`,
    width: `${Math.max(2, (stretch.toMs - stretch.fromMs) * scale)}px`,
  });
  const size = visible.length <= fewVms ? "few" : "many";
  const rowHeight = rowHeights[size];
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - 3);
  const shown = visible.slice(first, first + Math.ceil(height / rowHeight) + 6);
  return (
    <div class="timeline-box">
      <div class="axis" aria-hidden="true" style={{ paddingLeft: `${labelWidth}px` }}>
        {ticksOf(toMs - fromMs, width - labelWidth).map((ms) => (
          <span style={{ left: `${labelWidth + ms * scale}px` }}>{span(ms)}</span>
        ))}
      </div>
      <div class={`rows ${size}`} ref={ref} tabIndex={0} role="group" aria-label={`timeline of ${visible.length} vms`}>
        <div style={{ height: `${visible.length * rowHeight}px` }}>
          {shown
            .map((outline) => ({ vm: outline.vm, present: picture.vms.has(outline.vm), bars: barsOfVm(picture, outline, nowMs) }))
            .map(({ vm, present, bars }, index) => (
              <div class="vm-row" key={vm} style={{ top: `${(first + index) * rowHeight}px`, height: `${rowHeight}px` }}>
                <span
                  class={`name ${present || missing.has(vm) ? "" : "gone"}`}
                  style={{ width: `${labelWidth}px` }}
                  title={present ? vm : `${vm}: ${missing.has(vm) ? "its agent has not come yet" : "no agent is there"}`}
                >
                  {vm}
                </span>
                {missing.has(vm) && (
                  <span class="bar waiting missing" style={placeOf({ fromMs: missing.get(vm) as number, toMs: nowMs })}>
                    not come yet
                  </span>
                )}
                {bars.map((bar) => (
                  <button
                    type="button"
                    tabIndex={-1}
                    class={`bar ${bar.kind} ${critical.has(bar.role) && bar.kind === "running" ? "critical" : ""}`}
                    data-chosen={bar.role === selected}
                    title={titleOf(bar)}
                    aria-label={titleOf(bar)}
                    style={placeOf(bar)}
                    onClick={() => store.change({ selected: bar.role })}
                  >
                    {bar.kind !== "waiting" &&
                      bar.kind !== "blocked" &&
                      (bar.toMs - bar.fromMs) * scale >= 48 &&
                      bar.role.slice(vm.length + 1)}
                  </button>
                ))}
              </div>
            ))}
        </div>
      </div>
      <div class="legend" aria-hidden="true">
        {(["waiting", "running", "blocked", "critical", "failed"] as const).map((kind) => (
          <span>
            <i class={`bar ${kind}`} />
            {legend[kind]}
          </span>
        ))}
      </div>
    </div>
  );
}

// A vm that somebody waits for has a row before it has told of itself.
function withMissing(outlines: Picture["outlines"], missing: string[]): VmOutline[] {
  const added = missing.map((vm): [string, VmOutline] => [vm, { vm, order: "dataflow", atMs: 0, roles: [] }]);
  return sortOutlines(new Map([...added, ...outlines]));
}

function titleOf({ role, kind, fromMs, toMs }: Bar): string {
  const words = { waiting: "waited", running: "ran", blocked: "was blocked inside", failed: "ran and failed" };
  return `${role} ${words[kind]} for ${span(toMs - fromMs)}`;
}

// Round lengths, some 90 pixels apart.
function ticksOf(lengthMs: number, width: number): number[] {
  const least = lengthMs / Math.max(1, width / 90);
  const steps = [100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000];
  const step = steps.find((one) => one >= least) ?? Math.ceil(least / 3_600_000) * 3_600_000;
  // The last one needs room for its text.
  const last = lengthMs - (lengthMs / Math.max(1, width)) * 40;
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step);
}
