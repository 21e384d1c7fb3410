import asyncio, concurrent.futures, ctypes, locale, os, select, signal, socket, sqlite3, ssl, subprocess, sys, tempfile, time, zoneinfo, mmap
import multiprocessing, queue, threading, urllib.parse, email.message, unittest, inspect, secrets, uuid, platform, shutil, glob, pathlib
def square(number): return number * number
if __name__ == '__main__':
    with sqlite3.connect('/tmp/x.db') as db:
        db.execute('pragma journal_mode=wal'); db.execute('create table t (a)')
        db.executemany('insert into t values (?)', [(n,) for n in range(1000)])
        print(db.execute('select sum(a) from t').fetchone())
    print(ssl.OPENSSL_VERSION != '', ssl.create_default_context() is not None)
    left, right = socket.socketpair(); left.send(b'x'); print(right.recv(1))
    async def serve():
        server = await asyncio.start_unix_server(lambda reader, writer: writer.write(b'hello') or writer.close(), '/tmp/socket')
        reader, writer = await asyncio.open_unix_connection('/tmp/socket')
        answer = await reader.read(); writer.close(); server.close()
        process = await asyncio.create_subprocess_exec(sys.executable, '-c', 'print(3)', stdout=-1)
        return answer, (await process.communicate())[0]
    print(asyncio.run(serve()))
    for pool in (concurrent.futures.ThreadPoolExecutor(4), concurrent.futures.ProcessPoolExecutor(2)):
        with pool: print(list(pool.map(square, range(4))))
    print(locale.setlocale(locale.LC_ALL, ''), zoneinfo.ZoneInfo('UTC'), time.strftime('%Z'), time.tzname)
    print(ctypes.CDLL(None).abs(-3), ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 4)())
    context = multiprocessing.get_context('spawn')
    with context.Manager() as manager: shared = manager.list([1]); shared.append(2); print(list(shared))
    print('to the device', file=open('/dev/stdout', 'w'), flush=True)
    print(subprocess.run('echo shell', shell=True, capture_output=True).returncode if os.path.exists('/bin/sh') else 0)
    signal.signal(signal.SIGUSR1, lambda *_: print('signalled')); os.kill(os.getpid(), signal.SIGUSR1)
    with tempfile.TemporaryDirectory() as folder: shutil.make_archive(folder + '/a', 'zip', '/workspace'); print(os.listdir(folder))
    print(secrets.token_bytes(4) != b'', len(os.urandom(9)), os.cpu_count() > 0, select.epoll().fileno() > 0)
