"""In salt-call: the functions weft.get and weft.put, for deferred inputs and for state files that know of us."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import weft_client as client
from salt.exceptions import CommandExecutionError


def get(name):
    """Returns the value of an input, waiting until it is there."""
    try:
        return client.read(name)
    except client.AgentError as error:
        raise CommandExecutionError(str(error))


def put(name, value):
    """Writes an output."""
    for output in client.outputs:
        if output['name'] == name:
            try:
                client.write(output, value)
            except client.AgentError as error:
                raise CommandExecutionError(str(error))
            return True
    raise CommandExecutionError('output %s is not declared' % name)
