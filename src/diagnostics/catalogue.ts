// Every diagnostic that weft knows: how bad it is, what it says, how to mend it. One row a code, codes are words; longer than
// other files because it is a table. Rows stand in the order in which the compiler meets them.

export type Severity = "error" | "warning" | "note";

export interface Row<Params> {
  severity: Severity;
  says(params: Params): string;
  hint?(params: Params): string | undefined;
  /** For `weft explain CODE`: what it means and how to mend it. */
  why: string;
}

export const catalogue = {
  // Files and YAML
  "missing-file": {
    severity: "error",
    says: ({ file }: { file: string }) => `cannot read the file "${file}"`,
    hint: () => "a relative path is looked up beside the template",
    why: "get_file names a file that is not there or cannot be read. weft reads the files of a template when it compiles; relative paths start at the folder of the template. Correct the path or add the file.",
  },
  "nested-limit": {
    severity: "error",
    says: ({ problem }: { problem: string }) => problem,
    why: "A stack may hold stacks, but Heat sets limits: a template must not hold itself, nor lie more than 5 templates deep (max_nested_stack_depth), and a stack has at most 1,000 resources with all that is nested in it. weft waits for, or counts, the members of one group at a time.",
  },
  "not-delivered": {
    severity: "warning",
    says: ({ vm, reason }: { vm: string; reason: string }) => `Heat cannot hand ${vm} its plan: ${reason}`,
    hint: () => "weft up runs it all the same",
    why: "In a cloud, a vm gets its plan from a resource that weft adds to the stack, and is told by Heat which vm it is. That cannot be done here, so the emitted template makes this vm without an agent, and its roles do not run there. Use groups at most two deep and few nested stacks around them, names of ASCII characters, a newer heat_template_version, and what is hidden in the vm's own template or in those around it only.",
  },
  "outside-folder": {
    severity: "error",
    says: ({ path }: { path: string }) => `"${path}" lies outside the template's folder`,
    hint: () => "an absolute path names a folder that is on the vm already",
    why: "Files that travel to a vm lie in the folder of the template or below it, so that the template can be handed on with them. Move them there, or put them on the vm's image and give their absolute path.",
  },
  "not-packable": {
    severity: "error",
    says: ({ path, isLink }: { path: string; isLink: boolean }) =>
      `"${path}" cannot travel to the vm: it is ${isLink ? "a symbolic link" : "neither a file nor a folder"}`,
    hint: ({ isLink }) => (isLink ? "put a copy of what it points to in its place" : "remove it, or move it elsewhere"),
    why: "A folder named in a role's options is packed as it is and unpacked on the vm. It may hold files and folders; a link could point to anything, and would point to something else on the vm.",
  },
  "bundle-too-large": {
    severity: "error",
    says: ({ totalBytes, limit, biggest }: { totalBytes: number; limit: number; biggest: string[] }) =>
      `the files for this vm have ${totalBytes} bytes; ${limit} may travel with its plan. The biggest: ${biggest.join(", ")}`,
    hint: () => "leave out what the vm does not need, or name an archive: {url: ..., sha256: ...}",
    why: "Files that roles need travel within the plan of their vm, and Heat takes no template of more than 512 KiB. Remove documentation and tests from the folder, or put an archive (tar, tar.gz, zip) on a web server and give its address and digest: the vm fetches it, checks it and unpacks it.",
  },
  "file-too-large": {
    severity: "error",
    says: ({ limit }: { limit: number }) => `the file has more than ${limit} characters`,
    why: "weft does not read templates and environments of this size: Heat takes no template of more than 524,288 bytes. Move texts into files of their own (get_file), and vms that are alike into a group.",
  },
  "too-large-for-heat": {
    severity: "warning",
    says: ({ what, limit }: { what: string; limit: string }) => `the template for Heat has ${what}; Heat's limit is ${limit}`,
    why: "Unless its operator has raised the limits, Heat refuses a template of more than 524,288 bytes (max_template_size) or a stack of more than 1,000 resources (max_resources_per_stack). Use groups, or nested templates.",
  },
  "bad-character": {
    severity: "error",
    says: ({ code }: { code: string }) =>
      code === "U+FFFD" ? "the file is not valid UTF-8 here" : `the character ${code} is not allowed in YAML`,
    why: "Templates are UTF-8 text. Save the file as UTF-8, and write control characters as escapes in a double-quoted string.",
  },
  "yaml-syntax": {
    severity: "error",
    says: ({ problem }: { problem: string }) => problem,
    why: "The file is not well-formed YAML. Often the indentation is uneven, a tab stands where spaces must, a quote is not closed, or a text that holds `: ` or starts with `{`, `[`, `*`, `&` or `%` needs quotes.",
  },
  "bad-alias": {
    severity: "error",
    says: ({ problem }: { problem: string }) => problem,
    why: "A YAML alias (`*name`) has no anchor (`&name`) before it, contains itself, or all aliases together would blow the template up beyond any use. Write the value out, or name an anchor that stands earlier in the file.",
  },
  "duplicate-key": {
    severity: "error",
    says: ({ key }: { key: string }) => `the key "${key}" is given twice`,
    why: "Within weft's annotation a key may be given once: of two inputs or outputs of one name, one would be lost without a word. Remove or rename one of them.",
  },
  "shadowed-key": {
    severity: "warning",
    says: ({ key }: { key: string }) => `the key "${key}" is given again: Heat takes this one and forgets the earlier one`,
    why: "YAML keys should be unique. Heat accepts a repeated key and silently keeps the last value; weft does the same, with this warning. Remove the value that is not meant.",
  },
  "not-a-template": {
    severity: "error",
    says: ({ found }: { found: string }) => `this is no template: a map is expected, not ${found}`,
    why: "A HOT template and an environment file are YAML maps. The file is empty or holds something else.",
  },
  // Shapes, everywhere
  "missing-key": {
    severity: "error",
    says: ({ what, key }: { what: string; key: string }) => `${what} has no "${key}"`,
    why: "A key is required here. The template reference lists the keys of each part.",
  },
  "unknown-key": {
    severity: "error",
    says: ({ what, key }: { what: string; key: string }) => `${what} cannot have the key "${key}"`,
    why: "The key is not one that Heat (or, within `weft`, weft) knows at this place; Heat would refuse the template. Mostly it is a slip of the pen, a key indented too far or too little, or one that only a newer heat_template_version has.",
  },
  "ignored-key": {
    severity: "warning",
    says: ({ what, key }: { what: string; key: string }) => `Heat takes no notice of the key "${key}" of ${what}`,
    why: "An output of a stack has a value and a description, and since 2016-10-14 a condition; `reveal` is weft's. Heat lets any other key pass without reading it. Remove the key, or correct it.",
  },
  "bad-type": {
    severity: "error",
    says: ({ what, expected, found }: { what: string; expected: string; found: string }) =>
      `${what} must be ${expected}, not ${found}`,
    why: "The value is of another kind than what is needed here. Mind YAML's own typing: `yes` and `on` are booleans, `1.10` is a number; quotes make a text of them.",
  },
  "bad-name": {
    severity: "error",
    says: ({ what, name }: { what: string; name: string }) => `"${name}" cannot name ${what}`,
    hint: () => "a name starts with a letter or _ and goes on with letters, digits, _ and -",
    why: "Names of roles and outputs become parts of cell ids like `db.mysql.port` and of commands like `weft-put NAME`, so they are kept plain: a letter or underscore, then letters, digits, underscores and hyphens.",
  },
  // Template sections
  "unknown-version": {
    severity: "error",
    says: ({ version }: { version: string }) => `"${version}" is no heat_template_version`,
    why: "The version decides which functions and keys exist. Heat knows dates from 2013-05-23 to 2021-04-16 and, from newton on, release names.",
  },
  "unknown-resource": {
    severity: "error",
    says: ({ name }: { name: string }) => `there is no resource "${name}"`,
    why: "A resource is named that the template does not define. Correct the name, or add the resource.",
  },
  "unknown-condition": {
    severity: "error",
    says: ({ name }: { name: string }) => `there is no condition "${name}"`,
    why: "A condition is named that the section `conditions` does not define. Correct the name, or define it.",
  },
  "bad-merge": {
    severity: "error",
    says: ({ name, problem }: { name: string; problem: string }) => `the parameter "${name}" ${problem}`,
    why: "Several environments give the parameter a value, and parameter_merge_strategies says to merge them. Heat merges maps with maps, lists with lists, texts with texts and numbers with numbers, and all files must say the same.",
  },
  "not-a-condition": {
    severity: "error",
    says: () => "a condition is expected here: the name of one, true or false, or a condition function",
    why: "A condition is the name of an entry of the section `conditions`, true, false, or one of the functions equals, not, and, or, contains, get_param and yaql.",
  },
  "condition-cycle": {
    severity: "error",
    says: ({ cycle }: { cycle: string[] }) => `conditions are defined by each other: ${cycle.join(" -> ")}`,
    why: "Each of these conditions needs the next one to be known first. Define one of them without the others.",
  },
  "cfn-template": {
    severity: "note",
    says: () => "a template in CloudFormation's form: it passes through as it is",
    why: "weft reads and annotates HOT templates. A template with AWSTemplateFormatVersion is Heat's alone: nothing in it is checked, and `weft compile` copies it.",
  },
  // Parameters
  "unknown-parameter": {
    severity: "error",
    says: ({ name }: { name: string }) => `the template has no parameter "${name}"`,
    why: "A value is given, or asked for with get_param, for a parameter that the template does not declare. Heat refuses this. Correct the name, or declare the parameter.",
  },
  "duplicate-name": {
    severity: "error",
    says: ({ name }: { name: string }) => `a resource and a parameter are both named "${name}"`,
    why: "Heat refuses a template in which a parameter and a resource have the same name. Rename one of them.",
  },
  "bad-parameter-value": {
    severity: "error",
    says: ({ name, source, problem }: { name: string; source: string; problem: string }) =>
      `${source} of parameter "${name}" ${problem}`,
    why: "A default or a given value does not fit the parameter's type or breaks one of its constraints. Heat would refuse to create the stack.",
  },
  "bad-constraint": {
    severity: "error",
    says: ({ problem }: { problem: string }) => `bad constraint: ${problem}`,
    why: "A parameter's constraint must be one of length, range, modulo, allowed_values, allowed_pattern and custom_constraint, each with its own keys, and must fit the parameter's type.",
  },
  // Functions
  "function-not-in-version": {
    severity: "error",
    says: ({ fn, version }: { fn: string; version: string }) =>
      `the function ${fn} does not exist in heat_template_version ${version}`,
    why: "The function was removed from HOT in a version before this one. Use its successor: list_join for Fn::Join, str_split for Fn::Split, str_replace for Fn::Replace, a path in get_attr for Fn::Select, get_resource or get_param for Ref.",
  },
  "bad-function-argument": {
    severity: "error",
    says: ({ fn, expected }: { fn: string; expected: string }) => `${fn} needs ${expected}`,
    why: "The function's argument has a shape that Heat refuses.",
  },
  "function-not-allowed": {
    severity: "error",
    says: ({ what, fn }: { what: string; fn: string }) => `${what} cannot hold a function (${fn})`,
    why: "This value must be known when the template is compiled, so it is written out. Functions may stand in `run`, in inputs, in an `on: {index: ...}` and in the template's outputs and properties.",
  },
  // Roles
  "not-a-vm": {
    severity: "error",
    says: ({ resource, type }: { resource: string; type: string }) => `roles cannot run on "${resource}": ${type} is no vm`,
    hint: () => "annotate an OS::Nova::Server, or the resource_def of an OS::Heat::ResourceGroup of servers",
    why: "Roles run on vms. The annotation `metadata: {weft: ...}` belongs to a resource of type OS::Nova::Server, or into `resource_def` of an OS::Heat::ResourceGroup whose members are such servers.",
  },
  "duplicate-role": {
    severity: "error",
    says: ({ vm, role }: { vm: string; role: string }) => `"${vm}" has two roles named "${role}"`,
    why: "A role is known by its vm and its name, so names of one vm's roles must differ. Rename one.",
  },
  "unknown-tool": {
    severity: "error",
    says: ({ tool }: { tool: string }) => `there is no tool "${tool}"`,
    hint: () => "tools: script, chef, puppet, salt, ansible, murano, hook:PATH",
    why: "A role's `tool` says what runs it: script, chef, puppet, salt, ansible, murano, or hook:PATH for a hook made for Heat's own agent.",
  },
  "no-deferred": {
    severity: "error",
    says: ({ tool, input }: { tool: string; input: string }) => `${tool} cannot defer input "${input}"`,
    hint: () => 'say "when: lazy": the read blocks where the value is used, and what comes before has been done',
    why: "`when: deferred` is for tools that evaluate everything first and apply it afterwards (chef, puppet, salt): the read then blocks only the resource that uses the value. Scripts, hooks, playbooks and execution plans do one step after the other: there a lazy read blocks the step that uses the value and nothing before it.",
  },
  "unknown-input": {
    severity: "error",
    says: ({ of, name }: { of: string; name: string }) => `${of} has no input "${name}"`,
    why: "`before` promises that an output is written before an input is first read; it must name inputs of the same role.",
  },
  "unclear-input": {
    severity: "warning",
    says: ({ name, key }: { name: string; key: string }) => `input "${name}" is taken as a plain map because of its key "${key}"`,
    why: "An input is written short (`NAME: EXPR`) or long (`NAME: {value: EXPR, type: ..., ...}`). It counts as long if it has the key `value` and none that weft does not know. This one has `value` and a key that looks like a misspelt one, or `secret`, which outputs and parameters have, so it is passed on as a map.",
  },
  // References
  "unknown-attribute": {
    severity: "error",
    says: ({ resource, name }: { resource: string; name: string }) =>
      `${resource} has no attribute "${name}" and none of its roles writes it`,
    why: "`get_attr: [R, NAME]` names an output that a role of R declares, or else an attribute of R's resource type. NAME is neither. Correct the name, or declare it as an output of the role that writes it.",
  },
  "unknown-role": {
    severity: "error",
    says: ({ resource, name }: { resource: string; name: string }) => `${resource} has no role "${name}"`,
    why: "get_output or `after` names a role that the resource does not have. Correct the name, or give the resource that role in its `metadata: {weft: {roles: [...]}}`.",
  },
  "unknown-output": {
    severity: "error",
    says: ({ resource, role, name }: { resource: string; role: string; name: string }) =>
      `role "${role}" of ${resource} declares no output "${name}"`,
    why: "`get_output: [R, ROLE, NAME]` reads an output that ROLE must declare. Correct the name, or declare it under the role's `outputs`.",
  },
  "unknown-member": {
    severity: "error",
    says: ({ group, member }: { group: string; member: string }) => `the group ${group} has no member "${member}"`,
    why: "`[GROUP, resource.N.NAME]` means one member of a group. N counts from 0 and must be less than the group's count; within the metadata of a group its index variable (%index%) stands for a member's own number.",
  },
  "unknown-members": {
    severity: "warning",
    says: ({ group }: { group: string }) => `only Heat knows which members of "${group}" this takes away`,
    hint: () => "name them by number, ['1']: who reads all members, or one of them, counts on those that this takes away as well",
    why: "Roles that read all members of a group wait for each of them by its number, without those that removal_policies name. A parameter or a function tells the numbers to Heat alone, and so does the id of a server. As long as it names nobody, all is well; a member that it takes away would be waited for until the stack's timeout.",
  },
  "output-without-value": {
    severity: "warning",
    says: ({ what, name }: { what: "resource" | "parameter"; name: string }) =>
      `this output has no value: there is no ${what} "${name}"`,
    why: "An output names a resource or a parameter that the template does not define. Heat creates the stack all the same, and shows the output with an error in place of a value. Correct the name, or remove the output.",
  },
  "output-not-told": {
    severity: "warning",
    says: ({ output, vm }: { output: string; vm: string }) =>
      `Heat is not told the output "${output}": ${vm}, which would tell it, gets no plan`,
    hint: () => "let a role of another vm read it, and write what the output reads; weft get reads single values from the hub",
    why: "A stack output that roles write reaches Heat from one vm that writes some of it, and Heat cannot hand this vm its plan (`not-delivered` says why). The emitted template is without this output.",
  },
  "ambiguous-output": {
    severity: "error",
    says: ({ resource, name }: { resource: string; name: string }) => `two roles of ${resource} declare the output "${name}"`,
    why: "`get_attr: [R, NAME]` cannot tell which of the two roles is meant. Say it: `{get_output: [R, ROLE, NAME]}`.",
  },
  "output-hides-attribute": {
    severity: "warning",
    says: ({ resource, name, type }: { resource: string; name: string; type: string }) =>
      `"${name}" is an output of a role of ${resource} and also an attribute of ${type}: the role's output is read`,
    why: "An output has the name of an attribute that Heat knows too. In roles and stack outputs get_attr means the role's output. Write `{get_output: [R, ROLE, NAME]}` to say so, or rename the output.",
  },
  "not-known-to-heat": {
    severity: "error",
    says: ({ resource, name }: { resource: string; name: string }) =>
      `"${name}" is written by a role of ${resource}: Heat, which \`bind: deploy\` asks, does not know it`,
    hint: () => "leave out `bind: deploy`",
    why: "`bind: deploy` makes Heat resolve the references of an input when it creates the stack, before any role has run. Outputs of roles do not exist then. Leave out `bind: deploy`, or refer to an attribute of the resource.",
  },
  "computed-path": {
    severity: "error",
    says: ({ fn }: { fn: string }) => `the path of a run-time ${fn} must be written out`,
    why: "Which cell is read, and which part of it, must be known when the template is compiled, so a reference to a role's output takes names and numbers only, no functions.",
  },
  "of-needs-group": {
    severity: "error",
    says: ({ resource }: { resource: string }) =>
      `\`of\` says how many members must have written, but ${resource} has one value here`,
    hint: () => "leave out `of`",
    why: "`of: all | any | N` belongs to a read over all members of a group. A single vm, and a role that runs on one member only (`on: one`), have one value.",
  },
  "too-many-members": {
    severity: "error",
    says: ({ group, of, size }: { group: string; of: number; size: number }) =>
      `\`of: ${of}\` can never be met: ${group} has ${size} ${size === 1 ? "member" : "members"}`,
    why: "`of: N` waits until N members of the group have written, and the group has fewer. Use `of: all`, or a smaller number.",
  },
  "run-time-value-here": {
    severity: "error",
    says: ({ what, place }: { what: string; place: string }) => `${what} is known only at run time and cannot stand in ${place}`,
    hint: () => "a run-time value may stand in an input of a role and in the template's outputs",
    why: "Heat makes the resources before any role has run, so what a role writes cannot reach a resource's properties, a condition, a count or a role's `run`. Give it to a role as an input, and let the role use it.",
  },
  "run-time-value-in-function": {
    severity: "error",
    says: ({ fn }: { fn: string }) => `${fn} cannot work on a run-time value`,
    why: "A function with a run-time part is evaluated on the reading vm. Conditions, repeat, yaql and functions about the stack itself exist only in Heat. Give the parts to the role as inputs of their own, or use str_replace, list_join and their like.",
  },
  "function-failed": {
    severity: "error",
    says: ({ fn, problem }: { fn: string; problem: string }) => `${fn} fails: ${problem}`,
    why: "All arguments of the function are constants, and it cannot be evaluated with them; Heat would fail in the same way.",
  },
  "group-read-as-one": {
    severity: "warning",
    says: ({ group, name }: { group: string; name: string }) =>
      `"${name}" of all members of ${group} is a list, put into a text as JSON`,
    why: "A reference to a group gives a list with one value a member. Within str_replace it becomes JSON text, which is seldom meant. Join it with list_join, or read one member: `[GROUP, resource.0.NAME]`.",
  },
  // Roles among each other
  "on-outside-group": {
    severity: "error",
    says: ({ role }: { role: string }) => `role "${role}" says \`on\`, but its vm is no member of a group`,
    why: "`on: one`, `on: others` and `on: {index: ...}` choose among the members of a group. A single vm runs all its roles.",
  },
  "mixed-choice": {
    severity: "error",
    says: ({ group, role, other }: { group: string; role: string; other: string }) =>
      `roles "${other}" and "${role}" choose the one member of ${group} in different ways`,
    why: "A group has one chosen member: all its `on: one`, `on: {index: ...}` and `on: others` roles mean the same. Give the same index to each `on: {index: ...}`, and do not mix it with `on: one`.",
  },
  "reads-delete-role": {
    severity: "error",
    says: ({ reader, role }: { reader: string; role: string }) =>
      `${reader} waits for ${role}, which runs only when its vm is deleted`,
    why: "A role with `on_delete: true` does not take part in a deployment; what waits for it would wait for ever.",
  },
  deadlock: {
    severity: "error",
    says: ({ cycle }: { cycle: string[] }) => `these roles wait for each other: ${cycle.join(" -> ")}`,
    why: "Each role of the cycle waits for the next, so none could ever start or end. The notes say what each one waits for. Break one of the links: reorder the roles of a vm or say `order: dataflow`, drop an input or an `after`, publish an output `on_write`, or say `before: [INPUT]` on an `on_write` output that the code writes before it reads INPUT. A group whose size is not written in the template counts as one role.",
  },
  "deploy-time-cycle": {
    severity: "error",
    says: ({ cycle }: { cycle: string[] }) => `Heat would have to make each of these before the other: ${cycle.join(" -> ")}`,
    hint: () => "first_address and name of a vm, without `bind: deploy`, are read at run time and need no order",
    why: "Deploy-time references are resolved by Heat, which makes a resource before it knows its attributes. vms that refer to each other's attributes cannot both come first. Read `first_address` or `name`, which agents report at run time, or let a role write the value as an output.",
  },
  "type-mismatch": {
    severity: "error",
    says: ({ what, expected, found }: { what: string; expected: string; found: string }) =>
      `${what} is declared ${expected}, but gets ${found}`,
    why: "The declared type of an input and what it reads, or its default, do not fit. Types are string, number, boolean, json (anything but null) and comma_delimited_list (a list of strings).",
  },
  "secret-in-output": {
    severity: "error",
    says: ({ output }: { output: string }) => `the stack output "${output}" would show a secret`,
    hint: () => "say `reveal: true` on the output if that is meant",
    why: "The value is built from an output with `secret: true` or from a hidden parameter; stack outputs can be read by everybody who may look at the stack. Remove it, or allow it with `reveal: true`.",
  },
  "missing-property": {
    severity: "error",
    says: ({ type, name }: { type: string; name: string }) => `${type} needs a value for its parameter "${name}"`,
    hint: () => "give it among the properties, or let the parameter have a default",
    why: "The resource is a nested stack: its properties are the parameters of its template. One without a default must be given; Heat would refuse the stack.",
  },
  "endless-reference": {
    severity: "error",
    says: ({ steps }: { steps: string[] }) => `this value is made of itself: ${steps.join(" -> ")}`,
    why: "A parameter of a nested stack is given a value that is made of an output of that stack, which is made of the parameter. Neither Heat nor weft can say what it is. Let the output come from a role, or the parameter from elsewhere.",
  },
  "not-nested": {
    severity: "error",
    says: ({ name }: { name: string }) => `"${name}" is no nested stack`,
    hint: () => "in a path such as outer/db, all but the last name are resources whose type is a template file",
    why: "`after: [outer/db, ROLE]` and `{get_output: [outer/db, ROLE, NAME]}` name a vm within a nested stack by its path. A resource on the way is not one whose type is a template file, or a group of such.",
  },
  "unknown-type": {
    severity: "note",
    says: ({ type }: { type: string }) =>
      `Heat's own engine has no resource type "${type}": a plug-in or an environment must bring it`,
    why: "weft knows the resource types of Heat's engine and their attributes. This one must come from a plug-in of the engine, or from an alias in an environment's resource_registry that is not given here. Its attributes are taken as they are written; Heat will judge.",
  },
  "unknown-property": {
    severity: "warning",
    says: ({ type, name }: { type: string; name: string }) => `${type} has no property "${name}"`,
    why: "Heat refuses a property that the resource type does not have. weft has the names from Heat 19; if your Heat is newer and has the property, take no notice.",
  },
  "unread-output": {
    severity: "note",
    says: ({ role, output }: { role: string; output: string }) => `nobody reads ${role}'s output "${output}"`,
    why: "The role must write the output, but no input and no stack output reads it. That does no harm; perhaps a reader has another name in mind.",
  },
  // Heat's own software config
  "deployment-is-role": {
    severity: "note",
    says: ({ deployment, roles, tool, atDelete }: { deployment: string; roles: string[]; tool: string; atDelete: boolean }) =>
      `deployment "${deployment}" becomes ${roles.length === 1 ? "the role" : "the roles"} ${roles.join(", ")} (${tool}${atDelete ? ", when the vm is deleted" : ""})`,
    why: "A deployment of Heat's own software config is run by weft's agent as a role of its server: its input_values are the role's inputs, the outputs of its config the role's outputs, and get_attr on it a run-time read. Heat makes all servers at once, and nothing polls. The emitted template no longer has the deployment.",
  },
  "deployment-stays": {
    severity: "note",
    says: ({ deployment, reason }: { deployment: string; reason: string }) =>
      `deployment "${deployment}" stays with Heat: ${reason}`,
    why: "A deployment becomes a role if weft knows all of it when it compiles and nothing that Heat makes needs it: its config and its servers are resources of this template, names, actions and signal_transport are written out, the config's group is a tool that weft has, and no property or depends_on of another resource waits for it. Otherwise it stays in the template as it is, and so do the deployments that it depends on; the image then needs Heat's own agent as before.",
  },
  "two-agents": {
    severity: "warning",
    says: ({ vm, deployments }: { vm: string; deployments: string[] }) =>
      `${vm} runs roles and also ${deployments.join(", ")}, which ${deployments.length === 1 ? "stays" : "stay"} with Heat: nobody keeps them from running side by side`,
    why: "Heat's agent runs the deployments of a server one at a time, and weft's agent runs its roles one at a time, but the two do not know of each other. Where that matters (both install packages, say), give the ones that stay and the others an order of their own, or remove what keeps them with Heat.",
  },
  "action-not-run": {
    severity: "warning",
    says: ({ deployment, actions }: { deployment: string; actions: string[] }) =>
      `nothing runs for "${deployment}" at ${[...new Set(actions)].join(", ")}`,
    why: "Roles run when the stack is created, again when they have changed, and with `on_delete` when their vm leaves. weft does not take part when Heat suspends or resumes a stack, and a component's separate config for UPDATE is not run: a changed role runs what it runs at CREATE.",
  },
  "deployment-rounds": {
    severity: "note",
    says: ({ count, rounds }: { count: number; rounds: string[][] }) =>
      `${count} ${count === 1 ? "role" : "roles"} in ${rounds.length} ${rounds.length === 1 ? "round" : "rounds"}: ${showRounds(rounds)}`,
    why: "What were deployments of Heat's own now runs in this many rounds, were all equally long: roles of one round run side by side, each on its vm. On one vm they run one at a time, as with Heat's agent.",
  },
  // The user's own user_data
  "properties-by-function": {
    severity: "error",
    says: ({ vm }: { vm: string }) => `the properties of ${vm} are made by a function; weft must add its own to them`,
    hint: () => "write the map out; its values may be functions",
    why: "weft brings its agent by the property user_data of a vm, beside what the template gives there, so it must see which properties there are.",
  },
  "user-data-replaces": {
    severity: "warning",
    says: ({ vm }: { vm: string }) => `a changed user_data does not replace ${vm} any more: its update policy becomes IGNORE`,
    why: "user_data of a vm with roles names the agent's program and the hubs. Were the policy REPLACE, a newer weft would rebuild every vm. What is to change on living vms belongs into roles.",
  },
  "user-data-ignored": {
    severity: "error",
    says: ({ vm }: { vm: string }) =>
      `user_data of ${vm} never runs: with user_data_format HEAT_CFNTOOLS (the default) Heat runs scripts only`,
    hint: () => "add user_data_format: SOFTWARE_CONFIG if it should run, or take it away",
    why: "With the format HEAT_CFNTOOLS, which is the default, cloud-init takes user_data for a script and passes over cloud-config and MIME texts without a word. weft makes the format SOFTWARE_CONFIG, with which it would run; so say what is meant.",
  },
  "user-data-encoding": {
    severity: "error",
    says: ({ vm, type, encoding }: { vm: string; type: string; encoding: string }) =>
      `user_data of ${vm} has a part of type ${type}, encoded as ${encoding}: Heat would break it`,
    hint: () =>
      "give text parts without an encoding; compressed files go into write_files of a cloud-config, with encoding: gz+b64",
    why: "Software deployments need the format SOFTWARE_CONFIG, with which Heat wraps each part of user_data anew without decoding it. Only text parts that are not encoded (7bit, 8bit) come through.",
  },
  "user-data-unclear": {
    severity: "error",
    says: ({ vm }: { vm: string }) => `the parts of user_data of ${vm} are not known when the template is compiled`,
    hint: () => "write the MIME text out (get_file, or str_replace with a template that is written out), or the list of parts",
    why: "weft adds a part to user_data, so it must see where the others begin and end. Their texts may be made by functions, the MIME message around them may not.",
  },
  "user-data-too-large": {
    severity: "error",
    says: ({
      vm,
      total,
      limit,
      biggest,
    }: {
      vm: string;
      total: number;
      limit: number;
      biggest: { name: string; bytes: number }[];
    }) =>
      `user_data of ${vm} has ${total} bytes with all that weft and Heat add; Nova takes ${limit}. Biggest: ${biggest.map(({ name, bytes }) => `${name} (${bytes})`).join(", ")}`,
    hint: () => "move scripts into roles (they travel on another way), or big files to where the vm can fetch them",
    why: "Nova takes user_data of 65,535 base64 characters, which are 49,149 bytes. Plans of roles do not count: they reach the vm by a deployment. What is known only to Heat (parameters, attributes) is not counted.",
  },
} satisfies Record<string, Row<never>>;

function showRounds(rounds: string[][]): string {
  const shown = rounds.slice(0, 8).map((round) => (round.length > 8 ? [...round.slice(0, 8), "..."] : round).join(" + "));
  return [...shown, ...(rounds.length > 8 ? ["..."] : [])].join(", then ");
}

export type Code = keyof typeof catalogue;

/** What a code's message is made of. */
export type ParamsOf<C extends Code> = Parameters<(typeof catalogue)[C]["says"]>[0];
