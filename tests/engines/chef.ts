// Where install-chef.sh has put the versions of Chef that the tests run.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The versions there should be, the newest last. */
export const chefVersions = ["17", "18"] as const;

/** What an agent's environment must have so that a version runs. The tests accept Chef's license, and keep no record of it. */
export function chefEnvironment(version: string): Record<string, string> {
  return { PATH: `${chefFolder(version)}:${process.env["PATH"]}`, CHEF_LICENSE: "accept-no-persist" };
}

/** What PATH must have besides so that plans of Murano can bring cookbooks by Berkshelf. */
export const berksFolder: string = join(homedir(), ".cache/weft-chef/berks");

/** Why a version cannot be tested here; undefined where it can. */
export function chefMissing(version: string): string | undefined {
  if (existsSync(join(chefFolder(version), "chef-client"))) return undefined;
  return `Chef ${version} is not installed: tests/engines/install-chef.sh`;
}

function chefFolder(version: string): string {
  return join(homedir(), ".cache/weft-chef", version);
}
