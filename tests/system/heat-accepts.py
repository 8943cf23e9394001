"""Asks the real Heat engine, in this process, whether it accepts templates: prints a JSON list of {file, error, edges, digest, seconds}
(error null: accepted; edges: [requirer, required] as the engine sees them; digest: of all that the client sends, the template and its files as
data, in which the working folder's name is left out; seconds: what the engine took, without loading it).

Each argument is a template's path, or TEMPLATE=ENVIRONMENT. What is asked is what `openstack orchestration template validate` asks: sections, functions, resource types, property names, attributes,
conditions and outputs; and that nothing depends on itself. Names that a cloud alone knows are not looked up.
"""

import hashlib
import json
import os
import sys
import time

from heat_engine import prepare_engine, read_template, someone  # first of all: it makes eventlet patch what the engine imports
from heat.engine import service, stack


def ask(path, environment_path):
    asker = someone()
    wanted, sent = read_template(path, environment_path)
    engine = service.EngineService.__new__(service.EngineService)
    engine._validate_template(asker, wanted)
    asked = stack.Stack(asker, "asked", wanted, strict_validate=False)
    asked.validate(validate_res_tmpl_only=True)
    graph = asked.dependencies.graph()
    sent = sent.replace(f"file://{os.getcwd()}", "")
    edges = sorted([requirer.name, required.name] for requirer, required_by in graph.items() for required in required_by)
    return {"edges": edges, "digest": hashlib.sha256(sent.encode()).hexdigest()}


def judge(argument):
    path, _, environment_path = argument.partition("=")
    start = time.monotonic()
    try:
        return {"file": path, "error": None, **ask(path, environment_path), "seconds": time.monotonic() - start}
    except Exception as fault:
        return {"file": path, "error": f"{type(fault).__name__}: {fault}", "edges": [], "digest": None, "seconds": time.monotonic() - start}


prepare_engine()
print(json.dumps([judge(argument) for argument in sys.argv[1:]]))
