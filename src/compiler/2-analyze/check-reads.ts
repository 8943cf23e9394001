// Who reads what: reads that may never be answered, secrets that would be shown, outputs that nobody reads.
import type { Report } from "../../diagnostics/diagnostic.ts";
import { suggestNearest } from "../../diagnostics/nearest.ts";
import type { Span } from "../../diagnostics/span.ts";
import { cellId, roleId } from "../../model/cell.ts";
import type { Template } from "../../model/template.ts";
import { isHeatType, propertiesOf } from "./attributes.ts";
import { writerOf, type ResolvedTemplate } from "../../model/resolved.ts";

/** Reports what is wrong or doubtful with the reads of roles and stack outputs. */
export function checkReads(template: Template, resolved: ResolvedTemplate, report: Report): void {
  for (const one of new Set([template, ...[...resolved.scopes.values()].map((scope) => scope.template)])) {
    checkResourceTypes(one, report);
    checkProperties(one, report);
  }
  checkWriters(resolved, report);
  checkSecrets(resolved, report);
  checkUnread(resolved, report);
}

// Each type once. The name of a file is a nested template.
function checkResourceTypes(template: Template, report: Report): void {
  const seen = new Set<string>();
  for (const { type, typeSpan, nested } of template.resources.values()) {
    const isFile = nested !== undefined || /\.(yaml|template)$/.test(type);
    if (seen.has(type) || type === "" || isHeatType(type) || isFile) continue;
    seen.add(type);
    report.add("unknown-type", typeSpan, { type });
  }
}

function checkProperties(template: Template, report: Report): void {
  for (const { type, properties } of template.resources.values()) {
    const known = propertiesOf(type);
    if (known === undefined || properties?.kind !== "map") continue;
    for (const { key, keySpan } of properties.entries) {
      if (!known.includes(key))
        report.add("unknown-property", keySpan, { type, name: key }, { hint: suggestNearest(key, known) });
    }
  }
}

interface Dependence {
  reader: string;
  runsAtDelete: boolean;
  resource: string;
  role: string;
  span: Span;
}

function checkWriters(resolved: ResolvedTemplate, report: Report): void {
  const runAtDelete = new Set(
    resolved.vms.flatMap(({ resource, roles }) =>
      roles.flatMap(({ spec }) => (spec.onDelete ? [roleId(resource, spec.name)] : [])),
    ),
  );
  for (const { reader, runsAtDelete, resource, role, span } of dependencesOf(resolved)) {
    if (!runsAtDelete && runAtDelete.has(roleId(resource, role))) {
      report.add("reads-delete-role", span, { reader, role: roleId(resource, role) });
    }
  }
}

function dependencesOf(resolved: ResolvedTemplate): Dependence[] {
  const ofRoles = resolved.vms.flatMap((vm) =>
    vm.roles.flatMap(({ spec, inputs, after }) => {
      const reads = inputs.flatMap((input) => input.reads.map(({ read, span }) => ({ ...writerOf(read), span })));
      const reader = { reader: roleId(vm.resource, spec.name), runsAtDelete: spec.onDelete };
      return [...reads, ...after].map(({ resource, role, span }) => ({ ...reader, resource, role, span }));
    }),
  );
  const ofOutputs = resolved.outputs.flatMap(({ spec, reads }) =>
    reads.map(({ read, span }) => ({ reader: `the stack output "${spec.name}"`, runsAtDelete: false, ...writerOf(read), span })),
  );
  return [...ofRoles, ...ofOutputs];
}

function checkSecrets(resolved: ResolvedTemplate, report: Report): void {
  // A template without roles of ours: what it shows is between its author and Heat.
  if (resolved.vms.every(({ roles }) => roles.every(({ spec }) => spec.contract === "heat"))) return;
  for (const { spec, secret, reads } of resolved.outputs) {
    if (!secret || spec.reveal) continue;
    const related = reads.flatMap(({ output }) =>
      output?.secret === true ? [{ message: `"${output.name}" is declared secret`, span: output.nameSpan }] : [],
    );
    report.add("secret-in-output", spec.value.span, { output: spec.name }, { related });
  }
}

function checkUnread(resolved: ResolvedTemplate, report: Report): void {
  const read = new Set<string>();
  const roles = resolved.vms.flatMap((vm) => vm.roles.map((role) => ({ resource: vm.resource, role })));
  const readers = [...roles.flatMap(({ role }) => role.inputs), ...resolved.outputs];
  for (const { reads } of readers) {
    for (const { read: one, output } of reads) {
      const { resource, role } = writerOf(one);
      if (output !== undefined) read.add(cellId(resource, role, output.name));
    }
  }
  // An output may be there for the sake of the order alone.
  const awaited = new Set(roles.flatMap(({ role }) => role.after.map((after) => roleId(after.resource, after.role))));
  for (const { resource, role } of roles) {
    const id = roleId(resource, role.spec.name);
    // What a config of Heat's own declares is there for everyone who deploys it.
    if (awaited.has(id) || role.spec.onDelete || role.spec.contract === "heat") continue;
    for (const output of role.spec.outputs) {
      if (output.errorOutput || read.has(cellId(resource, role.spec.name, output.name))) continue;
      report.add("unread-output", output.nameSpan, { role: id, output: output.name });
    }
  }
}
