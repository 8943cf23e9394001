// Names of files for vms.

/** The name of a vm's file: members' brackets would be patterns to a shell. */
export function fileNameOf(vm: string): string {
  return vm.replace(/\[([A-Za-z0-9]+)\]/g, ".$1").replace(/[^A-Za-z0-9._-]/g, "_");
}
