"""What runs where a shipment arrives: a text that travels with it.

A process compiles the text once and keeps its function in ``sys``::

    h(x, y)        y['c']: (name, digest, blob or None) of each component
                   y['p']: the platform of compiled modules, where there are any

A component is a module or package that is put in place as a whole. Its files are
written to a folder that is appended to ``sys.path``; from then on it is imported as if
it were installed. The folder is removed at exit by the process that made it: children
that were forked see the end of it as well.

``sys._cppickle_shipped`` has the digest of each component by its name: of those that
have been put in place here, and of those that this process sends.

own() finds what the process has itself under a name. Nothing is imported for it but
namespace packages, which have no code. If its source is the same, that is used, and if
not, an ImportError is raised: the two are never mixed. Another version that has come
before is replaced as long as nothing of it has been imported.

The modules tempfile and shutil take longer to import than all this does, and do what
root() and remove() do, so they are not imported.

Compiled modules of another platform are replaced by a module that raises an
ImportError, so that a package's fallback gets its turn, or its user a reason.
"""

import zlib

KEY = "_cppickle_ship_1"
KNOWN = "_cppickle_shipped"
# For eval(), with the text as `s`, and what h() takes as `c` and `p`.
EXPRESSION = "exec(__import__('zlib').decompress(s),g:=dict())or g['h'](0,globals())"
# Where only digests travel.
MISSING = "exec(s)"
MISSING_TEXT = """\
k = __import__('sys').__dict__.get('_cppickle_shipped', {})
for n, d, b in c:
    if k.get(n) != d:
        raise ImportError('the stream needs a shipment with %s, which has not been '
            'loaded in this process: load shipment.stream before' % n)
"""

TEXT = """\
import _imp, _thread, atexit, os, sys, zlib
known = sys.__dict__.setdefault('_cppickle_shipped', {})
lock = _thread.RLock()
if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=lock._at_fork_reinit)
made = {}
roots = {}
def attempt(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        return 1
def remove(pid, root):
    if os.getpid() == pid:
        for folder, below, names in os.walk(root, False):
            for name in names:
                attempt(os.remove, os.path.join(folder, name))
            attempt(os.rmdir, folder)
def root():
    pid = os.getpid()
    if pid not in roots:
        module = sys.modules.get('tempfile')
        tops = [module.gettempdir()] if module else [
            *map(os.environ.get, ('TMPDIR', 'TEMP', 'TMP')), '/tmp', os.getcwd()]
        name = 'cppickle-' + os.urandom(8).hex()
        for top in filter(None, tops):
            path = os.path.join(os.path.abspath(top), name)
            if not attempt(os.mkdir, path, 0o700):
                break
        else:
            os.mkdir(path, 0o700)
        atexit.register(remove, pid, path)
        roots[pid] = path
    return roots[pid]
def own(name):
    path, full = None, ''
    for part in name.split('.'):
        full = full and full + '.' + part or part
        module = sys.modules.get(full)
        spec = getattr(module, '__spec__', None)
        if module is None:
            for finder in sys.meta_path:
                spec = hasattr(finder, 'find_spec') and finder.find_spec(full, path)
                if spec:
                    break
            else:
                return
        path = getattr(spec, 'submodule_search_locations', None)
        if path is None or getattr(spec, 'origin', 0):
            return spec or module
        __import__(full)
        path = sys.modules[full].__path__
def same(origin, name, files):
    for end in '/__init__.py', '.py':
        end = name.replace('.', '/') + end
        if end in files and origin.replace(os.sep, '/').endswith('/' + end):
            for path in files:
                if path.endswith('.py'):
                    try:
                        with open(origin[:-len(end)] + path, 'rb') as file:
                            if file.read() != files[path]:
                                return
                    except OSError:
                        return
            return 1
def unpacked(blob):
    head, _, data = zlib.decompress(blob).partition(b'\\n\\n')
    at, files = 0, {}
    for line in head.decode().split('\\n'):
        size, path = line.split(' ', 1)
        files[path] = data[at:at + int(size)]
        at += int(size)
    return files
def refuse(name, why):
    raise ImportError(name + ' was shipped, but ' + why, name=name)
def put(name, digest, blob, platform):
    if blob is None:
        refuse(name, 'only by its digest: load shipment.stream before')
    files = unpacked(blob)
    if name in made:
        if any((other + '.').startswith(name + '.') for other in [*sys.modules]):
            refuse(name, 'another version of it has come before: restart the process')
        if made[name] in sys.path:
            sys.path.remove(made[name])
        del made[name]
    spec = own(name)
    if spec:
        origin = getattr(spec, 'origin', None) or ''
        if same(origin, name, files):
            return
        refuse(name, 'this process has another: ' + (origin or repr(spec)))
    here = sys.platform + ' ' + (os.uname().machine if hasattr(os, 'uname') else '')
    endings = (*_imp.extension_suffixes(),)
    folder = os.path.join(root(), digest.hex()[:16])
    for path, content in files.items():
        if path.endswith(('.so', '.pyd')) and (
            platform != here or not path.endswith(endings)
        ):
            why = '%s was built for %s, this is CPython %d.%d on %s' % (
                path, platform, *sys.version_info[:2], here)
            content = ('raise ImportError(%r)' % why).encode()
            above, _, last = path.rpartition('/')
            path = (above and above + '/') + last.partition('.')[0] + '.py'
            if path in files:
                continue
        path = os.path.join(folder, *path.split('/'))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file:
            file.write(content)
    made[name] = folder
    sys.path.append(folder)
def h(x, y):
    for name, digest, blob in y['c']:
        if known.get(name) != digest:
            with lock:
                if known.get(name) != digest:
                    put(name, digest, blob, y.get('p'))
                    known[name] = digest
h = sys.__dict__.setdefault('_cppickle_ship_1', h)
"""

# A space is enough for a level of indentation.
PACKED = zlib.compress(TEXT.replace("    ", " ").encode(), 9)
