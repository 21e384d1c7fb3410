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
    let python = python();
    let folder = workspace("");
    let link = folder.path().join("some-python");
    std::os::unix::fs::symlink(&python.executable, &link).unwrap();
    let linked = Interpreter::resolve(&link).unwrap();
    assert_eq!(linked.version, python.version);
    let sandbox = Sandbox::with_program(linked, program());
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

#[test]
fn the_usual_modules_do_their_usual_work() {
    for (world, sandbox) in super::hostile::worlds() {
        let source = include_str!("usual_work.py");
        let outcome = run(sandbox, source);
        assert_eq!(
            outcome.ending,
            Ending::Ok,
            "{world}: {}",
            outcome.stderr_tail()
        );
        assert_eq!(outcome.stderr_tail(), "", "{world}");
        let expected = include_str!("usual_work.txt");
        assert_eq!(
            String::from_utf8_lossy(&outcome.stdout),
            expected,
            "{world}"
        );
    }
}

#[test]
fn two_hundred_megabytes_of_temporary_files_are_fine() {
    let limits = HarnessLimits {
        tmp_bytes: 256 << 20,
        ..limits()
    };
    let source = "import tempfile\n\
                  with tempfile.TemporaryFile() as file:\n    \
                      for _ in range(200): file.write(b'x' * (1 << 20))\n    \
                      print(file.tell())\n";
    for (world, sandbox) in super::hostile::worlds() {
        let outcome = run_within(sandbox, source, &limits);
        assert_eq!(outcome.ending, Ending::Ok, "{world}: {outcome:?}");
        assert_eq!(outcome.stdout, b"209715200\n");
    }
}

/// Names the Python of a virtual environment that has numpy.
const NUMPY: &str = "DFAB_TEST_NUMPY_PYTHON";

#[test]
fn numpy_of_a_virtual_environment_works() {
    let _ = sandbox_or_skip!();
    let Some(python) = std::env::var_os(NUMPY) else {
        eprintln!("skipped: {NUMPY} names no Python with numpy");
        return;
    };
    let python = Interpreter::resolve(Path::new(&python)).unwrap();
    let sandbox = Sandbox::with_program(python, program());
    let source = "import numpy, numpy.linalg, numpy.random\n\
                  made = numpy.random.default_rng(1).normal(size=(300, 300))\n\
                  print(numpy.allclose(made @ numpy.linalg.inv(made), numpy.eye(300)), numpy.memmap('/tmp/m', 'f8', 'w+', shape=9).sum())\n";
    assert_eq!(printed(&sandbox, source), "True 0.0\n");
}

#[test]
fn an_entrypoint_whose_name_looks_like_an_option_is_a_file() {
    let sandbox = sandbox_or_skip!();
    let folder = workspace("");
    let name = "-c print(1);x.py";
    fs::write(folder.path().join(name), "print('the file')\n").unwrap();
    let limits = limits();
    let request = HarnessRequest {
        entrypoint: name,
        ..request(folder.path(), &limits)
    };
    let outcome = sandbox.run(&request, &Cancel::default()).unwrap();
    assert_eq!(outcome.stdout_tail(), "the file\n");
}
