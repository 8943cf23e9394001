"""Runs execution plans, a JSON list on standard input, by the packaged agent of Murano, and prints their results as JSON."""
import json
import os
import sys
import tempfile

import muranoagent.executors.application  # noqa: F401 (registers itself)
import muranoagent.executors.chef  # noqa: F401 (likewise)
from muranoagent import bunch, execution_plan_runner, execution_result, validation
from muranoagent.common import config


def run(plan):
    try:
        validation.validate_plan(plan)
        with execution_plan_runner.ExecutionPlanRunner(plan) as runner:
            return execution_result.ExecutionResult.from_result(runner.run(), plan)
    except Exception as error:
        return execution_result.ExecutionResult.from_error(error, plan)


# What scripts print themselves is no result.
printed = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)
with tempfile.TemporaryDirectory() as storage:
    # Its executor of Chef writes into the working directory.
    os.chdir(storage)
    config.CONF([], project='muranoagent', default_config_files=[])
    config.CONF.set_override('storage', storage)
    results = [run(bunch.Bunch(plan)) for plan in json.load(sys.stdin)]
json.dump(results, printed)
