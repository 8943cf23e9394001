"""Files of an execution plan that are downloaded."""
import hashlib
import os
import re
import subprocess
import urllib.error
import urllib.request

from murano_plan import PlanError


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
