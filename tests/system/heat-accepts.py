"""Asks the real Heat engine, in this process, whether it accepts templates: prints a JSON list of {file, error, edges, digest, seconds}
(error null: accepted; edges: [requirer, required] as the engine sees them; digest: of all that the client sends, the template and its files as
data, in which the working folder's name is left out; seconds: what the engine took, without loading it).

Each argument is a template's path, or TEMPLATE=ENVIRONMENT. What is asked is what `openstack orchestration template validate` asks: sections, functions, resource types, property names, attributes,
conditions and outputs; and that nothing depends on itself. No service and no network is needed, only Debian's python3-heat and
python3-heatclient; names that a cloud alone knows are not looked up. HEAT_ENVIRONMENT_DIR names the folder of the engine's own environments, where that is not
/etc/heat/environment.d.
"""

import hashlib
import json
import logging
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import eventlet  # noqa: E402

eventlet.monkey_patch(os=False)
from unittest import mock  # noqa: E402

from heat.common import context, environment_format, messaging, policy  # noqa: E402
from heat.engine import clients, environment, resource, resources, service, stack, template  # noqa: E402
from heatclient.common import template_utils  # noqa: E402
from oslo_config import cfg  # noqa: E402


def prepare_engine():
    logging.disable(logging.CRITICAL)
    cfg.CONF([], project="heat", default_config_files=[])
    if "HEAT_ENVIRONMENT_DIR" in os.environ:
        cfg.CONF.set_override("environment_dir", os.environ["HEAT_ENVIRONMENT_DIR"])
    messaging.setup("fake://", optional=True)
    clients.initialise()
    resources.initialise()
    allow = mock.Mock(return_value=True)
    policy.ResourceEnforcer.enforce = allow
    policy.Enforcer.enforce = allow
    # Every service is there; nothing is asked of it.
    resource.Resource.is_service_available = classmethod(lambda cls, asker: (True, None))


def ask(path, environment_path):
    files, parsed = template_utils.get_template_contents(template_file=path)
    # The engine gets JSON from the client, so texts where this has read bytes.
    parsed, files = json.loads(json.dumps([parsed, files], default=lambda data: data.decode()))
    asker = context.RequestContext(project_id="project", user_id="user", username="user", is_admin=False)
    wanted = template.Template(parsed, files=files, env=environment.Environment(read_environment(environment_path)))
    engine = service.EngineService.__new__(service.EngineService)
    engine._validate_template(asker, wanted)
    asked = stack.Stack(asker, "asked", wanted, strict_validate=False)
    asked.validate(validate_res_tmpl_only=True)
    graph = asked.dependencies.graph()
    sent = json.dumps([parsed, files], sort_keys=True).replace(f"file://{os.getcwd()}", "")
    edges = sorted([requirer.name, required.name] for requirer, required_by in graph.items() for required in required_by)
    return {"edges": edges, "digest": hashlib.sha256(sent.encode()).hexdigest()}


def read_environment(path):
    if path == "":
        return {}
    with open(path) as file:
        return environment_format.parse(file.read())


def judge(argument):
    path, _, environment_path = argument.partition("=")
    start = time.monotonic()
    try:
        return {"file": path, "error": None, **ask(path, environment_path), "seconds": time.monotonic() - start}
    except Exception as fault:
        return {"file": path, "error": f"{type(fault).__name__}: {fault}", "edges": [], "digest": None, "seconds": time.monotonic() - start}


prepare_engine()
print(json.dumps([judge(argument) for argument in sys.argv[1:]]))
