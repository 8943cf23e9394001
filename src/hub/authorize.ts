// Who may do what: pure decisions over a claim of identity, and over a verb and a key. No I/O.
import type { Hello, RequestBody } from "../coordinator/backends/hub-frames.ts";
import { parseKey, stackPrefix } from "../coordinator/keys.ts";
import { matchesCell, namePattern } from "../model/cell.ts";
import { rightsOf } from "../model/rights-text.ts";
import type { Rights } from "../model/vm-plan.ts";
import { operatorToken, rightsTag, sameSecret, vmToken } from "./tokens.ts";

/** Somebody whose token, and rights, have been proved. */
export type Identity =
  | { kind: "operator"; stack: string }
  | { kind: "vm"; stack: string; vm: string; epoch: string; rights: Rights };

/** Returns who makes the claim, a vm in the first epoch of its generation; undefined when token or tag are wrong. */
export function identify(claim: Omit<Hello, "v">, tokenKey: string): Identity | undefined {
  const { stack, token, vm } = claim;
  if (vm === undefined) return sameSecret(token, operatorToken(tokenKey, stack)) ? { kind: "operator", stack } : undefined;
  const { id, generation, rights, tag } = vm;
  const known =
    sameSecret(token, vmToken(tokenKey, stack, id)) && sameSecret(tag, rightsTag(tokenKey, stack, id, generation, rights));
  return known ? { kind: "vm", stack, vm: id, epoch: generation, rights: rightsOf(rights, id) } : undefined;
}

/**
 * Tells whether `identity` may make this request. An operator may do everything in its stack. A vm reads the cells that its plan
 * reads or writes, settles (once) those that it writes, makes the choices of its plan, tells of its roles and their logs, shows itself and sees
 * what the operator retries and which epochs there are. It may replace a given revision of a cell that it writes: whoever lets it must check
 * that it is a failure.
 */
export function isAllowed(identity: Identity, request: RequestBody): boolean {
  if (request.verb === "stop") return true;
  const text = "key" in request ? request.key : request.prefix;
  if (identity.kind === "operator") return text.startsWith(stackPrefix(identity.stack));
  const key = parseKey(text);
  if (key?.stack !== identity.stack) return false;
  const { rights, vm } = identity;
  const reads = request.verb === "read" || request.verb === "watch";
  if (key.folder === "generations") return reads;
  if (key.folder === "instances" || key.generation !== identity.epoch) return false;
  const writesOnce = request.verb === "write" && request.expected === "absent";
  const replaces = request.verb === "write" && typeof request.expected === "number";
  switch (key.folder) {
    case "cells": {
      if (writesOnce || replaces) return matchesAny(rights.write, key.name);
      return reads && (matchesAny(rights.read, key.name) || matchesAny(rights.write, key.name));
    }
    case "choices":
      return (reads || writesOnce) && rights.choose.includes(key.name);
    case "roles":
    case "logs":
      return request.verb === "write" && key.name.startsWith(`${vm}.`) && namePattern.test(key.name.slice(vm.length + 1));
    case "vms":
      return request.verb === "join" && key.name === vm;
    case "outlines":
      return request.verb === "write" && key.name === vm;
    case "retries":
      return reads;
  }
}

function matchesAny(patterns: string[], cell: string): boolean {
  // Most cells are named as they are; comparing them whole is quicker than looking for stars.
  return patterns.includes(cell) || patterns.some((pattern) => matchesCell(pattern, cell));
}
