// The coordinators there are, one line each, loaded when first asked for.
import { Failure } from "../model/failure.ts";
import type { Backend, Coordinator } from "./coordinator.ts";

const backends: Record<string, () => Promise<Backend>> = {
  memory: async () => (await import("./backends/memory.ts")).memory,
  embedded: async () => (await import("./backends/embedded.ts")).embedded,
  etcd: async () => (await import("./backends/etcd.ts")).etcd,
  etcds: async () => (await import("./backends/etcd.ts")).etcd,
  zookeeper: async () => (await import("./backends/zookeeper.ts")).zookeeper,
  "zookeeper+tls": async () => (await import("./backends/zookeeper.ts")).zookeeper,
  http: async () => (await import("./backends/hub.ts")).hub,
  https: async () => (await import("./backends/hub.ts")).hub,
};

/** Opens the coordinator that `url` names. Fails `give-up` with code `bad-url` for a scheme that is not known. */
export async function openCoordinator(url: string, signal?: AbortSignal): Promise<Coordinator> {
  const scheme = /^([a-z+]+):/.exec(url)?.[1];
  const load = scheme === undefined ? undefined : Object.entries(backends).find(([known]) => known === scheme)?.[1];
  if (load === undefined) {
    throw new Failure("give-up", "bad-url", `${url} names no coordinator; known are: ${(await listExamples()).join(", ")}`);
  }
  return (await load()).open(url, signal);
}

async function listExamples(): Promise<string[]> {
  const loaded = await Promise.all(Object.values(backends).map((load) => load()));
  return [...new Set(loaded.map((backend) => backend.example))];
}
