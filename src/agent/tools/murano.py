"""
Runs an execution plan of Murano, without Murano: its Body in Python with `args` and its scripts as functions, its result as outputs.
What takes its time to load, and is not always needed, is imported where it is.
"""
import datetime
import json
import os
import sys

import weft_client as client
from murano_args import make_args
from murano_files import Files
from murano_plan import PlanError, complete, make_id
from murano_scripts import make_scripts

#: What Python's messages call the Body, as with Murano's agent.
BODY = '<string>'


def main():
    with open(os.path.join(os.path.dirname(__file__), 'plan.json'), encoding='utf-8') as file:
        plan = json.load(file)
    error = None
    try:
        result = run(plan)
    except Exception as raised:
        error = raised
        result = {'Message': str(error), 'AdditionalInfo': getattr(error, 'additional_data', None)}
    message = {
        'FormatVersion': '2.0.0',
        'ID': make_id(),
        'SourceID': plan.get('ID'),
        'Action': 'Execution:Result',
        'ErrorCode': 0 if error is None else getattr(error, 'error_code', 1),
        'Body': result,
        'Time': str(datetime.datetime.utcnow()),
    }
    write_outputs(message)
    if error is not None:
        explain(message, error)
        sys.exit(1)


def run(plan):
    job = client.job
    is_template = 'ID' not in plan
    complete(plan, job['resources'])
    names = {'args': make_args(plan['Parameters'], client.inputs, client.read, is_template)}
    names.update(make_scripts(plan, Files(plan['Files'], job['storage'], job['sha256']), job['tools'], write_printed))
    exec(compile(as_function(plan['Body']), BODY, 'exec'), names)
    return names['main']()


def as_function(body):
    """The Body may be indented as a whole, and returns its result."""
    lines = body.expandtabs(4).split('\n')
    indents = [len(line) - len(line.lstrip(' ')) for line in lines if line.strip(' ')]
    indent = min(indents, default=0)
    return '\n'.join(['def main():'] + ['    ' + line[indent:] for line in lines] + ['    pass'])


def write_printed(script, result):
    """Outputs from what a script has printed, or its exit code: when it has ended."""
    for output in client.outputs:
        section, _, path = output['from'].partition('.')
        for key, value in result.items():
            if section == 'Scripts' and path == '%s.%s' % (script, key) and value is not None:
                client.write(output, value)


def write_outputs(message):
    """Outputs from the result: its Body, a path in that, or another part of the message."""
    for output in client.outputs:
        path = output['from'].split('.')
        if path == ['Execution:Result']:
            value = message
        elif path[0] in message:
            value = dig(message, path)
        else:
            value = dig(message['Body'], path) if message['ErrorCode'] == 0 else None
        if value is not None:
            client.write(output, value)


def dig(value, path):
    for key in path:
        try:
            value = value[int(key)] if isinstance(value, (list, tuple)) else value[key]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return value


def explain(message, error):
    """What a failed script printed, where the Body failed, the result, and last what people see first."""
    details = message['Body']['AdditionalInfo']
    printed = []
    if isinstance(details, dict):
        printed = [str(details[key]) for key in ('stdout', 'stderr') if details.get(key)]
    for text in printed + [json.dumps(message, default=str)]:
        print(text, file=sys.stderr)
    reason = str(error)
    if not isinstance(error, (PlanError, client.AgentError)):
        import traceback
        lines = [frame.lineno - 1 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == BODY]
        place = ' line %d' % lines[-1] if lines else ''
        reason = 'Body%s: %s: %s' % (place, type(error).__name__, error)
    elif isinstance(details, dict) and details.get('exitCode'):
        reason = '%s %s%s' % (reason, details['exitCode'], ': ' + printed[-1].splitlines()[-1] if printed else '')
    print('ErrorCode %s: %s' % (message['ErrorCode'], reason), file=sys.stderr)


main()
