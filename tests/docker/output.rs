//! The output file, the streams, and their limits.

use dfab::harness::{Ending, HarnessLimits};

use crate::image_or_skip;
use crate::support::{limits, run, run_within, settings};

const OPEN: &str = "import os, sys\npath = os.environ['DATA_FABRICATION_OUTPUT']\n";

#[test]
fn the_dataset_is_the_file_if_it_is_not_empty_else_stdout() {
    let image = image_or_skip!();
    for (source, dataset, stdout) in [
        ("print('printed')\n", "printed\n", "printed\n"),
        (
            "print('p')\nopen(path, 'w').write('written')\n",
            "written",
            "p\n",
        ),
        ("print('p')\nopen(path, 'w')\n", "p\n", "p\n"),
        (
            "print('p')\nopen(path, 'w').write('hidden')\nos.chmod(path, 0)\n",
            "hidden",
            "p\n",
        ),
    ] {
        let outcome = run(image, &format!("{OPEN}{source}"));
        assert_eq!(outcome.ending, Ending::Ok);
        assert_eq!(outcome.dataset_bytes(), dataset.as_bytes());
        assert_eq!(outcome.stdout, stdout.as_bytes());
    }
}

#[test]
fn bytes_arrive_as_they_were_written() {
    let image = image_or_skip!();
    let source = "data = bytes(range(256)) * 300\nopen(path, 'wb').write(data)\n\
                  sys.stdout.buffer.write(data)\nsys.stderr.buffer.write(data)\n";
    let outcome = run(image, &format!("{OPEN}{source}"));
    let expected: Vec<u8> = (0..=255u8).cycle().take(256 * 300).collect();
    assert_eq!(outcome.output_file.as_deref(), Some(expected.as_slice()));
    assert_eq!(outcome.stdout, expected);
    assert_eq!(outcome.stderr, expected);
}

#[test]
fn what_is_no_plain_file_is_bad_output() {
    let image = image_or_skip!();
    for (source, word) in [
        ("os.symlink('/etc/passwd', path)", "symbolic link"),
        ("os.symlink('/dev/zero', path)", "symbolic link"),
        ("os.mkdir(path)", "folder"),
        ("os.mkfifo(path)", "FIFO"),
        (
            "import socket\nsocket.socket(socket.AF_UNIX).bind(path)",
            "socket",
        ),
        (
            "open(path, 'w').write('x')\nos.link(path, path + '2')",
            "hard link",
        ),
    ] {
        let outcome = run(image, &format!("{OPEN}print('printed')\n{source}\n"));
        assert_eq!(
            (outcome.ending, outcome.returncode),
            (Ending::BadOutput, 0),
            "{source}"
        );
        let text = outcome.error_text().unwrap();
        assert!(text.contains(word), "{source}: {text}");
        assert_eq!(outcome.stdout, b"printed\n");
    }
}

#[test]
fn the_limit_holds_for_file_and_stdout_alike() {
    let image = image_or_skip!();
    let limits = HarnessLimits {
        max_output_size_bytes: 100_000,
        ..limits()
    };
    let run = |source: &str| run_within(&settings(image), &format!("{OPEN}{source}\n"), &limits);
    let full = run("sys.stdout.write('o' * 100000)\nopen(path, 'w').write('f' * 100000)");
    assert_eq!(full.ending, Ending::Ok, "{:?}", full.error_text());
    assert_eq!(
        (full.stdout.len(), full.dataset_bytes().len()),
        (100_000, 100_000)
    );
    let printed = run("sys.stdout.write('o' * 100001)");
    assert_eq!(
        (printed.ending, printed.returncode),
        (Ending::OutputLimit, 137)
    );
    assert_eq!(printed.stdout.len(), 100_000);
    let written = run("open(path, 'w').write('f' * 100001)");
    assert_eq!(
        (written.ending, written.returncode),
        (Ending::OutputLimit, 0)
    );
    assert!(written.error_text().unwrap().contains("100001 bytes"));
}

#[test]
fn a_flood_on_stdout_ends_the_run() {
    let image = image_or_skip!();
    let outcome = run(image, "import os\nwhile True: os.write(1, b'x' * 65536)\n");
    assert_eq!(
        (outcome.ending, outcome.returncode),
        (Ending::OutputLimit, 137)
    );
    assert_eq!(outcome.stdout.len(), 1 << 20);
}

#[test]
fn a_flood_on_stderr_is_drained_and_its_end_kept() {
    let image = image_or_skip!();
    let source = "import os\nfor _ in range(1000): os.write(2, b'e' * 65536)\n\
                  os.write(2, b'the end')\nprint('fine')\n";
    let outcome = run(image, source);
    assert_eq!(
        (outcome.ending, outcome.stdout.as_slice()),
        (Ending::Ok, b"fine\n".as_slice())
    );
    assert!(outcome.stderr.ends_with(b"eethe end"));
    assert!(outcome.stderr.len() < 3 << 20);
}

#[test]
fn a_harness_that_knows_the_lines_words_only_prints_them() {
    let image = image_or_skip!();
    // The mark is among the arguments of the shell.
    let source = "words = open(f'/proc/{os.getppid()}/cmdline').read().split('\\0')\nmark = words[4]\n\
                  assert words[3] == 'dfab'\n\
                  forged = f'{mark} report code=7 by=exit oom=1 cpu= peak= kind=fifo links= size=\\n\\n{mark} end\\n'\n\
                  sys.stdout.write(forged)\nsys.stdout.flush()\nopen(path, 'w').write(forged)\n";
    let outcome = run(image, &format!("{OPEN}{source}"));
    assert_eq!(outcome.ending, Ending::Ok, "{:?}", outcome.error_text());
    let text = String::from_utf8(outcome.stdout.clone()).unwrap();
    assert!(
        text.contains(" report code=7 ") && text.ends_with(" end\n"),
        "{text}"
    );
    assert_eq!(outcome.output_file, Some(outcome.stdout));
}

#[test]
fn a_name_full_of_shell_is_only_a_name() {
    let image = image_or_skip!();
    let folder = crate::support::workspace("");
    let entrypoint = "$(touch x) 'a\" &.py";
    std::fs::write(
        folder.path().join(entrypoint),
        format!("{OPEN}open(path, 'w').write(path)\n"),
    )
    .unwrap();
    let limits = limits();
    let output_filename = "it's $HOME *.jsonl";
    let request = dfab::harness::HarnessRequest {
        entrypoint,
        output_filename,
        ..crate::support::request(folder.path(), &limits)
    };
    use dfab::harness::Executor;
    let outcome = crate::support::docker(&settings(image))
        .run(&request, &Default::default())
        .unwrap();
    assert_eq!(outcome.ending, Ending::Ok, "{:?}", outcome.error_text());
    assert_eq!(
        outcome.dataset_bytes(),
        format!("/tmp/{output_filename}").as_bytes()
    );
}
