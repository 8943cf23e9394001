// Before the system tests: the bundles that they run, made of the sources as they are.
// @ts-expect-error -- the build is plain JavaScript, since npm runs it on whatever Node is there
import { build } from "../../bin/build.js";

export default async function setup(): Promise<void> {
  await (build as () => Promise<void>)();
}
