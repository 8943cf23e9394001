// Asks the real Heat engine: Debian's interpreter runs the scripts beside this file.
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Json } from "../../src/model/json.ts";

// Only it sees Debian's modules.
const python = "/usr/bin/python3";

export const isHeatThere: boolean = spawnSync(python, ["-c", "import heat.engine, heatclient"]).status === 0;
export const isHeatRequired: boolean = process.env["REQUIRE_ENGINES"] === "1";

export interface Verdict {
  file: string;
  error: string | null;
  edges: [string, string][];
}

/** What `openstack orchestration template validate` would say of each TEMPLATE or TEMPLATE=ENVIRONMENT. */
export function askHeat(files: string[]): Verdict[] {
  const answer = execFileSync(python, [join(import.meta.dirname, "heat-accepts.py"), ...files], { encoding: "utf8" });
  return JSON.parse(answer) as Verdict[];
}

export interface Creation {
  file: string;
  environment?: string;
  parameters?: Record<string, string>;
  attributes?: Record<string, Json>;
  /** What agents tell of stack outputs; without, none has answered yet. */
  told?: Record<string, Json>;
}

export interface Created extends Verdict {
  servers: Record<string, CreatedServer>;
  outputs: Record<string, Json>;
}

export interface CreatedServer {
  userData: string;
  metadata: Record<string, Json>;
  policy: [string, string];
  deployments: { name: string; config: string; actions: string[]; values: Record<string, Json> }[];
}

/** What Heat makes of each template: strictly checked, every property and function resolved. */
export function createWithHeat(creations: Creation[]): Created[] {
  const input = JSON.stringify(creations);
  const answer = execFileSync(python, [join(import.meta.dirname, "heat-creates.py")], {
    encoding: "utf8",
    input,
    maxBuffer: 1 << 28,
  });
  return JSON.parse(answer) as Created[];
}
