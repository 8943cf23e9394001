#!/usr/bin/python3
"""Prints src/compiler/2-analyze/attribute-table.ts: the attributes of every resource type that the installed Heat engine has.

    tools/make-attributes.py > src/compiler/2-analyze/attribute-table.ts

Needs Debian's python3-heat; the tests compare the file with what this prints.
"""

import logging
import warnings

warnings.filterwarnings("ignore")
import eventlet  # noqa: E402

eventlet.monkey_patch(os=False)
from importlib import metadata  # noqa: E402

from heat.engine import clients, resource, resources  # noqa: E402
from heat.engine.resources import stack_resource  # noqa: E402
from oslo_config import cfg  # noqa: E402

HEAD = """// Made by tools/make-attributes.py from Heat {version}: do not edit. Each resource type with its own attributes; beside these every
// resource has `show`. `*`: it takes other names too, of its outputs or members.

export const attributeTable: Readonly<Record<string, string>> = {{"""


def describe(kind):
    own = sorted(set(kind.attributes_schema) - set(kind.base_attributes_schema))
    is_open = issubclass(kind, stack_resource.StackResource) or any(
        getattr(kind, method, None) is not getattr(resource.Resource, method, None) for method in ("FnGetAtt", "get_attribute")
    )
    return " ".join(own + (["*"] if is_open else []))


logging.disable(logging.CRITICAL)
cfg.CONF([], project="heat", default_config_files=[])
clients.initialise()
resources.initialise()
env = resources.global_env()
print(HEAD.format(version=metadata.version("openstack-heat")))
for name in sorted(env.get_types()):
    line = f'  "{name}": "{describe(env.get_class(name))}",'
    print(line if len(line) <= 130 else line.replace(": ", ":\n    ", 1))
print("};")
