"""The real Heat engine, in this process: no service and no network is needed, only Debian's python3-heat and python3-heatclient.
HEAT_ENVIRONMENT_DIR names the folder of the engine's own environments, where that is not /etc/heat/environment.d.
"""

import json
import logging
import os
import warnings

warnings.filterwarnings("ignore")
import eventlet  # noqa: E402

eventlet.monkey_patch(os=False)
from unittest import mock  # noqa: E402

from heat.common import context, environment_format, messaging, policy  # noqa: E402
from heat.engine import clients, environment, resource, resources, template  # noqa: E402
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


def someone():
    return context.RequestContext(project_id="project", user_id="user", username="user", is_admin=False)


def read_template(path, environment_path="", parameters=None):
    """What the client sends: the template with all files that it names. Returns the engine's template, and what was sent as text."""
    files, parsed = template_utils.get_template_contents(template_file=path)
    # The engine gets JSON from the client, so texts where this has read bytes.
    parsed, files = json.loads(json.dumps([parsed, files], default=lambda data: data.decode()))
    given = read_environment(environment_path)
    given["parameters"] = {**(given.get("parameters") or {}), **(parameters or {})}
    wanted = template.Template(parsed, files=files, env=environment.Environment(given))
    return wanted, json.dumps([parsed, files], sort_keys=True)


def read_environment(path):
    if path == "":
        return {}
    with open(path) as file:
        return environment_format.parse(file.read())
