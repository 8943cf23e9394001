"""Asks the real Heat engine, in this process, whether it accepts templates: prints a JSON list of {file, error, edges}
(error null: accepted; edges: [requirer, required] as the engine sees them).

What is asked is what `openstack orchestration template validate` asks: sections, functions, resource types, property names, attributes,
conditions and outputs; and that nothing depends on itself. No service and no network is needed, only Debian's python3-heat and
python3-heatclient; names that a cloud alone knows are not looked up.
"""

import json
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
import eventlet  # noqa: E402

eventlet.monkey_patch(os=False)
from unittest import mock  # noqa: E402

from heat.common import context, messaging, policy  # noqa: E402
from heat.engine import clients, environment, resource, resources, service, stack, template  # noqa: E402
from heatclient.common import template_utils  # noqa: E402
from oslo_config import cfg  # noqa: E402


def prepare_engine():
    logging.disable(logging.CRITICAL)
    cfg.CONF([], project="heat", default_config_files=[])
    messaging.setup("fake://", optional=True)
    clients.initialise()
    resources.initialise()
    allow = mock.Mock(return_value=True)
    policy.ResourceEnforcer.enforce = allow
    policy.Enforcer.enforce = allow
    # Every service is there; nothing is asked of it.
    resource.Resource.is_service_available = classmethod(lambda cls, asker: (True, None))


def find_edges(path):
    files, parsed = template_utils.get_template_contents(template_file=path)
    # The engine gets JSON from the client, so texts where this has read bytes.
    parsed, files = json.loads(json.dumps([parsed, files], default=lambda data: data.decode()))
    asker = context.RequestContext(project_id="project", user_id="user", username="user", is_admin=False)
    wanted = template.Template(parsed, files=files, env=environment.Environment({}))
    engine = service.EngineService.__new__(service.EngineService)
    engine._validate_template(asker, wanted)
    asked = stack.Stack(asker, "asked", wanted, strict_validate=False)
    asked.validate(validate_res_tmpl_only=True)
    graph = asked.dependencies.graph()
    return sorted([requirer.name, required.name] for requirer, edges in graph.items() for required in edges)


def judge(path):
    try:
        return {"file": path, "error": None, "edges": find_edges(path)}
    except Exception as fault:
        return {"file": path, "error": f"{type(fault).__name__}: {fault}", "edges": []}


prepare_engine()
print(json.dumps([judge(path) for path in sys.argv[1:]]))
