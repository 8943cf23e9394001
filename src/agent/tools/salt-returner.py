"""In salt-call: writes outputs from what states have changed and from grains, when all states are well; else says why they are not."""
import atexit
import os
import sys

import salt.utils.yaml

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import weft_client as client


def returner(ret):
    states = ret['return']
    if not isinstance(states, dict):
        return explain(states)
    failed = [state for state in in_order(states) if state.get('result') is False]
    if failed:
        return explain('%s: %s' % (failed[0].get('__id__'), failed[0].get('comment')))
    for output in client.outputs:
        value = find(output['from'], states)
        if value is not None:
            try:
                client.write(output, value)
            except client.AgentError as error:
                explain(str(error))


def in_order(states):
    return sorted((state for state in states.values() if isinstance(state, dict)), key=lambda state: state.get('__run_num__', 0))


def find(source, states):
    """A grain, or the id of a state and a path in its changes."""
    if source.startswith('grains.'):
        return dig(read_grains(), source[len('grains.'):].split(':'))
    found = None
    for state in in_order(states):
        name = str(state.get('__id__'))
        if source == name or source.startswith(name + ':'):
            value = dig(state.get('changes'), source[len(name) + 1:].split(':') if source != name else [])
            found = found if value is None else value
    return found


def read_grains():
    """What states have set is in no grain of this process yet."""
    path = os.path.join(os.path.dirname(__opts__['conf_file']), 'grains')
    if not os.path.exists(path):
        return dict(__grains__)
    with open(path, encoding='utf-8') as file:
        return dict(__grains__, **(salt.utils.yaml.safe_load(file) or {}))


def dig(value, path):
    for key in path:
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return value


def explain(reason):
    """The last line of the log is the reason that people see first."""
    texts = [str(text).split('\nTraceback')[0] for text in (reason if isinstance(reason, list) else [reason])]
    atexit.register(lambda: print(' '.join('; '.join(texts).split()), file=sys.stderr))
