use super::hostile::*;
use super::*;

/// Runs a program in every world that prints one line for each thing that works.
#[track_caller]
fn works(source: &str, expected: &str) {
    for (world, sandbox) in worlds() {
        let folder = workspace(source);
        let made = tool(&["-c", PREPARE]).arg(folder.path()).status().unwrap();
        assert!(made.success());
        let limits = limits();
        let outcome = sandbox
            .run(&request(folder.path(), &limits), &Cancel::default())
            .unwrap_or_else(|error| panic!("{world}: {error}\nhint: {:?}", error.hint()));
        let said = outcome.stdout_tail();
        let shown = format!("{world}: {outcome:?}\n{said}\n{}", outcome.stderr_tail());
        assert_eq!(outcome.ending, Ending::Ok, "{shown}");
        assert_eq!(said, expected, "{shown}");
    }
}

/// A package with a database in it.
const PREPARE: &str = "import os, sqlite3, sys\n\
    os.umask(0o022); path = sys.argv[1] + '/data.sqlite'\n\
    with sqlite3.connect(path) as db: db.execute('create table t (a)'); db.execute('insert into t values (42)')\n";

#[test]
fn files_of_the_run_are_locked_as_anywhere() {
    works(
        r"
import errno, fcntl, os, struct, threading
EX, NB = fcntl.LOCK_EX, fcntl.LOCK_NB
def refused(what, *arguments):
    try: what(*arguments)
    except OSError as error: return errno.errorcode[error.errno]
for path in ('/tmp/x', '/dev/shm/x', os.environ['DATA_FABRICATION_OUTPUT'], '/workspace/harness.py'):
    flags = os.O_RDONLY if 'workspace' in path else os.O_RDWR | os.O_CREAT
    one, other = os.open(path, flags, 0o600), os.open(path, flags)
    fcntl.flock(one, EX); seen = [refused(fcntl.flock, other, EX | NB)]
    fcntl.flock(one, fcntl.LOCK_UN); fcntl.flock(other, EX | NB); fcntl.flock(other, fcntl.LOCK_UN)
    kind = fcntl.LOCK_SH if 'workspace' in path else EX
    fcntl.lockf(one, kind | NB)
    pid = os.fork()
    if pid == 0: os._exit(0 if refused(fcntl.lockf, other, EX | NB) in ('EAGAIN', 'EBADF') else 1)
    seen.append(os.waitpid(pid, 0)[1])
    if 'workspace' not in path:
        fcntl.lockf(one, fcntl.LOCK_UN)
        lock = struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0)
        fcntl.fcntl(one, 37, lock); seen.append(refused(fcntl.fcntl, other, 37, lock))
        seen.append(struct.unpack('hhqqi4x', fcntl.fcntl(other, 36, lock))[0] == fcntl.F_WRLCK)
    print(*seen)
os.unlink(os.environ['DATA_FABRICATION_OUTPUT'])
fd = os.open('/tmp', os.O_TMPFILE | os.O_RDWR); fcntl.flock(fd, EX)
# On descriptors that children inherit, and on pipes.
pid = os.fork()
if pid == 0: fcntl.flock(fd, EX | NB); os._exit(0)
print(os.waitpid(pid, 0)[1], refused(fcntl.flock, 99, EX), refused(fcntl.lockf, 99, EX))
reading, writing = os.pipe()
for pipe in (reading, 1, 2): fcntl.flock(pipe, EX)
fcntl.lockf(writing, EX); print(refused(fcntl.lockf, reading, EX), refused(fcntl.flock, 0, EX))
# Waiting threads, of which one after the other gets the lock.
seen = []
def wait():
    with open('/tmp/queue', 'w') as file: fcntl.flock(file, EX); seen.append(len(seen)); fcntl.flock(file, fcntl.LOCK_UN)
threads = [threading.Thread(target=wait) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(seen)
",
        "EAGAIN 0 EAGAIN True\nEAGAIN 0 EAGAIN True\nEAGAIN 0 EAGAIN True\nEAGAIN 0\n\
         0 EBADF EBADF\nEBADF EPERM\n[0, 1, 2, 3, 4, 5, 6, 7]\n",
    );
}

#[test]
fn databases_work_from_threads_and_processes() {
    works(
        r"
import multiprocessing, os, sqlite3, threading
def fill(path, who, count):
    db = sqlite3.connect(path, timeout=15)
    for number in range(count):
        with db: db.execute('insert into t values (?, ?)', (who, number))
    db.close()
def count(path): return sqlite3.connect(path).execute('select count(*), count(distinct who) from t').fetchone()
if __name__ == '__main__':
    context = multiprocessing.get_context('fork')
    for folder in ('/tmp', '/dev/shm'):
        for mode in ('delete', 'wal', 'truncate'):
            path = f'{folder}/{mode}.db'
            with sqlite3.connect(path) as db: print(db.execute(f'pragma journal_mode={mode}').fetchone()[0]); db.execute('create table t (who, number)')
            workers = [threading.Thread(target=fill, args=(path, f't{n}', 40)) for n in range(3)]
            workers += [context.Process(target=fill, args=(path, f'p{n}', 40)) for n in range(3)]
            # Processes first: a fork of a process with threads is another matter.
            for worker in reversed(workers): worker.start()
            for worker in workers: worker.join()
            print(*count(path))
    # A conflict is said to be one.
    one, other = (sqlite3.connect('/tmp/delete.db', timeout=0.05, isolation_level=None) for _ in range(2))
    one.execute('begin exclusive')
    for statement in ('begin immediate', 'select * from t'):
        try: other.execute(statement).fetchall()
        except sqlite3.OperationalError as error: print(error)
    one.execute('rollback'); print(other.execute('select count(*) from t').fetchone())
    # What a package brings along can be read, in any way.
    for uri in ('file:data.sqlite?mode=ro', 'file:/workspace/data.sqlite?mode=ro&immutable=1', 'file:data.sqlite'):
        print(sqlite3.connect(uri, uri=True).execute('select a from t').fetchone())
",
        "delete\n240 6\nwal\n240 6\ntruncate\n240 6\ndelete\n240 6\nwal\n240 6\ntruncate\n240 6\n\
         database is locked\ndatabase is locked\n(240,)\n(42,)\n(42,)\n(42,)\n",
    );
}

#[test]
fn what_the_library_does_with_locks_works() {
    works(
        r"
import dbm, fcntl, logging.handlers, mailbox, multiprocessing, os, shelve, signal, sqlite3, tempfile
box = mailbox.mbox('/tmp/mail'); box.lock(); box.add('Subject: one\n\nbody\n'); box.flush(); box.unlock(); print(len(box))
with shelve.open('/tmp/shelf') as shelf: shelf['a'] = [1]
with shelve.open('/tmp/shelf') as shelf: print(shelf['a'])
with dbm.open('/tmp/names', 'c') as names: names['k'] = 'v'; print(names['k'])
with tempfile.NamedTemporaryFile() as file: fcntl.lockf(file, fcntl.LOCK_EX); print(file.tell())
semaphore = multiprocessing.get_context('fork').Semaphore(0)
process = multiprocessing.get_context('fork').Process(target=semaphore.release); process.start(); semaphore.acquire(); process.join(); print(process.exitcode)
# Locks that signals come amidst.
ticks = 0
def tick(*_):
    global ticks; ticks += 1
signal.signal(signal.SIGALRM, tick); signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
with open('/tmp/ticking', 'w') as file:
    while ticks < 200: fcntl.flock(file, fcntl.LOCK_EX); fcntl.lockf(file, fcntl.LOCK_EX); fcntl.lockf(file, fcntl.LOCK_UN); fcntl.flock(file, fcntl.LOCK_UN)
signal.setitimer(signal.ITIMER_REAL, 0); print('ticked')
",
        "1\n[1]\nb'v'\n0\n0\nticked\n",
    );
}
