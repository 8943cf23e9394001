"""In salt-call: mine.get reads inputs, so that what other minions offer is what other vms' roles have written."""
import fnmatch
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import weft_client as client
from salt.exceptions import CommandExecutionError


def get(tgt, fun, tgt_type='glob', exclude_minion=False):
    """Returns a map of minions to values; of many functions, a map of functions to such maps."""
    if isinstance(fun, str) and ',' not in fun:
        return find(tgt, fun, tgt_type)
    names = fun.split(',') if isinstance(fun, str) else fun
    return {name: find(tgt, name, tgt_type) for name in names}


def find(tgt, fun, tgt_type):
    targets = tgt.split(',') if tgt_type == 'list' and isinstance(tgt, str) else tgt
    found = {}
    for name in client.inputs:
        if not name.startswith('mine.') or not name.endswith('.' + fun):
            continue
        minion = name[len('mine.'):-len(fun) - 1]
        if minion in targets if tgt_type == 'list' else minion == tgt or fnmatch.fnmatchcase(minion, tgt):
            try:
                value = client.read(name)
            except client.AgentError as error:
                raise CommandExecutionError(str(error))
            if value is not None:
                found[minion] = value
    return found
