// Sealed values: what a secret output looks like outside the vms that may know it. The hub and the coordinator see only this.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import { Failure } from "../model/failure.ts";
import type { CellRecord } from "../model/cell.ts";
import type { Json } from "../model/json.ts";
import type { Dataflow } from "./dataflow.ts";
import type { Scope } from "./keys.ts";

/** Seals and opens values under keys derived from a stack's seal key for one stack, generation and cell. */
export interface Sealer {
  /** Returns the sealed value as base64url text. The same value of the same cell gives the same text. */
  seal(cell: string, value: Json): string;
  /** Fails `give-up` with code `unsealable` for a text that was not sealed with this key for this cell. */
  open(cell: string, sealed: string): Json;
}

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Makes a sealer. Each cell of each generation has a key of its own (HKDF-SHA-256), so a sealed value moved to another cell, stack or generation
 * does not open. The nonce is the HMAC of the value under a second derived key: a cell may be written again by a retry, and an equal value must
 * stay equal (write-once compares), while different values never share a nonce.
 */
export function makeSealer(sealKey: string, scope: Scope): Sealer {
  const derive = (purpose: string, cell: string): Buffer => {
    const info = JSON.stringify(["weft", 1, purpose, scope.stack, scope.generation, cell]);
    return Buffer.from(hkdfSync("sha256", sealKey, "", info, 32));
  };
  return {
    seal(cell, value) {
      const text = Buffer.from(JSON.stringify(value));
      const nonce = createHmac("sha256", derive("nonce", cell)).update(text).digest().subarray(0, nonceBytes);
      const cipher = createCipheriv(algorithm, derive("value", cell), nonce);
      return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString("base64url");
    },
    open(cell, sealed) {
      try {
        const bytes = Buffer.from(sealed, "base64url");
        const decipher = createDecipheriv(algorithm, derive("value", cell), bytes.subarray(0, nonceBytes), {
          authTagLength: tagBytes,
        });
        decipher.setAuthTag(bytes.subarray(-tagBytes));
        const text = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
        return JSON.parse(text.toString()) as Json;
      } catch (error) {
        const why = "it was not sealed with this stack's seal key for this cell";
        throw new Failure("give-up", "unsealable", `the secret ${cell} cannot be opened: ${why}`, { cause: error });
      }
    },
  };
}

/** A dataflow whose secret cells (those of `isSecret`) are sealed when they are published, and whose sealed records are opened when read. */
export function sealDataflow(dataflow: Dataflow, sealer: Sealer, isSecret: (cell: string) => boolean): Dataflow {
  const opened = <Rec extends CellRecord>(cell: string, record: Rec): Rec => openRecord(sealer, cell, record);
  return {
    ...dataflow,
    settled: async (cell, signal) => opened(cell, await dataflow.settled(cell, signal)),
    peek: async (cell, signal) => {
      const record = await dataflow.peek(cell, signal);
      return record === undefined ? undefined : opened(cell, record);
    },
    publish: (cell, record, signal) => {
      if (record.state !== "value" || !isSecret(cell)) return dataflow.publish(cell, record, signal);
      return dataflow.publish(cell, { ...record, value: sealer.seal(cell, record.value), sealed: true }, signal);
    },
    gather: async (cells, of, choice, signal) => {
      const gathered = await dataflow.gather(cells, of, choice, signal);
      if (gathered.state === "failed") return gathered;
      return { ...gathered, members: gathered.members.map(({ cell, record }) => ({ cell, record: opened(cell, record) })) };
    },
  };
}

/** Returns the record with its value in clear; one that is not sealed as it is. */
function openRecord<Rec extends CellRecord>(sealer: Sealer, cell: string, record: Rec): Rec {
  if (record.state !== "value" || record.sealed !== true) return record;
  const { sealed: _, ...rest } = record;
  return { ...rest, value: sealer.open(cell, record.value as string) } as Rec;
}
