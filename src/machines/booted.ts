// Vms that boot, as `weft up` uses them: each gets the user_data that a cloud would give it, and finds a hub on the bridge.
import { mkdirSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";
import type { Lan } from "./lan.ts";
import type { BootMachine, Machine, VmStart } from "./machine.ts";
import { noCloudSeed } from "./seed.ts";

// That of `weft hub`.
const hubPort = 8470;

/** Boots vms on `boots`, whose bridge is `lan`. */
export class BootedVms implements Machine {
  readonly #boots: BootMachine;
  readonly #lan: Lan;
  firstStartMs: number | undefined;
  readonly consoles: string;

  constructor(boots: BootMachine, lan: Lan, folder: string) {
    this.#boots = boots;
    this.#lan = lan;
    this.consoles = join(folder, "consoles");
    mkdirSync(this.consoles, { recursive: true });
  }

  listen(): Promise<Server> {
    return this.#lan.listen(hubPort);
  }

  async start({ vm, address, userData }: VmStart): Promise<void> {
    this.firstStartMs ??= Date.now();
    const seed = noCloudSeed({ name: vm, instanceId: `weft-${this.firstStartMs}-${vm}`, address, userData: userData() });
    await this.#boots.boot({ name: vm, seed });
  }

  stop(): Promise<void> {
    return this.#boots.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
