// One role: why it is as it is, what it reads and who writes that, what it writes and who reads it, what its tool says.
import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { showCell } from "../model/cell.ts";
import type { RoleLog, RoleOutline } from "../model/status.ts";
import type { Profiles } from "../monitor/estimate.ts";
import { explainRole, type Picture, writersOf } from "../monitor/picture.ts";
import { followLog } from "./connect.ts";
import { usePage, useStore, useTicks } from "./hooks.ts";
import { StateSign } from "./state-badge.tsx";

export function RolePanel({ id }: { id: string }): VNode {
  const store = useStore();
  const { picture, usual, connection } = usePage();
  useTicks(1000, true);
  const nowMs = store.nowMs();
  const vm = id.slice(0, id.lastIndexOf("."));
  const status = picture.roles.get(id);
  const outline = picture.outlines.get(vm)?.roles.find((role) => role.id === id);
  const presence = picture.vms.get(vm);
  const [{ text: lead } = { text: "" }] = explainRole(picture, id, nowMs, usual);
  return (
    <article class="panel" aria-label={`role ${id}`}>
      <div class="title">
        <h2>
          <StateSign state={status?.state ?? "waiting"} dead={presence === undefined && status?.state === "running"} /> {id}
        </h2>
        <button type="button" class="close" aria-label="close" title="Esc" onClick={() => store.change({ selected: undefined })}>
          ✕
        </button>
      </div>
      <p class="lead">{lead.startsWith(id) ? lead.slice(id.length + 1) : lead}</p>
      <dl>
        <dt>tool</dt>
        <dd>{outline?.tool ?? "unknown"}</dd>
        <dt>vm</dt>
        <dd>{presence === undefined ? <span class="bad">no agent is there</span> : `agent at ${presence.address}`}</dd>
        <dt>attempt</dt>
        <dd>{status?.attempt ?? 0}</dd>
      </dl>
      <Why id={id} picture={picture} usual={usual} nowMs={nowMs} />
      {outline !== undefined && <Inputs outline={outline} picture={picture} />}
      {outline !== undefined && <Outputs outline={outline} picture={picture} />}
      {connection !== "replay" && <Log id={id} />}
    </article>
  );
}

function Why({ id, picture, usual, nowMs }: { id: string; picture: Picture; usual: Profiles; nowMs: number }): VNode | null {
  const lines = explainRole(picture, id, nowMs, usual);
  if (lines.length < 2) return null;
  return (
    <>
      <h3>Why</h3>
      <ol class="why">
        {lines.slice(1).map(({ depth, text, role }) => (
          <li style={{ paddingLeft: `${(depth - 1) * 14}px` }}>
            {role === undefined ? text : <RoleLink id={role} text={text} />}
          </li>
        ))}
      </ol>
    </>
  );
}

function RoleLink({ id, text }: { id: string; text: string }): VNode {
  const store = useStore();
  return (
    <button type="button" class="link" onClick={() => store.change({ selected: id })}>
      {text}
    </button>
  );
}

function Inputs({ outline, picture }: { outline: RoleOutline; picture: Picture }): VNode | null {
  const reads = outline.inputs.filter((input) => input.reads.length > 0);
  const given = outline.inputs.length - reads.length;
  const vm = outline.id.slice(0, outline.id.lastIndexOf("."));
  if (outline.inputs.length === 0 && outline.after.length === 0) return null;
  return (
    <>
      <h3>Reads</h3>
      <ul class="cells">
        {reads.map(({ name, when, secret, reads: cells }) => (
          <li>
            <b>{name}</b>
            {secret && <Secret />} <small>{when}</small>
            {cells.map(({ cell, of }) => (
              <div>
                {of !== undefined && `${of} of `}
                <CellLine cell={cell} vm={vm} picture={picture} />
              </div>
            ))}
          </li>
        ))}
        {outline.after.map((cell) => (
          <li>
            <b>after</b> <CellLine cell={cell} vm={vm} picture={picture} />
          </li>
        ))}
        {given > 0 && <li class="quiet">{given} known before the vm started</li>}
      </ul>
    </>
  );
}

function Outputs({ outline, picture }: { outline: RoleOutline; picture: Picture }): VNode | null {
  if (outline.outputs.length === 0) return null;
  return (
    <>
      <h3>Writes</h3>
      <ul class="cells">
        {outline.outputs.map(({ name, cell, type, secret }) => {
          const settled = picture.cells.get(cell);
          const readers = readersOf(picture, cell);
          return (
            <li>
              <b>{name}</b>
              {secret && <Secret />} <small>{type}</small>
              <div>
                {settled === undefined
                  ? "not written yet, or read on this vm alone"
                  : `${settled.state}, by ${settled.by} at ${clock(settled.atMs)}${(settled.attempt ?? 1) > 1 ? `, attempt ${settled.attempt}` : ""}`}
              </div>
              {readers.length > 0 && (
                <div>
                  read by{" "}
                  {readers.slice(0, 6).map((reader, index) => (
                    <>
                      {index > 0 && ", "}
                      <RoleLink id={reader} text={reader} />
                    </>
                  ))}
                  {readers.length > 6 && ` and ${readers.length - 6} more`}
                </div>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}

function CellLine({ cell, vm, picture }: { cell: string; vm: string; picture: Picture }): VNode {
  const [writer] = writersOf(picture, cell) ?? [];
  const settled = picture.cells.get(cell)?.state;
  const state = settled ?? (cell.includes("[*]") ? "of all members" : cell.startsWith(`${vm}.`) ? "on this vm" : "pending");
  const known = writer !== undefined && picture.roles.has(writer);
  return (
    <span>
      {known ? <RoleLink id={writer} text={showCell(cell)} /> : showCell(cell)} <small>{state}</small>
    </span>
  );
}

function readersOf(picture: Picture, cell: string): string[] {
  const together = cell.replace(/\[\d+\](?=[^[\]]*$)/, "[*]");
  return [...picture.outlines.values()].flatMap(({ roles }) =>
    roles
      .filter(({ inputs }) => inputs.some(({ reads }) => reads.some((read) => read.cell === cell || read.cell === together)))
      .map(({ id }) => id),
  );
}

function Secret(): VNode {
  return (
    <span class="secret" title="its value never leaves the vms in clear">
      secret
    </span>
  );
}

function Log({ id }: { id: string }): VNode {
  const { access } = usePage();
  const [log, setLog] = useState<RoleLog | undefined>(undefined);
  const box = useRef<HTMLPreElement>(null);
  useEffect(() => {
    setLog(undefined);
    if (access === undefined) return undefined;
    const stop = new AbortController();
    // A line that breaks is taken up again when the role is looked at anew.
    followLog(access, id, setLog, stop.signal).catch(() => undefined);
    return () => stop.abort();
  }, [id, access]);
  useEffect(() => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [log]);
  return (
    <>
      <h3>Log</h3>
      {log === undefined || log.text === "" ? (
        <p class="quiet">Nothing has been printed.</p>
      ) : (
        <pre ref={box} tabIndex={0} aria-label={`end of the log of ${id}`}>
          {log.skippedBytes > 0 && `… ${log.skippedBytes} bytes before this are on the vm\n`}
          {log.text}
        </pre>
      )}
    </>
  );
}

function clock(atMs: number): string {
  return new Date(atMs).toLocaleTimeString();
}
