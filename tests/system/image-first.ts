// Before the tests of the cloud: begins to build the image that vms boot from, so that it is there by the time at which they want it.
import { kernelRefuses, netnsMissing, testImage } from "./vm-bed.ts";

export default function setup(): void {
  // Who needs it builds it again, and tells why that fails.
  if ((netnsMissing() ?? kernelRefuses()) === undefined) testImage().catch(() => {});
}
