// The tool `puppet`: a manifest for `puppet apply`; inputs are keys of Hiera and facts that block the evaluation. Its shim: puppet.rb.
import { checkOptions, describeJob, readList, readPaths } from "../tool-options.ts";
import type { Tool } from "../tool.ts";

export const puppet = {
  name: "puppet",
  probe: { command: "puppet", install: "apt-get install puppet-agent" },
  prepare({ role, run, folder, roleFolder }) {
    checkOptions(role, ["modulepath", "tags", "sensitive"]);
    if (typeof run !== "string") throw new Error("what puppet runs is the text of a manifest");
    const at = (name: string): string => `${folder}/${name}`;
    const module = (name: string): string => at(`modules/weft/lib/${name}`);
    const scratch = `${roleFolder}/.scratch`;
    const modules = readPaths(role.options, "modulepath");
    const tags = readList(role.options, "tags");
    const deferred = role.inputs.filter(({ when }) => when === "deferred").map(({ name }) => name);
    const sensitive = role.options["sensitive"] === true ? role.inputs.filter(({ secret }) => secret) : [];
    const hierarchy = [{ name: "weft", lookup_key: "weft::hiera" }];
    return {
      files: [
        { path: at("site.pp"), text: run, mode: 0o600 },
        { path: at("hiera.yaml"), text: JSON.stringify({ version: 5, hierarchy }), mode: 0o600 },
        {
          path: at("job.json"),
          text: describeJob(role, { deferred, sensitive: sensitive.map(({ name }) => name) }),
          mode: 0o600,
        },
        { path: module("weft_client.rb"), shim: "client.rb", mode: 0o600 },
        { path: module("weft_puppet.rb"), shim: "puppet.rb", mode: 0o600 },
        // Puppet loads custom facts before it evaluates any manifest, however it is packaged and started.
        { path: module("facter/weft.rb"), text: 'require_relative "../weft_puppet"\n', mode: 0o600 },
        { path: module("puppet/functions/weft/hiera.rb"), shim: "puppet-hiera.rb", mode: 0o600 },
        { path: module("puppet/functions/weft/get.rb"), shim: "puppet-get.rb", mode: 0o600 },
      ],
      argv: [
        "puppet",
        "apply",
        "--detailed-exitcodes",
        "--color=false",
        `--hiera_config=${at("hiera.yaml")}`,
        // What puppet keeps of a run may hold secrets: reports, states of resources.
        ...["confdir", "vardir", "rundir", "publicdir"].map((name) => `--${name}=${scratch}/${name}`),
        // Modules that are installed on the vm stay, behind those of the option.
        `--basemodulepath=${[at("modules"), ...modules, "$codedir/modules", ...systemModules].join(":")}`,
        ...(tags.length === 0 ? [] : [`--tags=${tags.join(",")}`]),
        ...(deferred.length === 0 ? [] : ["--no-preprocess_deferred"]),
        at("site.pp"),
      ],
      env: { WEFT_JOB: at("job.json"), LC_ALL: "C.UTF-8" },
      cwd: roleFolder,
      outputFiles: {},
      scratch,
    };
  },
  // With detailed exit codes 2 means that something was changed.
  collect({ exitCode, signal }) {
    if (exitCode === 0 || exitCode === 2) return { outputs: {} };
    return { outputs: {}, failure: exitCode === null ? `ended by ${signal}` : `exit ${exitCode}` };
  },
} satisfies Tool;

const systemModules = ["/usr/share/puppet/modules", "/opt/puppetlabs/puppet/modules"];
