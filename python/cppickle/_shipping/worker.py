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
MISSING_TEXT = (
    "raise ImportError('the stream needs a shipment that has not been loaded in this "
    "process: load shipment.stream first')"
)

TEXT = """\
import _imp, _thread, atexit, os, shutil, sys, tempfile, zlib
k = sys.__dict__.setdefault('_cppickle_shipped', {})
t = _thread.RLock()
if hasattr(os, 'register_at_fork'): os.register_at_fork(after_in_child=t._at_fork_reinit)
made = {}
roots = {}
def removed(pid, root):
    if os.getpid() == pid: shutil.rmtree(root, True)
def root():
    pid = os.getpid()
    if pid not in roots:
        roots[pid] = tempfile.mkdtemp('', 'cppickle-')
        atexit.register(removed, pid, roots[pid])
    return roots[pid]
def own(n):
    path, name = None, ''
    for part in n.split('.'):
        name = name and name + '.' + part or part
        m = sys.modules.get(name)
        found = getattr(m, '__spec__', None)
        if m is None:
            for f in sys.meta_path:
                found = hasattr(f, 'find_spec') and f.find_spec(name, path)
                if found: break
            else: return
        path = getattr(found, 'submodule_search_locations', None)
        if path is None or getattr(found, 'origin', 0): return found or m
        __import__(name)
        path = sys.modules[name].__path__
def same(found, n, files):
    origin = (getattr(found, 'origin', None) or '').replace(os.sep, '/')
    for end in '/__init__.py', '.py':
        end = n.replace('.', '/') + end
        if end in files and origin.endswith('/' + end):
            for p in files:
                if p.endswith('.py'):
                    try:
                        with open(origin[:-len(end)] + p, 'rb') as f:
                            if f.read() != files[p]: return
                    except OSError: return
            return 1
def put(n, d, b, platform):
    if b is None:
        raise ImportError('the shipment with %s has not been loaded in this process: load shipment.stream first' % n)
    data = zlib.decompress(b)
    end = data.index(b'\\n\\n')
    at, files = end + 2, {}
    for line in data[:end].decode().split('\\n'):
        size, p = line.split(' ', 1)
        files[p] = data[at:at + int(size)]
        at += int(size)
    folder = made.get(n)
    if folder:
        if [m for m in [*sys.modules] if (m + '.').startswith(n + '.')]:
            raise ImportError('%s has come to this process in another version, which is in use: restart the process, or send the same version' % n)
        if folder in sys.path: sys.path.remove(folder)
        del made[n]
    found = own(n)
    if found:
        if same(found, n, files):
            k[n] = d
            return
        raise ImportError('%s was shipped, but this process has another one itself (%s): remove it there, or do not ship it' % (n, getattr(found, 'origin', None)))
    here = sys.platform + ' ' + (os.uname().machine if hasattr(os, 'uname') else '')
    folder = tempfile.mkdtemp('', '', root())
    there = set()
    for p, content in files.items():
        if p.endswith(('.so', '.pyd')) and not (platform == here and p.endswith((*_imp.extension_suffixes(),))):
            head, tail = os.path.split(p)
            content = ('raise ImportError(%r)' % ('%s was built for %s, and this is CPython %d.%d on %s' % (p, platform, *sys.version_info[:2], here))).encode()
            p = os.path.join(head, tail.split('.')[0] + '.py')
            if p in files: continue
        p = os.path.join(folder, *p.split('/'))
        parent = os.path.dirname(p)
        if parent not in there:
            os.makedirs(parent, exist_ok=True)
            there.add(parent)
        with open(p, 'wb') as f: f.write(content)
    sys.path.append(folder)
    made[n] = folder
    k[n] = d
def h(x, y):
    for n, d, b in y['c']:
        if k.get(n) != d:
            with t:
                if k.get(n) != d: put(n, d, b, y.get('p'))
h = sys.__dict__.setdefault('_cppickle_ship_1', h)
"""

PACKED = zlib.compress(TEXT.encode(), 9)
