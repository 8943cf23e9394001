#!/usr/bin/python3
"""Lets the real Heat engine judge templates, in this process: heat_judge.py TEMPLATE...

Prints one line of JSON a template: {"file", "ok", "error"?, "edges": [[requirer, required]...]}. It needs Debian's
python3-heat and python3-heatclient, and no service: template, functions, schemata and dependences are checked as
`openstack orchestration template validate` does; names that only a cloud knows are not looked up.
"""
import json
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
import eventlet  # noqa: E402

eventlet.monkey_patch(os=False)

from heat.common import context, messaging, policy, template_format  # noqa: E402
from heat.engine import clients, environment, resource, resources, stack, template  # noqa: E402
from heatclient.common import template_utils  # noqa: E402
from oslo_config import cfg  # noqa: E402


def prepare():
    logging.disable(logging.CRITICAL)
    cfg.CONF([], project="heat", default_config_files=[])
    messaging.setup("fake://", optional=True)
    clients.initialise()
    resources.initialise()
    # What a cloud offers and what a user may do in it is not the question here.
    resource.Resource.is_service_available = classmethod(lambda cls, user: (True, None))
    policy.ResourceEnforcer.enforce = lambda *args, **kwargs: True
    policy.Enforcer.enforce = lambda *args, **kwargs: True


def judge(path):
    files, parsed = template_utils.get_template_contents(template_file=path)
    # The API carries templates as JSON; file contents arrive as text.
    text = json.dumps(parsed, default=str)
    files = {name: body.decode() if isinstance(body, bytes) else body for name, body in files.items()}
    candidate = template.Template(template_format.parse(text), files=files, env=environment.Environment({}))
    candidate.validate()
    user = context.RequestContext.from_dict({"tenant": "judge", "user_id": "judge", "roles": [], "is_admin": False})
    judged = stack.Stack(user, "judge", candidate, strict_validate=False)
    judged.validate(validate_res_tmpl_only=True)
    graph = judged.dependencies.graph()
    return sorted([requirer.name, required.name] for requirer, edges in graph.items() for required in edges)


def main():
    prepare()
    ok = True
    for path in sys.argv[1:]:
        try:
            verdict = {"file": path, "ok": True, "edges": judge(path)}
        except Exception as error:  # whatever the engine says is its verdict
            ok = False
            verdict = {"file": path, "ok": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(verdict))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
