"""Files of an execution plan: each script has a folder of links to its own."""
import base64
import hashlib
import os
import re
import subprocess
import urllib.error
import urllib.request

from murano_plan import PlanError


class Files:
    def __init__(self, definitions, folder, digests):
        self.definitions = definitions
        self.folder = folder
        self.digests = digests

    def folder_of(self, script):
        return os.path.join(self.folder, 'scripts', script)

    def put(self, file_id, script):
        """Links a file into the folder of a script; returns the link."""
        definition = self.definitions.get(file_id)
        if definition is None:
            raise PlanError(2, 'Script %s misses file %s' % (script, file_id))
        link = os.path.join(self.folder_of(script), definition['Name'])
        os.makedirs(os.path.dirname(link), exist_ok=True)
        if not os.path.lexists(link):
            os.symlink(self.fetch(file_id, definition), link)
        return link

    def fetch(self, file_id, definition):
        path = os.path.join(self.folder, 'files', file_id)
        if os.path.exists(path):
            return path
        if definition.get('Type') == 'Downloadable':
            os.makedirs(path)
            download(definition['URL'], path, self.digests.get(definition['Name']))
            return path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        body = definition['Body']
        with open(path, 'wb') as file:
            file.write(base64.b64decode(body) if definition['BodyType'] == 'Base64' else body.encode())
        return path


def download(url, folder, digest):
    """Fills a folder with what is at a URL: a clone of a repository, or one file of the URL's last name."""
    if re.match(r'git(://|\+https?:)', url) or url.endswith('.git'):
        return check_out(['git', 'clone', '--quiet', re.sub(r'^git\+', '', url), folder], url, digest)
    if re.match(r'svn://|https?://.*/svn/', url):
        return check_out(['svn', 'checkout', '--quiet', '--non-interactive', url, folder], url, digest)
    found = hashlib.sha256()
    try:
        with urllib.request.urlopen(url) as answer, open(os.path.join(folder, url.rsplit('/', 1)[1]), 'wb') as file:
            for chunk in iter(lambda: answer.read(65536), b''):
                found.update(chunk)
                file.write(chunk)
    except (OSError, ValueError) as error:
        raise PlanError(1, 'Error to download the file %s: %s' % (url, error))
    if digest is not None and found.hexdigest() != digest.lower():
        raise PlanError(1, 'the file %s has the SHA-256 digest %s, not %s' % (url, found.hexdigest(), digest))


def check_out(command, url, digest):
    if digest is not None:
        raise PlanError(1, '%s is a repository, which has no SHA-256 digest' % url)
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except FileNotFoundError:
        raise PlanError(1, '%s is a repository, and %s is not installed' % (url, command[0]))
    if done.returncode != 0:
        raise PlanError(1, 'Error to clone the repository %s: %s' % (url, done.stdout.decode(errors='replace').strip()))
