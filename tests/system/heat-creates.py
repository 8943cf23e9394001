"""Lets the real Heat engine resolve whole stacks, in this process: every property and function by its own code, nested templates and groups
too; only what a cloud would answer is made up. Reads a JSON list of {file, parameters, attributes, told} from standard input, attributes by
`resource.attribute`, told by the names of stack outputs: what agents answer; without, none has answered yet. Prints one of {file, error, servers, edges, outputs}: error null: what Heat checks before it creates anything went well; servers by name
(`app/0` in a group) with the exact user_data that Nova would get, the server's own metadata, and the deployments on it; edges: [server, server] where one waits for the
other, at whatever distance.
"""

import json
import sys
import uuid

from heat_engine import prepare_engine, read_template, someone  # first of all: it makes eventlet patch what the engine imports
from heat.common import exception, identifier
from heat.engine import attributes, constraints, node_data, resource, stack, stk_defn
from heat.engine.clients.os import nova
from heat.engine.resources import stack_resource
from heat.engine.resources.openstack.heat import autoscaling_group, random_string, resource_group, software_config, software_deployment, value
from heat.engine.resources.openstack.nova import server
from unittest import mock

STACK_ID = "0d5ad3a4-6d52-4cb2-8a0f-2b9d1c6a7e31"


class Configs:
    """The one part of Heat's own API that configs ask for."""

    def __init__(self):
        self.by_id = {}

    def create_software_config(self, _context, **config):
        config["id"] = str(uuid.uuid4())
        self.by_id[config["id"]] = config
        return config

    def show_software_config(self, _context, config_id):
        return self.by_id[config_id]

    def ignore_error_by_name(self, _name):
        return mock.MagicMock()


class Run:
    def __init__(self, known, told):
        self.known = known
        self.told = told
        self.servers = {}
        self.configs = Configs()
        resource.Resource.rpc_client = lambda _: self.configs

    def create(self, made, prefix):
        """Resolves all resources of a stack in Heat's own order, and returns what the stack's outputs are then."""
        for one in made.dependencies:
            name = f"{prefix}{one.name}"
            reference, attribute = self.make(one, name)
            values = {}
            for wanted in one.referenced_attrs(in_resources=True, in_outputs=True):
                path = [wanted] if isinstance(wanted, str) else list(wanted)
                values[wanted] = attribute(path)
            stk_defn.update_resource_data(
                made.defn, one.name, node_data.NodeData(None, one.name, None, reference, values, "CREATE", "COMPLETE")
            )
        return {name: show(output) for name, output in made.outputs.items()}

    def make(self, one, name):
        if isinstance(one, server.Server):
            return self.make_server(one, name)
        if isinstance(one, software_deployment.SoftwareDeployment):
            return self.make_deployment(one, name)
        if isinstance(one, software_config.SoftwareConfig):
            one.handle_create()
            return one.resource_id, lambda path: self.configs.by_id[one.resource_id]["config"]
        if isinstance(one, resource_group.ResourceGroup):
            outputs = self.make_nested(one, f"{name}/")
            one.resource_id = name
            one.get_output = lambda output: outputs[output]
            return name, lambda path: one.get_attribute(*path)
        if isinstance(one, autoscaling_group.AutoScalingResourceGroup):
            outputs = self.make_nested(one, f"{name}/")
            one.get_output = lambda output: outputs[output]
            members = list(outputs["refs_map"])
            one._group_data = lambda: mock.Mock(member_names=lambda _include_failed: members)
            return name, lambda path: one.get_attribute(*path)
        if isinstance(one, stack_resource.StackResource):
            outputs = self.make_nested(one, f"{name}/")
            return outputs.get("OS::stack_id", name), lambda path: select(outputs, path)
        if isinstance(one, value.Value):
            return name, lambda path: select({"value": one.properties["value"]}, path)
        if isinstance(one, random_string.RandomString):
            return name, lambda path: (name * 64)[: one.properties["length"]]
        return name, lambda path: self.look_up(name, path)

    def make_nested(self, one, prefix):
        # As Heat names it.
        nested = one._parse_nested_stack(f"{one.stack.name}-{one.name}-{uuid.uuid4().hex[:12]}", one.child_template(), one.child_params())
        nested.validate()
        return self.create(nested, prefix)

    def make_server(self, one, name):
        content = one.properties["user_data"]
        if content in self.configs.by_id and (one.user_data_software_config() or one.user_data_raw()):
            content = self.configs.by_id[content]["config"]
        metadata = one.t.metadata() or {}
        format = one.properties["user_data_format"]
        somewhere = mock.MagicMock()
        somewhere.clients.client_plugin.return_value.get_cfn_metadata_server_url.return_value = "http://heat/"
        plugin = nova.NovaClientPlugin(somewhere)
        sent = plugin.build_userdata(metadata, content, user_data_format=format)
        properties = {key: one.properties[key] for key in ("image", "flavor", "name", "networks")}
        # Without the slash that no id has.
        server_id = f"id of {name}".replace("/", ".")
        self.servers[server_id] = {
            "name": name,
            "userData": sent,
            "metadata": metadata,
            "policy": [one.properties["user_data_update_policy"], one.properties["software_config_transport"]],
            "properties": properties,
            "deployments": [],
        }
        return server_id, lambda path: self.look_up(name, path)

    def make_deployment(self, one, name):
        deployed = {
            "name": one.properties["name"],
            "config": self.configs.by_id[one.properties["config"]]["config"],
            "actions": one.properties["actions"],
            "values": one.properties["input_values"],
        }
        server_id = one.properties["server"]
        on = self.servers[server_id]
        on["deployments"].append(deployed)
        if deployed["name"] != "weft":
            return name, lambda path: self.look_up(name, path)
        answer = None if self.told is None else self.answer(on["name"], server_id, deployed)
        return name, lambda path: select({"outputs": answer}, path)

    def answer(self, server, server_id, deployed):
        """What the agent of a server tells Heat."""
        plan = json.loads(deployed["config"])["plan"]
        # The index of a member stands before the last name.
        tells = deployed["values"].get("weft_teller") in (None, server_id, server.split("/")[-2:][0])
        return {output: {"by": server, "value": self.told[output]} for output in plan.get("outputs") or {} if tells}

    def look_up(self, name, path):
        found = self.known.get(".".join([name, str(path[0])]), f"{path[0]} of {name}")
        return attributes.select_from_attribute(found, path[1:])


def show(output):
    """As Heat does: where it names nothing that is there, an error stands in place of a value."""
    try:
        return output.get_value()
    except (exception.InvalidTemplateReference, exception.UserParameterMissing) as fault:
        return f"error: {fault}"


def select(values, path):
    return attributes.select_from_attribute(values.get(path[0]), path[1:])


def edges_of(made, holders):
    """Which server or group of servers of the stack waits for which other."""
    graph = made.dependencies.graph()
    needed = {one.name: {other.name for other in graph[one]} for one in graph}
    edges = []
    for name in sorted(holders):
        seen, waiting = set(), list(needed[name])
        while waiting:
            other = waiting.pop()
            if other not in seen:
                seen.add(other)
                waiting += needed[other]
        edges += [[name, other] for other in sorted(seen & holders)]
    return edges


def judge(asked):
    run = Run(asked.get("attributes") or {}, asked.get("told"))
    try:
        wanted, _ = read_template(asked["file"], asked.get("environment", ""), asked.get("parameters"))
        made = stack.Stack(someone(), "asked", wanted, strict_validate=True)
        made.validate()
        outputs = run.create(made, "")
        servers = {one.pop("name"): one for one in run.servers.values()}
        edges = edges_of(made, {name.split("/")[0] for name in servers})
        return {"file": asked["file"], "error": None, "servers": servers, "edges": edges, "outputs": outputs}
    except (exception.HeatException, TypeError, ValueError, KeyError) as fault:
        return {"file": asked["file"], "error": f"{type(fault).__name__}: {fault}", "servers": {}, "edges": [], "outputs": {}}


def believe_in_the_cloud():
    """Names that only a cloud knows exist, and nothing is stored."""
    constraints.CustomConstraint._is_valid = lambda *_: True
    resource.Resource.resource_id_set = lambda one, made: setattr(one, "resource_id", made)
    server.Server.validate = resource.Resource.validate
    stack.Stack.identifier = lambda one: identifier.HeatIdentifier("project", one.name, STACK_ID)


prepare_engine()
believe_in_the_cloud()
print(json.dumps([judge(asked) for asked in json.load(sys.stdin)], default=str))
