use super::*;

#[test]
fn stdout_is_the_dataset_and_stderr_is_kept() {
    let sandbox = sandbox_or_skip!();
    let outcome = run(
        sandbox,
        "import sys\nprint('row')\nprint('note', file=sys.stderr)\n",
    );
    assert_eq!((outcome.ending, outcome.returncode), (Ending::Ok, 0));
    assert_eq!(outcome.dataset_bytes(), b"row\n");
    assert_eq!(outcome.stderr, b"note\n");
    assert_eq!(outcome.error_text(), None);
    assert!(outcome.wall_seconds > 0.0 && outcome.wall_seconds < 20.0);
    assert!(
        outcome
            .cpu_seconds
            .is_some_and(|seconds| seconds > 0.0 && seconds < 20.0)
    );
    let peak = outcome.peak_memory_bytes.expect("a peak");
    assert!((1 << 20..200 << 20).contains(&peak), "{peak}");
}

#[test]
fn the_output_file_wins_over_stdout() {
    let sandbox = sandbox_or_skip!();
    let source = "import os\nprint('printed')\n\
                      open(os.environ['DATA_FABRICATION_OUTPUT'], 'w').write('written')\n";
    assert_eq!(run(sandbox, source).dataset_bytes(), b"written");
    let source = "import os\nprint('printed')\n\
                      open(os.environ['DATA_FABRICATION_OUTPUT'], 'w').close()\n";
    assert_eq!(run(sandbox, source).dataset_bytes(), b"printed\n");
}

#[test]
fn an_unreadable_mode_does_not_hide_the_output_file() {
    let sandbox = sandbox_or_skip!();
    let source = "import os\np = os.environ['DATA_FABRICATION_OUTPUT']\n\
                      open(p, 'w').write('written')\nos.chmod(p, 0)\n";
    assert_eq!(run(sandbox, source).dataset_bytes(), b"written");
}

#[test]
fn the_standard_library_threads_and_subprocesses_work() {
    let sandbox = sandbox_or_skip!();
    let source = r#"
import asyncio, csv, ctypes, decimal, hashlib, json, lzma, random, re, subprocess, sys
import tempfile, threading, urllib.request, uuid, zlib
seen = []
threads = [threading.Thread(target=seen.append, args=(i,)) for i in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with tempfile.NamedTemporaryFile() as file: file.write(b'x')
for program in (sys.executable, 'python3'):
    answer = subprocess.run([program, '-c', 'print(6 * 7)'], capture_output=True, text=True)
    print(answer.stdout.strip(), answer.stderr)
print(sorted(seen), asyncio.run(asyncio.sleep(0, 'slept')), sys.executable)
"#;
    let text = printed(sandbox, source);
    assert!(
        text.starts_with("42 \n42 \n[0, 1, 2, 3, 4, 5, 6, 7] slept /"),
        "{text}"
    );
}

#[test]
fn multiprocessing_works() {
    let sandbox = sandbox_or_skip!();
    let source = r#"
import multiprocessing as mp
from multiprocessing import shared_memory
def square(number): return number * number
if __name__ == '__main__':
    memory = shared_memory.SharedMemory(create=True, size=4096)
    with mp.Pool(2) as pool: print(pool.map(square, range(5)))
    memory.close(); memory.unlink()
"#;
    assert_eq!(printed(sandbox, source), "[0, 1, 4, 9, 16]\n");
}

#[test]
fn a_package_with_modules_and_a_nested_entrypoint_is_run() {
    let sandbox = sandbox_or_skip!();
    let folder = workspace("");
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/helper.py"), "word = 'helped'\n").unwrap();
    let source = "import helper, os, sys\nprint(helper.word, os.getcwd(), sys.argv)\n";
    fs::write(folder.path().join("src/main.py"), source).unwrap();
    let limits = limits();
    let request = HarnessRequest {
        entrypoint: "src/main.py",
        ..request(folder.path(), &limits)
    };
    let outcome = sandbox.run(&request, &Cancel::default()).unwrap();
    assert_eq!(outcome.stdout, b"helped /workspace ['src/main.py']\n");
}

#[test]
fn a_workspace_only_its_owner_can_read_is_run() {
    let sandbox = sandbox_or_skip!();
    let folder = workspace("print('private')\n");
    let file = folder.path().join("harness.py");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let limits = limits();
    match sandbox.run(&request(folder.path(), &limits), &Cancel::default()) {
        Ok(outcome) => assert_eq!(outcome.stdout, b"private\n"),
        // A file system that cannot map owners: then the error says what to do.
        Err(error) => assert!(error.hint().is_some_and(|hint| hint.contains("chmod"))),
    }
}

#[test]
fn an_interpreter_behind_links_elsewhere_is_run() {
    let _ = sandbox_or_skip!();
    let setting = std::env::var_os("DFAB_PYTHON").unwrap_or_else(|| "python3".into());
    let python = Interpreter::resolve(Path::new(&setting)).unwrap();
    let folder = workspace("");
    let link = folder.path().join("some-python");
    std::os::unix::fs::symlink(&python.executable, &link).unwrap();
    let linked = Interpreter::resolve(&link).unwrap();
    assert_eq!(linked.version, python.version);
    let sandbox = Sandbox::with_program(linked, env!("CARGO_BIN_EXE_dfab"));
    assert_eq!(
        printed(&sandbox, "import json\nprint(json.dumps(1))\n"),
        "1\n"
    );
}

#[test]
fn eight_runs_at_once_do_not_disturb_each_other() {
    let sandbox = sandbox_or_skip!();
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|index| {
                scope.spawn(move || {
                    let source = format!(
                        "import os, time\nopen('/tmp/mine', 'x').write('{index}')\n\
                             time.sleep(0.2)\nprint(os.listdir('/tmp'), open('/tmp/mine').read())\n"
                    );
                    (index, printed(sandbox, &source))
                })
            })
            .collect();
        for run in runs {
            let (index, text) = run.join().unwrap();
            assert_eq!(text, format!("['mine'] {index}\n"));
        }
    });
}
