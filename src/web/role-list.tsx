// Every role that search and filters leave, by vm; of thousands only those in view are drawn.
import type { VNode } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { roleLine, sortOutlines } from "../monitor/picture.ts";
import { usePage, useStore, useTicks, useViewport } from "./hooks.ts";
import type { PageState } from "./store.ts";
import { StateSign } from "./state-badge.tsx";

const rowHeight = 44;

/** The ids that search and state filters leave, in the order of the vms. */
export function filteredRoles({ picture, search, states }: PageState): string[] {
  const wanted = search.trim().toLowerCase();
  return sortOutlines(picture.outlines)
    .flatMap(({ roles }) => roles.map(({ id }) => id))
    .filter((id) => wanted === "" || id.toLowerCase().includes(wanted))
    .filter((id) => states.size === 0 || states.has(picture.roles.get(id)?.state ?? "waiting"));
}

export function RoleList(): VNode {
  const store = useStore();
  const page = usePage();
  const { picture, search, states, selected } = page;
  const ids = useMemo(() => filteredRoles(page), [picture.outlines, search, states, states.size > 0 ? picture : undefined]);
  const { ref, height, scrollTop } = useViewport();
  useTicks(1000, true);
  const position = selected === undefined ? -1 : ids.indexOf(selected);
  useEffect(() => {
    const list = ref.current;
    if (list === null || position < 0) return;
    const top = position * rowHeight;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + rowHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + rowHeight - list.clientHeight;
  }, [position]);
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - 4);
  const shown = ids.slice(first, first + Math.ceil(height / rowHeight) + 8);
  const nowMs = store.nowMs();
  return (
    <div class="role-list" ref={ref} role="list" aria-label={`${ids.length} roles`} tabIndex={0}>
      {ids.length === 0 && <p class="empty">{picture.outlines.size === 0 ? "No vm has come yet." : "No role is like that."}</p>}
      <div style={{ height: `${ids.length * rowHeight}px` }}>
        {shown.map((id, index) => {
          const status = picture.roles.get(id);
          const vm = id.slice(0, id.lastIndexOf("."));
          return (
            <div class="row" role="listitem" key={id} style={{ top: `${(first + index) * rowHeight}px` }}>
              <button type="button" aria-current={id === selected} onClick={() => store.change({ selected: id })}>
                <StateSign state={status?.state ?? "waiting"} dead={!picture.vms.has(vm) && status?.state === "running"} />
                <span class="id">
                  <b>{vm}</b>.{id.slice(vm.length + 1)}
                </span>
                <span class="line">{status === undefined ? "waits for its turn" : roleLine(picture, status, nowMs)}</span>
              </button>
            </div>
          );
        })}
      </div>
    </div>
  );
}
