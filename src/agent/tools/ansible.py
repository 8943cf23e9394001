"""In ansible-playbook: a lookup that reads inputs where a task first uses them, and a callback that publishes what tasks set."""
import os
import sys

from ansible import constants
from ansible.errors import AnsibleError
from ansible.executor.stats import AggregateStats
from ansible.plugins.callback import CallbackBase
from ansible.plugins.lookup import LookupBase
from ansible.template import Templar
from ansible.utils.unsafe_proxy import wrap_var
from ansible.vars.hostvars import HostVarsVars
from ansible.vars.manager import VariableManager

sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))
import weft_client as client

DOCUMENTATION = '''
name: weft
type: aggregate
short_description: exchanges values with roles on other vms
description: [It reads declared inputs and publishes declared outputs.]
'''
MISSING = object()


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        return [read(name) for name in terms]


class CallbackModule(CallbackBase):
    """Lives in the main process, and is made before the first task's process is forked from it."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'weft'

    def __init__(self):
        super().__init__()
        self.play = None
        self.failure = None
        self.written = set()
        keep_types()
        # How often it looks whether a task has ended: a thousand times a second would keep a blocked playbook busy.
        constants.DEFAULT_INTERNAL_POLL_INTERVAL = 0.04
        watch(VariableManager, 'set_nonpersistent_facts', self.publish)
        watch(VariableManager, 'set_host_facts', self.publish)
        watch(VariableManager, 'set_host_variable', lambda host, name, value: self.publish(host, {name: value}))
        watch(AggregateStats, 'set_custom_stats', lambda name, value, host=None: self.publish(host, {name: value}))
        watch(AggregateStats, 'update_custom_stats', lambda name, value, host=None: self.publish(host, {name: value}))

    def publish(self, host, variables):
        if host is not None and str(host) != 'localhost':
            return
        for output in client.outputs:
            root, *path = output['from'].split('.')
            if root in variables:
                self.write(output, dig(variables[root], path))

    def write(self, output, value):
        if value is None or value is MISSING:
            return
        try:
            client.write(output, value)
            self.written.add(output['name'])
        except client.AgentError as error:
            # The agent fails the role anyway: no need to go on, and perhaps to block.
            raise AnsibleError('output %s: %s' % (output['name'], error))

    def v2_playbook_on_play_start(self, play):
        self.play = play

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if not ignore_errors:
            said = result._result
            lines = str(said.get('stderr') or '').strip().splitlines()
            message = ' '.join(str(said.get('msg') or said.get('censored', '')).split())
            self.failure = '%s: %s' % (result._task.get_name(), ': '.join([message] + lines[-1:]))

    def v2_playbook_on_stats(self, stats):
        if stats.failures or stats.dark:
            if self.failure is not None:
                # The last line of the log is the reason that people see first.
                print(self.failure, flush=True)
        elif self.play is not None:
            self.write_plain_variables()

    def write_plain_variables(self):
        """Variables that no task has set: those of the play, and defaults of its roles."""
        manager = self.play.get_variable_manager()
        variables = manager.get_vars(play=self.play, host=manager._inventory.get_host('localhost'))
        templar = Templar(loader=manager._loader, variables=variables)
        for output in client.outputs:
            root, *path = output['from'].split('.')
            if output['name'] in self.written or root not in variables:
                continue
            try:
                value = templar.template(variables[root])
            except AnsibleError as error:
                self._display.warning('output %s: %s' % (output['name'], error))
                continue
            self.write(output, dig(value, path))


def read(name):
    try:
        return wrap_var(client.read(name))
    except client.AgentError as error:
        raise AnsibleError(str(error))


def dig(value, path):
    for key in path:
        try:
            value = value[int(key)] if isinstance(value, (list, tuple)) else value[key]
        except (KeyError, IndexError, ValueError, TypeError):
            return MISSING
    return value


def watch(owner, name, seen):
    plain = getattr(owner, name)

    def watched(self, *args, **kwargs):
        done = plain(self, *args, **kwargs)
        seen(*args, **kwargs)
        return done

    setattr(owner, name, watched)


def keep_types():
    """Before 2.19 a template of a number gives a text: there the values are handed out without templating."""
    try:
        from ansible.template.vars import AnsibleJ2Vars
    except ImportError:
        return
    names = {"{{ lookup('weft', '%s') }}" % name: name for name in client.inputs}

    def hand_out(owner, variables_of):
        plain = owner.__getitem__

        def getitem(self, variable):
            template = variables_of(self, variable)
            name = names.get(template) if isinstance(template, str) else None
            return plain(self, variable) if name is None else read(name)

        owner.__getitem__ = getitem

    def of_template(self, variable):
        return None if variable in self._locals else self._templar.available_variables.get(variable)

    hand_out(AnsibleJ2Vars, of_template)
    hand_out(HostVarsVars, lambda self, variable: self._vars.get(variable))
