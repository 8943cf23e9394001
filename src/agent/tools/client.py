"""Speaks to the agent for a tool in Python: reads inputs, each blocking until it is there, and writes outputs."""
import http.client
import json
import os
import socket
from urllib.parse import quote

with open(os.environ['WEFT_JOB'], encoding='utf-8') as file:
    #: What the adapter says of the role.
    job = json.load(file)
#: Names of the declared inputs.
inputs = job['inputs']
#: Declared outputs: maps of name, from and type.
outputs = job['outputs']


class AgentError(Exception):
    """The agent has refused, or has gone."""


class _Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ['WEFT_SOCKET'])


def read(name):
    """Returns the value of an input, waiting until it is there; None where it is absent and has no default."""
    return json.loads(_ask('GET', 'inputs', name))


def write(output, value):
    """Writes an output. A text is read by the declared type, as tools often make texts of numbers."""
    if isinstance(value, str) and output['type'] not in ('string', 'json'):
        _ask('PUT', 'outputs', output['name'], value, 'text/plain')
    else:
        _ask('PUT', 'outputs', output['name'], json.dumps(value, default=str), 'application/json')


def _ask(method, kind, name, body=None, content_type=None):
    headers = {} if content_type is None else {'Content-Type': content_type}
    url = '/v1/%s/%s/%s' % (quote(os.environ['WEFT_ROLE'], safe=''), kind, quote(name, safe=''))
    status, text = request(method, url, None if body is None else body.encode(), headers)
    if status not in (200, 204):
        raise AgentError(text.strip())
    return text


def request(method, url, body, headers):
    """Returns the status and the text of the agent's answer."""
    connection = _Connection('weft')
    try:
        connection.request(method, url, body, headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except (OSError, http.client.HTTPException):
        raise AgentError('the agent cannot be reached, or has gone')
    finally:
        connection.close()
