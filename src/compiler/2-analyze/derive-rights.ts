// Who may read and write which cell: exactly what the reads of the template need. What nobody else reads stays on its vm.
import type { Access } from "../../model/access.ts";
import {
  cellId,
  endCell,
  factCell,
  indexesIn,
  matchesCell,
  memberId,
  parseCellId,
  roleId,
  withIndexes,
  withoutIndexes,
} from "../../model/cell.ts";
import { choiceKeyOf, type Read } from "../../model/expression.ts";
import {
  writerOf,
  type ResolvedOutput,
  type ResolvedRole,
  type ResolvedTemplate,
  type ResolvedVm,
} from "../../model/resolved.ts";
import { ownIndex } from "../../model/rights-text.ts";
import { levelsOf, type Rights, type VmFact } from "../../model/vm-plan.ts";

/** Derives the rights of all vms, and what must be published, from the reads of roles and stack outputs. */
export function deriveRights(template: ResolvedTemplate): Access {
  const publishedOutputs = new Set<string>();
  const publishedEnds = new Set<string>();
  const publishedFacts = new Set<string>();
  const reads = new Map<string, Set<string>>(template.vms.map(({ id }) => [id, new Set()]));

  const publish = (pattern: string): void => {
    const parts = parseCellId(pattern);
    if (parts === undefined) throw new Error(`${pattern} is no cell`);
    const resource = withoutIndexes(parts.vm);
    if (parts.output === "@end") publishedEnds.add(roleId(resource, parts.role));
    else if (parts.role === "@vm") publishedFacts.add(cellId(resource, "@vm", parts.output));
    else publishedOutputs.add(cellId(resource, parts.role, parts.output));
  };
  for (const vm of template.vms) {
    for (const role of vm.roles) {
      for (const pattern of neededCells(role)) {
        if (isOwn(pattern, vm, role)) continue;
        publish(pattern);
        reads.get(vm.id)?.add(asSeenBy(vm, pattern));
      }
    }
  }
  // Stack outputs are read by the operator, who needs no right, and by the one vm that hands them to Heat.
  const outputs = new Map<string, string>();
  const outputChoices = new Map<string, string[]>();
  for (const output of template.outputs) {
    const vm = chooseTeller(output, template);
    if (vm === undefined) continue;
    outputs.set(output.spec.name, vm.id);
    outputChoices.set(vm.id, [...(outputChoices.get(vm.id) ?? []), ...output.reads.flatMap(({ read }) => choiceOf(read))]);
    for (const { read } of output.reads) {
      const pattern = patternOf(read);
      publish(pattern);
      if (parseCellId(pattern)?.vm !== vm.own) reads.get(vm.id)?.add(asSeenBy(vm, pattern));
    }
  }

  const vms = new Map<string, { rights: Rights; facts: VmFact[] }>();
  for (const vm of template.vms) {
    const facts = (["first_address", "name"] as const).filter((fact) => publishedFacts.has(factCell(vm.resource, fact)));
    const { own } = vm;
    const write = vm.roles.flatMap(({ spec, on }) => {
      const holder = on !== "all" && on.pick === "one" ? vm.whole : own;
      const outputs = spec.outputs.filter((output) => publishedOutputs.has(cellId(vm.resource, spec.name, output.name)));
      const ends = publishedEnds.has(roleId(vm.resource, spec.name)) ? [endCell(holder, spec.name)] : [];
      return [...outputs.map((output) => cellId(holder, spec.name, output.name)), ...ends];
    });
    const ofAny = (text: string): string => withOwnIndexes(text, vm);
    const rights: Rights = {
      read: minimal([...(reads.get(vm.id) ?? [])], indexesOf(vm)).map(ofAny),
      write: sorted([...write, ...facts.map((fact) => factCell(own, fact))]).map(ofAny),
      choose: sorted([...vm.roles.flatMap(choicesOf), ...(outputChoices.get(vm.id) ?? [])]).map(ofAny),
    };
    vms.set(vm.id, { rights, facts });
  }
  return { vms, publishedOutputs, publishedEnds, outputs };
}

// One of the vms that write what it reads: rather a single one, then one with a number; of each kind rather one that is sure to exist.
function chooseTeller({ reads }: ResolvedOutput, { vms, resourceConditions }: ResolvedTemplate): ResolvedVm | undefined {
  const writers = new Set(reads.map(({ read }) => writerOf(read).resource));
  const rank = (vm: ResolvedVm): number => 2 * rankOf(vm) + Number(resourceConditions.has(vm.resource));
  const candidates = vms.filter(({ resource }) => writers.has(resource));
  return candidates.toSorted((left, right) => rank(left) - rank(right))[0];
}

// Of members with names and of groups in groups one carrier has the answers of all.
function rankOf({ group, outer }: ResolvedVm): number {
  if (outer !== undefined) return 3;
  if (group === undefined) return 0;
  return group.size.kind === "attr" && group.size.path[0] === "refs_map" ? 2 : 1;
}

// As rightsOf reads them, whatever the groups call their indexes.
function withOwnIndexes(text: string, vm: ResolvedVm): string {
  const variables = indexesOf(vm);
  const named = variables.reduce((filled, variable, level) => filled.replaceAll(variable, ownIndex(level)), text);
  return named.replaceAll("[self]", `[${ownIndex(variables.length - 1)}]`);
}

function indexesOf(vm: ResolvedVm): string[] {
  return levelsOf(vm).map(({ indexVar }) => indexVar);
}

// A number that is not the reader's own and not written out may be any member's.
function asSeenBy(vm: ResolvedVm, pattern: string): string {
  const parts = parseCellId(pattern);
  if (parts === undefined) return pattern;
  const own = indexesOf(vm);
  const isKnown = (index: string): boolean => /^\d+$/.test(index) || index === "self" || own.includes(index);
  const indexes = indexesIn(parts.vm).map((index) => (isKnown(index) ? index : "*"));
  return cellId(withIndexes(parts.vm, indexes), parts.role, parts.output);
}

function neededCells(role: ResolvedRole): string[] {
  const values = role.inputs.flatMap(({ reads }) => reads.map(({ read }) => patternOf(read)));
  const ends = role.after.map(({ target }) =>
    target.kind === "cell" ? target.cell : endCell(memberId(target.group, "*") + (target.inside ?? ""), target.role),
  );
  return [...values, ...ends];
}

function patternOf(read: Read): string {
  return read.kind === "cell" ? read.cell : cellId(memberId(read.group, "*") + (read.inside ?? ""), read.role, read.output);
}

// A cell of the reader's own vm. A cell of a group as a whole is its own for a role that runs on the same one member.
function isOwn(pattern: string, vm: ResolvedVm, reader: ResolvedRole): boolean {
  const writer = parseCellId(pattern)?.vm;
  if (writer === vm.own) return true;
  return vm.group !== undefined && writer === vm.whole && reader.on !== "all" && reader.on.pick === "one";
}

function choicesOf(role: ResolvedRole): string[] {
  const gathers = role.inputs.flatMap(({ reads }) => reads.flatMap(({ read }) => choiceOf(read)));
  return role.on === "all" ? gathers : [role.on.choice, ...gathers];
}

function choiceOf(read: Read): string[] {
  return read.kind === "gather" && read.of !== "all" ? [choiceKeyOf(read)] : [];
}

function minimal(patterns: string[], indexVars: string[]): string[] {
  // Any member's index will do to see whether a pattern covers the reader's own.
  const example = (pattern: string): string => indexVars.reduce((filled, indexVar) => filled.replaceAll(indexVar, "0"), pattern);
  return sorted(patterns.filter((one) => !patterns.some((other) => other !== one && matchesCell(other, example(one)))));
}

function sorted(texts: string[]): string[] {
  return [...new Set(texts)].sort();
}
