"""Asks the real Heat engine, in this process, what functions give. Reads a JSON object (versions, parameters, and as questions
a list of {version, conditions, value}) and prints a JSON
object: `tables` (for each version the functions of values, those removed, and those of conditions) and `answers`, a list of {value} or
{error}.
"""

import json
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
import eventlet  # noqa: E402

eventlet.monkey_patch(os=False)
from heat.common import context, messaging  # noqa: E402
from heat.engine import clients, environment, function, resources, stack, template  # noqa: E402
from heat.engine.hot import functions as hot_functions  # noqa: E402
from oslo_config import cfg  # noqa: E402

logging.disable(logging.CRITICAL)
cfg.CONF([], project="heat", default_config_files=[])
messaging.setup("fake://", optional=True)
clients.initialise()
resources.initialise()
asker = context.RequestContext(project_id="project", user_id="user", username="user", is_admin=False)


def describe(version, kind):
    instance = kind({"heat_template_version": version})
    removed = sorted(name for name, fn in kind.functions.items() if fn is hot_functions.Removed)
    return {
        "functions": sorted(set(kind.functions) - set(removed)),
        "removed": removed,
        "conditions": sorted(getattr(instance, "condition_functions", {})),
    }


def answer(question, parameters):
    body = {
        "heat_template_version": question["version"],
        "parameters": parameters,
        "outputs": {"answer": {"value": question["value"]}},
    }
    if question.get("conditions"):
        body["conditions"] = question["conditions"]
    try:
        asked = template.Template(body, env=environment.Environment({}))
        owner = stack.Stack(asker, "asked", asked)
        parsed = asked.parse(owner.defn, question["value"])
        function.validate(parsed)
        return {"value": function.resolve(parsed)}
    except Exception as fault:
        return {"error": f"{type(fault).__name__}: {fault}"}


asked = json.load(sys.stdin)
kinds = {version: type(template.Template({"heat_template_version": version})) for version in asked["versions"]}
print(
    json.dumps(
        {
            "tables": {version: describe(version, kind) for version, kind in kinds.items()},
            "answers": [answer(question, asked["parameters"]) for question in asked["questions"]],
        }
    )
)
