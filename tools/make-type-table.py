#!/usr/bin/python3
"""Prints a table of what every resource type of the installed Heat engine has: its attributes or its properties.

    for what in attribute property; do tools/make-type-table.py $what > src/compiler/2-analyze/$what-table.ts; done

Needs Debian's python3-heat; the tests compare the files with what this prints.
"""

import logging
import sys
import warnings

warnings.filterwarnings("ignore")
import eventlet  # noqa: E402

eventlet.monkey_patch(os=False)
from importlib import metadata  # noqa: E402

from heat.engine import clients, environment, resource, resources  # noqa: E402
from heat.engine.resources import stack_resource  # noqa: E402
from oslo_config import cfg  # noqa: E402

HEADS = {
    "attribute": """Each resource type with its own attributes; beside these every
// resource has `show`. `*`: it takes other names too, of its outputs or members.""",
    "property": """Each resource type with the names of its properties.""",
}


def describe_properties(kind):
    return " ".join(sorted(kind.properties_schema))


def describe_attributes(kind):
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
what = sys.argv[1]
version = metadata.version("openstack-heat")
print(f"// Made by tools/make-type-table.py from Heat {version}: do not edit. {HEADS[what]}")
print(f"\nexport const {what}Table: Readonly<Record<string, string>> = {{")
# The registry itself: the engine's list of types leaves out those that it hides but still accepts. Aliases of an environment are no types.
types = {name: info.value for name, info in env.registry._registry.items() if isinstance(info, environment.ClassResourceInfo)}
for name, kind in sorted(types.items()):
    line = f'  "{name}": "{describe_attributes(kind) if what == "attribute" else describe_properties(kind)}",'
    print(line if len(line) <= 130 else line.replace(": ", ":\n    ", 1))
print("};")
