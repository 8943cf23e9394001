"""Scripts of an execution plan that our adapters of other tools run: classes of Puppet and recipes of Chef."""
import json
import os
import shlex
import shutil
import subprocess

from murano_args import Values
from murano_plan import PlanError
from murano_scripts import Script
from murano_socket import serve


class ToolScript(Script):
    """The values that it is given are served to the tool, which asks for them one by one."""

    #: Exit codes that are no failure.
    good = (0,)

    def __init__(self, name, definition, files, on_done, tool):
        super().__init__(name, definition, files, on_done)
        self._tool = tool
        self._module = definition['EntryPoint'].rsplit('::', 1)[0]

    def __call__(self, attributes=None, input=None):
        tool = self._tool
        require(tool['command'], tool['install'])
        self._prepare(self._load())
        values = self._inputs(attributes if isinstance(attributes, Values) else Values(attributes or {}))
        job_path = tool['env']['WEFT_JOB']
        with open(job_path, encoding='utf-8') as file:
            job = json.load(file)
        with open(job_path, 'w', encoding='utf-8') as file:
            json.dump(dict(job, inputs=list(values)), file)
        os.makedirs(tool['state'], exist_ok=True)
        command = ' '.join(shlex.quote(word) for word in tool['argv'])
        with serve(values, os.path.dirname(tool['state'])) as socket:
            return self._run(command, dict(os.environ, WEFT_SOCKET=socket, **tool['env']), self.good)

    def _prepare(self, folder):
        """What is to be done first, in the folder of the script's files."""

    def _inputs(self, given):
        """What the tool may ask for: functions by the names that its shim knows."""
        raise NotImplementedError


class PuppetClass(ToolScript):
    """Keys are parameters of the module's classes."""

    # With detailed exit codes 2 means that something was changed.
    good = (0, 2)

    def _inputs(self, given):
        return {'%s::%s' % (self._module, key): ask for key, ask in ask_each(given)}


class ChefRecipe(ToolScript):
    """Keys are attributes of the node below the name of the cookbook."""

    def _prepare(self, folder):
        options = self._definition.get('Options') or {}
        if not options.get('useBerkshelf'):
            return
        require('berks', 'gem install berkshelf')
        berksfile = os.path.join(folder, options.get('berksfilePath') or os.path.join(self._module, 'Berksfile'))
        done = subprocess.run(['berks', 'vendor', '--berksfile=' + berksfile, self._tool['cookbooks']], universal_newlines=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            details = {'exitCode': done.returncode, 'stdout': done.stdout.strip(), 'stderr': done.stderr.strip()}
            raise PlanError(100, 'Berks returned error code', details)

    def _inputs(self, given):
        return dict(self._leaves(given, [self._module]))

    def _leaves(self, given, path):
        """Maps are given leaf by leaf: what else the cookbook has in them stays."""
        for key, ask in ask_each(given):
            if '.' in key:
                raise PlanError(100, 'Script %s: the attribute %s has a dot in its name, and cannot be given' % (self._name, key))
            below = given.peek(key)
            if isinstance(below, Values):
                yield from self._leaves(below, path + [key])
            else:
                yield '.'.join(path + [key]), ask


tool_scripts = {'Puppet': PuppetClass, 'Chef': ChefRecipe}


def ask_each(given):
    return [(key, lambda key=key: given[key]) for key in given]


def require(command, install):
    if shutil.which(command) is None:
        raise PlanError(100, '%s is not installed: %s' % (command, install))
