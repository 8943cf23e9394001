"""In ansible-playbook, for weft infer: notes variables that are read and set nowhere, stands in for them, and notes what tasks set."""
import os
import sys

from ansible.plugins.callback import CallbackBase
from ansible.template import AnsibleUndefined
from ansible.template.vars import AnsibleJ2Vars
from ansible.executor.stats import AggregateStats
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

sys.path.insert(0, os.path.dirname(__file__))
sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))
from weft import watch
from weft_notes import note, stand_in

DOCUMENTATION = '''
name: weft_infer
type: aggregate
short_description: notes what a playbook reads and writes
description: [It notes variables that nothing sets, and those that tasks set.]
'''
# What gathering facts sets beside ansible_*.
NO_OUTPUTS = ('gather_subset', 'module_setup', 'discovered_interpreter_python')


class Placeholder(AnsibleUndefined):
    """Stands for a variable that nothing sets. Undefined for `is defined` and `default`; for all else some value, and that is noted."""

    def __init__(self, path):
        super().__init__(name=path)
        self.path = path

    def used(self):
        note(read=self.path)
        return stand_in

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return Placeholder('%s.%s' % (self.path, name))

    def __getitem__(self, key):
        return Placeholder('%s.%s' % (self.path, key))

    def __str__(self):
        return str(self.used())

    def __bool__(self):
        return bool(self.used())

    def __eq__(self, other):
        return self.used() == other

    def __ne__(self, other):
        return self.used() != other

    def __hash__(self):
        return hash(self.path)

    def __iter__(self):
        return iter([self.used()])

    def __len__(self):
        self.used()
        return 1

    def __int__(self):
        return int(self.used())

    def __float__(self):
        return float(self.used())

    def __add__(self, other):
        return str(self) + other if isinstance(other, str) else self.used() + other

    def __radd__(self, other):
        return other + str(self) if isinstance(other, str) else other + self.used()

    def __sub__(self, other):
        return self.used() - other

    def __mul__(self, other):
        return self.used() * other

    __rmul__ = __mul__

    def __truediv__(self, other):
        return self.used() / other

    def __lt__(self, other):
        return self.used() < other

    def __le__(self, other):
        return self.used() <= other

    def __gt__(self, other):
        return self.used() > other

    def __ge__(self, other):
        return self.used() >= other


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'weft_infer'

    def __init__(self):
        super().__init__()
        stand_in_for_variables()
        stand_in_for_hosts()
        watch(VariableManager, 'set_nonpersistent_facts', note_writes)
        watch(VariableManager, 'set_host_facts', note_writes)
        watch(VariableManager, 'set_host_variable', lambda host, name, value: note_writes(host, {name: value}))
        watch(AggregateStats, 'set_custom_stats', lambda name, value, host=None: note_writes(host, {name: value}))
        watch(AggregateStats, 'update_custom_stats', lambda name, value, host=None: note_writes(host, {name: value}))


def note_writes(host, variables):
    for name, value in variables.items():
        if name.startswith('ansible_') or name in NO_OUTPUTS:
            continue
        if isinstance(value, dict) and 'stdout' in value:
            note(write=name, source='%s.stdout' % name, value=value['stdout'])
        elif not (isinstance(value, dict) and value.get('skipped')):
            note(write=name, value=value)


def stand_in_for_variables():
    plain_contains, plain_getitem = AnsibleJ2Vars.__contains__, AnsibleJ2Vars.__getitem__

    def getitem(self, name):
        if plain_contains(self, name):
            return plain_getitem(self, name)
        # Tested or read: what is used of it is noted then.
        note(read=name, optional=True)
        return Placeholder(name)

    def contains(self, name):
        return plain_contains(self, name) or not name.startswith('ansible_')

    AnsibleJ2Vars.__contains__ = contains
    AnsibleJ2Vars.__getitem__ = getitem


def stand_in_for_hosts():
    plain = HostVars.__getitem__

    def getitem(self, host):
        found = plain(self, host)
        return Placeholder('hostvars.%s' % host) if isinstance(found, AnsibleUndefined) else found

    HostVars.__getitem__ = getitem
