"""Speaks to the agent for a tool in Python: reads inputs, each blocking until it is there, and writes outputs."""
import json
import os
import re
import socket

with open(os.environ['WEFT_JOB'], encoding='utf-8') as file:
    #: What the adapter says of the role.
    job = json.load(file)
#: Names of the declared inputs.
inputs = job['inputs']
#: Declared outputs: maps of name, from and type.
outputs = job['outputs']


class AgentError(Exception):
    """The agent has refused, or has gone."""


def read(name):
    """Returns the value of an input, waiting until it is there; None where it is absent and has no default."""
    return json.loads(_ask('GET', 'inputs', name))


def write(output, value):
    """Writes an output. A text is read by the declared type, as tools often make texts of numbers."""
    if isinstance(value, str) and output['type'] not in ('string', 'json'):
        _ask('PUT', 'outputs', output['name'], value, 'text/plain')
    else:
        _ask('PUT', 'outputs', output['name'], json.dumps(value, default=str), 'application/json')


def _ask(method, kind, name, body='', content_type='text/plain'):
    url = '/v1/%s/%s/%s' % (_quote(os.environ['WEFT_ROLE']), kind, _quote(name))
    status, text = request(method, url, body.encode(), {'Content-Type': content_type})
    if status not in (200, 204):
        raise AgentError(text.strip())
    return text


def _quote(text):
    return re.sub(rb'[^A-Za-z0-9_.-]', lambda found: b'%%%02X' % ord(found[0]), text.encode()).decode()


def request(method, url, body, headers):
    """Returns the status and the text of the agent's answer. Python's own HTTP takes longer to load than many tools to run."""
    lines = ['%s %s HTTP/1.0' % (method, url), 'Host: weft', 'Content-Length: %d' % len(body)]
    lines += ['%s: %s' % header for header in headers.items()]
    gone = AgentError('the agent cannot be reached, or has gone')
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(os.environ['WEFT_SOCKET'])
            connection.sendall('\r\n'.join(lines + ['', '']).encode() + body)
            answer = b''.join(iter(lambda: connection.recv(65536), b''))
    except OSError:
        raise gone
    head, _, text = answer.partition(b'\r\n\r\n')
    status = re.match(rb'HTTP/1\.\d (\d+)', head)
    length = re.search(rb'(?im)^content-length: (\d+)', head)
    if status is None or length is not None and int(length[1]) != len(text):
        raise gone
    return int(status[1]), text.decode()
