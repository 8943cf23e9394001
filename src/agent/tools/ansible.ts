// The tool `ansible`: a playbook for this vm; inputs are variables that block the task that first uses them. Its shim: ansible.py.
import type { Json } from "../../model/json.ts";
import { checkOptions, describeJob, readList, readPaths } from "../tool-options.ts";
import type { Job, Tool } from "../tool.ts";

export const ansible = {
  name: "ansible",
  probe: { command: "ansible-playbook", install: "apt-get install ansible-core, or pip install ansible-core" },
  prepare(job) {
    const { role, run, folder, roleFolder } = job;
    checkOptions(role, ["roles_path", "collections_path", "tags", "skip_tags", "groups"]);
    const { variables, inventory } = sortInputs(job);
    const at = (name: string): string => `${folder}/${name}`;
    const scratch = `${roleFolder}/.scratch`;
    const listFlag = (flag: string, list: string[]): string[] => (list.length === 0 ? [] : [flag, list.join(",")]);
    const pathVariable = (name: string, paths: string[]): Record<string, string> =>
      paths.length === 0 ? {} : { [name]: paths.join(":") };
    return {
      files: [
        { path: at("playbook.yml"), text: typeof run === "string" ? run : JSON.stringify(run), mode: 0o600 },
        { path: at("variables.json"), text: JSON.stringify(variables), mode: 0o600 },
        // An inventory that is a program may have any names; in one that is a file `app[0]` would be a range.
        { path: at("inventory"), text: `#!/bin/sh\ncat "$0.json"\n`, mode: 0o700 },
        { path: at("inventory.json"), text: JSON.stringify(inventory), mode: 0o600 },
        { path: at("job.json"), text: describeJob(role), mode: 0o600 },
        { path: at("python/weft_client.py"), shim: "client.py", mode: 0o600 },
        { path: at("python/plugins/weft.py"), shim: "ansible.py", mode: 0o600 },
      ],
      argv: [
        "ansible-playbook",
        `--inventory=${at("inventory")}`,
        "--connection=local",
        "--limit=localhost",
        `--extra-vars=@${at("variables.json")}`,
        ...listFlag("--tags", readList(role.options, "tags")),
        ...listFlag("--skip-tags", readList(role.options, "skip_tags")),
        at("playbook.yml"),
      ],
      env: {
        WEFT_JOB: at("job.json"),
        ANSIBLE_LOOKUP_PLUGINS: `${at("python/plugins")}:~/.ansible/plugins/lookup:/usr/share/ansible/plugins/lookup`,
        ANSIBLE_CALLBACK_PLUGINS: `${at("python/plugins")}:~/.ansible/plugins/callback:/usr/share/ansible/plugins/callback`,
        ...pathVariable("ANSIBLE_ROLES_PATH", readPaths(role.options, "roles_path")),
        ...pathVariable("ANSIBLE_COLLECTIONS_PATH", readPaths(role.options, "collections_path")),
        // The arguments of modules may hold secrets: piped into them, not left in files, not said to the system's log.
        ANSIBLE_PIPELINING: "1",
        ANSIBLE_NO_TARGET_SYSLOG: "1",
        ANSIBLE_LOCAL_TEMP: scratch,
        ANSIBLE_REMOTE_TEMP: scratch,
        ANSIBLE_NOCOLOR: "1",
        LC_ALL: "C.UTF-8",
      },
      cwd: roleFolder,
      outputFiles: {},
      scratch,
    };
  },
  collect({ exitCode, signal }) {
    if (exitCode === 0) return { outputs: {} };
    return { outputs: {}, failure: exitCode === null ? `ended by ${signal}` : `exit ${exitCode}` };
  },
} satisfies Tool;

// Each input is a template that asks the agent when it is used, so a task blocks only if it uses one.
function sortInputs({ role, inputs }: Job): { variables: Record<string, Json>; inventory: Json } {
  const variables: Record<string, Json> = {};
  const others: Record<string, Record<string, Json>> = {};
  for (const { name } of role.inputs) {
    // Left undefined where it is known to be absent: then defaults of the playbook's roles apply.
    if (inputs[name] === null) continue;
    const template = `{{ lookup('weft', '${name}') }}`;
    const [, vm, variable] = /^hostvars\.([^'"\\{}\s]+)\.([A-Za-z_]\w*)$/.exec(name) ?? [];
    if (vm !== undefined && variable !== undefined) (others[vm] ??= {})[variable] = template;
    else if (/^[A-Za-z_]\w*$/.test(name)) variables[name] = template;
    else throw new Error(`input "${name}": a variable of Ansible is letters, digits and _; of another vm hostvars.VM.NAME`);
  }
  const here = { ansible_python_interpreter: "{{ ansible_playbook_python }}" };
  const groups = readList(role.options, "groups").map((group) => [group, { hosts: ["localhost"] }]);
  const inventory = {
    ...(Object.fromEntries(groups) as Record<string, Json>),
    all: { hosts: ["localhost", ...Object.keys(others)] },
    _meta: { hostvars: { ...others, localhost: here } },
  };
  return { variables, inventory };
}
