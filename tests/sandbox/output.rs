use super::*;

#[test]
fn a_flood_of_stdout_is_cut_and_ends_the_run() {
    let sandbox = sandbox_or_skip!();
    let started = Instant::now();
    let outcome = run(
        sandbox,
        "import os\nwhile True: os.write(1, b'x' * 65536)\n",
    );
    assert_eq!(outcome.ending, Ending::OutputLimit);
    assert_eq!(outcome.stdout.len(), 1 << 20);
    assert!(outcome.error_text().unwrap().contains("1048576 bytes"));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn exactly_the_limit_is_allowed_and_one_more_is_not() {
    let sandbox = sandbox_or_skip!();
    let write = |size: usize| format!("import sys\nsys.stdout.write('x' * {size})\n");
    let outcome = run(sandbox, &write(1 << 20));
    assert_eq!(
        (outcome.ending, outcome.stdout.len()),
        (Ending::Ok, 1 << 20)
    );
    assert_eq!(
        run(sandbox, &write((1 << 20) + 1)).ending,
        Ending::OutputLimit
    );
}

#[test]
fn of_what_is_printed_beside_an_output_file_only_the_stored_end_is_kept() {
    let sandbox = sandbox_or_skip!();
    let source = |file: &str| {
        format!(
            "import os, sys\nopen(os.environ['DATA_FABRICATION_OUTPUT'], 'w').write('{file}')\n\
             sys.stdout.write('x' * 1000000 + '\u{20ac}' * 3 + 'end')\n"
        )
    };
    let outcome = run(sandbox, &source("the dataset"));
    let printed = 1_000_000 + "\u{20ac}\u{20ac}\u{20ac}end".len();
    assert_eq!(outcome.dataset_bytes(), b"the dataset");
    assert!(
        outcome.stdout.len() < printed / 2,
        "{}",
        outcome.stdout.len()
    );
    // An empty file is none, so what was printed is the dataset, and all of it is there.
    let all = run(sandbox, &source(""));
    assert_eq!(all.dataset_bytes().len(), printed);
    assert!(all.stdout_tail().ends_with("x\u{20ac}\u{20ac}\u{20ac}end"));
    assert_eq!(outcome.stdout_tail(), all.stdout_tail());
}

#[test]
fn a_flood_of_stderr_neither_blocks_nor_fills_memory() {
    let sandbox = sandbox_or_skip!();
    let source = "import os\nfor _ in range(1024): os.write(2, b'x' * 65536)\n\
                      os.write(2, b'end')\nprint('good')\n";
    let outcome = run(sandbox, source);
    assert_eq!(
        (outcome.ending, outcome.stdout.as_slice()),
        (Ending::Ok, b"good\n".as_slice())
    );
    assert!(outcome.stderr.ends_with(b"xend"));
    assert!(
        (64_000..4 << 20).contains(&outcome.stderr.len()),
        "{}",
        outcome.stderr.len()
    );
}

#[test]
fn an_output_file_over_the_limit_fails_the_run() {
    let sandbox = sandbox_or_skip!();
    let source = "import os\nf = open(os.environ['DATA_FABRICATION_OUTPUT'], 'w')\n\
                      f.write('x' * ((1 << 20) + 1))\n";
    let outcome = run(sandbox, source);
    assert_eq!(
        (outcome.ending, outcome.output_file.as_ref()),
        (Ending::OutputLimit, None)
    );
    assert!(outcome.error_text().unwrap().contains("1048577 bytes"));
}

#[test]
fn a_sparse_file_of_any_size_is_not_read() {
    let sandbox = sandbox_or_skip!();
    let source = "import os\nf = open(os.environ['DATA_FABRICATION_OUTPUT'], 'w')\n\
                      f.truncate(8 << 20)\n";
    assert_eq!(run(sandbox, source).ending, Ending::OutputLimit);
}

#[test]
fn only_a_plain_file_is_output() {
    let sandbox = sandbox_or_skip!();
    for (make, word) in [
        ("os.symlink('/workspace/harness.py', p)", "symbolic link"),
        ("os.symlink('/dev/zero', p)", "symbolic link"),
        ("os.mkfifo(p)", "FIFO"),
        ("os.mkdir(p)", "folder"),
        (
            "open('/tmp/a', 'w').write('x'); os.link('/tmp/a', p)",
            "hard link",
        ),
        ("socket.socket(socket.AF_UNIX).bind(p)", "socket"),
    ] {
        let source =
            format!("import os, socket\np = os.environ['DATA_FABRICATION_OUTPUT']\n{make}\n");
        let started = Instant::now();
        let outcome = run(sandbox, &source);
        assert_eq!(outcome.ending, Ending::BadOutput, "{make}");
        assert!(
            outcome.error_text().unwrap().contains(word),
            "{make}: {:?}",
            outcome.detail
        );
        assert_eq!(outcome.output_file, None);
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn a_failed_run_keeps_its_own_reason() {
    let sandbox = sandbox_or_skip!();
    let source = "import os, sys\nos.mkdir(os.environ['DATA_FABRICATION_OUTPUT'])\nsys.exit(3)\n";
    assert_eq!(run(sandbox, source).ending, Ending::Exit { code: 3 });
}

#[test]
fn scratch_space_is_bounded_in_bytes_and_files_and_shared_memory_counts() {
    let sandbox = sandbox_or_skip!();
    let source = r#"
import errno, os
def fill(folder, size, most):
    made = 0
    try:
        for made in range(most):
            with open(f'{folder}/{size}-{made}', 'wb') as file: file.write(b'x' * size)
    except OSError as error: print(errno.errorcode[error.errno])
    return made
half = fill('/dev/shm', 1 << 20, 4)
rest = fill('/tmp', 1 << 20, 100)
print(rest <= 5)
for name in os.listdir('/tmp'): os.unlink('/tmp/' + name)
print(fill('/tmp', 0, 100000) < 40000)
"#;
    assert_eq!(printed(sandbox, source), "ENOSPC\nTrue\nENOSPC\nTrue\n");
}

#[test]
fn nothing_is_left_of_one_run_in_the_next() {
    let sandbox = sandbox_or_skip!();
    let source = "import os\nprint(os.listdir('/tmp'), os.listdir('/dev/shm'))\n\
                      open('/tmp/left', 'w').close(); open('/dev/shm/left', 'w').close()\n";
    for _ in 0..2 {
        assert_eq!(printed(sandbox, source), "[] []\n");
    }
}
