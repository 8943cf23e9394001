// What the entries of a journal come to: how roles stand in the newest generation, and what outlives each. Pure.
import { isRetried } from "../model/cell.ts";
import type { JournalEntry, Memory, RoleMemory } from "./journal.ts";

/** What a journal without entries knows. */
export function emptyMemory(): Memory {
  return { answered: new Set(), roles: {}, unfinished: [], wrote: [], choices: {}, retries: new Map() };
}

/** Adds one entry to what is remembered. */
export function remember(memory: Memory, entry: JournalEntry): void {
  switch (entry.type) {
    case "begun":
      return begin(memory, entry);
    case "epoch":
      memory.epoch = entry.epoch;
      return;
    case "answered":
      memory.answered.add(entry.delivery);
      return;
    case "wrote":
      memory.wrote.push(entry);
      return;
    case "chosen":
      memory.choices[entry.choice] = entry.index;
      return;
    case "retried":
      memory.retries.set(entry.id, entry.count);
      return Object.values(memory.roles).forEach((role) => reopen(role, memory));
    case "carried": {
      const role = roleOf(memory, entry.role);
      const { success } = role;
      if (success === undefined) return;
      role.ended = { state: "done", outputs: success.outputs };
      role.timing = success.timing;
      return;
    }
    case "started": {
      const role = roleOf(memory, entry.role);
      role.attempt = entry.attempt;
      role.timing.startedMs ??= entry.atMs;
      // What it may have changed on the vm is not what the success has left.
      delete role.success;
      close(memory, entry.role);
      memory.unfinished.push(entry);
      return;
    }
    case "attempt-failed":
      close(memory, entry.role);
      roleOf(memory, entry.role).failures += 1;
      return;
    case "ended": {
      const { state, outputs, error, origin, timing, basis } = entry;
      close(memory, entry.role);
      const role = roleOf(memory, entry.role);
      role.ended = { state, outputs, ...(error === undefined ? {} : { error }), ...(origin === undefined ? {} : { origin }) };
      role.timing = timing;
      if (state === "failed") delete role.success;
      else if (basis !== undefined) role.success = { basis, outputs, timing };
      // Heard of after the retry.
      return reopen(role, memory);
    }
  }
}

function begin(memory: Memory, { delivery, generation, inputs }: Extract<JournalEntry, { type: "begun" }>): void {
  memory.begun = { delivery, generation, inputs };
  delete memory.epoch;
  for (const [name, { attempt, success }] of Object.entries(memory.roles))
    memory.roles[name] = { attempt, failures: 0, timing: {}, ...(success === undefined ? {} : { success }) };
  memory.wrote = [];
  memory.choices = {};
  memory.retries = new Map();
}

function roleOf(memory: Memory, name: string): RoleMemory {
  return (memory.roles[name] ??= { attempt: 0, failures: 0, timing: {} });
}

function close(memory: Memory, role: string): void {
  memory.unfinished = memory.unfinished.filter((process) => process.role !== role);
}

function reopen(role: RoleMemory, memory: Memory): void {
  if (role.ended?.origin === undefined || !isRetried(role.ended.origin, memory.retries)) return;
  delete role.ended;
  role.failures = 0;
}
