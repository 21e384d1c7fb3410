//! Behaviour of what needs no sandbox; the sandbox itself is tested through the program's binary.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::*;

fn outcome(ending: Ending, stdout: &[u8], stderr: &[u8]) -> Outcome {
    Outcome {
        ending,
        returncode: ending.returncode(),
        detail: None,
        stdout: stdout.to_vec(),
        stderr: stderr.to_vec(),
        output_file: None,
        wall_seconds: 0.0,
        cpu_seconds: None,
        peak_memory_bytes: None,
        enforced: Vec::new(),
    }
}

const FAILED: Ending = Ending::Exit { code: 1 };

fn limits() -> HarnessLimits {
    HarnessLimits {
        wall_time: Duration::from_secs(10),
        cpu_seconds: 10,
        memory_bytes: 1 << 30,
        tmp_bytes: 1 << 24,
        pids: 64,
        open_files: 256,
        max_output_size_bytes: 1000,
    }
}

/// A workspace with one file.
struct Workspace(tempfile::TempDir);

impl Workspace {
    fn new(source: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("harness.py"), source).unwrap();
        Self(folder)
    }

    fn request<'a>(&'a self, limits: &'a HarnessLimits) -> HarnessRequest<'a> {
        HarnessRequest {
            workspace: self.0.path(),
            entrypoint: "harness.py",
            seed: 1337,
            output_filename: "dataset.jsonl",
            limits,
        }
    }
}

mod outcomes {
    use super::*;

    #[test]
    fn the_dataset_is_the_output_file_if_it_is_not_empty_else_stdout() {
        let mut run = outcome(Ending::Ok, b"printed", b"");
        assert_eq!(run.dataset_bytes(), b"printed");
        run.output_file = Some(Vec::new());
        assert_eq!(run.dataset_bytes(), b"printed");
        run.output_file = Some(b"written".to_vec());
        assert_eq!(run.dataset_bytes(), b"written");
    }

    #[test]
    fn a_run_that_ended_well_has_no_error() {
        assert_eq!(outcome(Ending::Ok, b"x", b"warning").error_text(), None);
    }

    #[test]
    fn the_error_is_the_unstripped_end_of_stderr_else_of_stdout_else_fixed() {
        let text =
            |stdout: &[u8], stderr: &[u8]| outcome(FAILED, stdout, stderr).error_text().unwrap();
        assert_eq!(text(b"out", b" boom \n"), " boom \n");
        assert_eq!(text(b"out\n", b""), "out\n");
        assert_eq!(text(b"", b""), "harness execution failed");
        assert_eq!(text(b"out", b"\n"), "\n");
    }

    #[test]
    fn the_error_is_cut_to_2000_characters_not_bytes() {
        let long = "é".repeat(1999) + "ü!";
        let text = outcome(FAILED, b"", long.as_bytes()).error_text().unwrap();
        assert_eq!(text.chars().count(), 2000);
        assert!(text.starts_with('é') && text.ends_with("ü!"));
        let exact = "x".repeat(2000);
        assert_eq!(
            outcome(FAILED, b"", exact.as_bytes()).error_text(),
            Some(exact)
        );
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        let text = outcome(FAILED, b"", b"a\xff\xf0\x9fb").error_text();
        assert_eq!(text.as_deref(), Some("a\u{fffd}\u{fffd}b"));
    }

    #[test]
    fn stored_logs_are_the_last_64000_characters() {
        let long = "ab".repeat(40_000);
        let run = outcome(Ending::Ok, long.as_bytes(), "𝄞".repeat(70_000).as_bytes());
        assert_eq!(run.stdout_tail(), long[16_000..]);
        assert_eq!(run.stderr_tail(), "𝄞".repeat(64_000));
    }

    #[test]
    fn limits_the_service_does_not_know_say_what_was_hit() {
        for (ending, word) in [
            (Ending::TimeoutCpu, "processor time"),
            (Ending::Oom, "memory"),
            (Ending::OutputLimit, "output"),
            (Ending::BadOutput, "regular file"),
        ] {
            let text = outcome(ending, b"", b"noise").error_text().unwrap();
            assert!(text.contains(word), "{text}");
        }
        let mut run = outcome(Ending::OutputLimit, b"", b"");
        run.detail = Some("more than 5 bytes".to_owned());
        assert_eq!(run.error_text().as_deref(), Some("more than 5 bytes"));
    }

    #[test]
    fn return_codes_follow_the_ending() {
        let codes = [
            (Ending::Ok, 0),
            (Ending::Exit { code: 7 }, 7),
            (Ending::Signal { number: 11 }, 139),
            (Ending::TimeoutWall, 124),
            (Ending::TimeoutCpu, 124),
            (Ending::Oom, 137),
        ];
        for (ending, code) in codes {
            assert_eq!(ending.returncode(), code, "{ending:?}");
        }
    }

    #[test]
    fn an_ending_is_written_with_its_class() {
        let text = serde_json::to_string(&Ending::Signal { number: 9 }).unwrap();
        assert_eq!(text, r#"{"class":"signal","number":9}"#);
    }
}

mod requests {
    use super::*;
    use crate::harness::request::check_request;

    #[test]
    fn paths_that_leave_their_place_are_refused() {
        let workspace = Workspace::new("");
        let limits = limits();
        for name in ["", ".", "..", "a/b", "/x", "a\0b", &"x".repeat(256)] {
            let request = HarnessRequest {
                output_filename: name,
                ..workspace.request(&limits)
            };
            assert!(check_request(&request).is_err(), "{name:?}");
        }
        for name in [
            "",
            "/etc/passwd",
            "../harness.py",
            "a/../harness.py",
            "missing.py",
            ".",
        ] {
            let request = HarnessRequest {
                entrypoint: name,
                ..workspace.request(&limits)
            };
            assert!(check_request(&request).is_err(), "{name:?}");
        }
        assert!(check_request(&workspace.request(&limits)).is_ok());
    }
}

mod scripts {
    use super::*;

    fn scripted(folder: &Path, json: &str) -> Result<Scripted, ExecutorError> {
        let path = folder.join("script.json");
        std::fs::write(&path, json).unwrap();
        Scripted::from_file(&path)
    }

    #[test]
    fn the_first_fitting_entry_answers_as_often_as_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let script = r##"{"journal": "runs.jsonl", "outcomes": [
            {"when": {"marker": "# flaky"}, "times": 1, "error": "keeper died"},
            {"when": {"marker": "# flaky"}, "stdout": "second try"},
            {"when": {"entrypoint": "other.py"}, "stdout": "never"},
            {"class": "exit", "code": 3, "stderr": "boom"}
        ]}"##;
        let executor = scripted(folder.path(), script).unwrap();
        let (limits, cancel) = (limits(), Cancel::default());
        let flaky = Workspace::new("# flaky\n");
        let error = executor.run(&flaky.request(&limits), &cancel).unwrap_err();
        assert_eq!(error.to_string(), "scripted executor: keeper died");
        let run = executor.run(&flaky.request(&limits), &cancel).unwrap();
        assert_eq!(
            (run.ending, run.dataset_bytes()),
            (Ending::Ok, b"second try".as_slice())
        );
        let plain = Workspace::new("pass\n");
        let run = executor.run(&plain.request(&limits), &cancel).unwrap();
        assert_eq!((run.ending, run.returncode), (Ending::Exit { code: 3 }, 3));
        let journal = std::fs::read_to_string(folder.path().join("runs.jsonl")).unwrap();
        let entries: Vec<u64> = journal
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .map(|line| line["entry"].as_u64().unwrap())
            .collect();
        assert_eq!(entries, [0, 1, 3]);
    }

    #[test]
    fn output_over_the_limit_fails_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let limits = limits();
        for (script, expected) in [
            (
                r#"{"stdout": "0123456789", "stdout_repeat": 100}"#,
                Ending::Ok,
            ),
            (
                r#"{"stdout": "0123456789", "stdout_repeat": 101}"#,
                Ending::OutputLimit,
            ),
            (
                r#"{"output_file": "0123456789", "output_file_repeat": 999}"#,
                Ending::OutputLimit,
            ),
        ] {
            let script = format!(r#"{{"outcomes": [{script}]}}"#);
            let executor = scripted(folder.path(), &script).unwrap();
            let workspace = Workspace::new("");
            let run = executor
                .run(&workspace.request(&limits), &Cancel::default())
                .unwrap();
            assert_eq!(run.ending, expected, "{script}");
            assert!(run.stdout.len() <= 1000);
        }
    }

    #[test]
    fn mistakes_in_a_script_are_named() {
        let folder = tempfile::tempdir().unwrap();
        for (script, word) in [
            ("[]", "invalid"),
            (r#"{"outcomes": [{"sdtout": "x"}]}"#, "sdtout"),
            (r#"{"outcomes": [{"class": "exit"}]}"#, "code"),
            (r#"{"outcomes": [{"sleep_seconds": -1}]}"#, "sleep_seconds"),
        ] {
            let text = scripted(folder.path(), script).unwrap_err().to_string();
            assert!(text.contains(word), "{text}");
        }
        let executor = scripted(folder.path(), r#"{"outcomes": []}"#).unwrap();
        let (workspace, limits) = (Workspace::new(""), limits());
        let error = executor
            .run(&workspace.request(&limits), &Cancel::default())
            .unwrap_err();
        assert!(error.to_string().contains("no outcome for"), "{error}");
    }

    #[test]
    fn a_sleeping_run_can_be_cancelled() {
        let folder = tempfile::tempdir().unwrap();
        let executor = scripted(folder.path(), r#"{"outcomes": [{"sleep_seconds": 60}]}"#).unwrap();
        let (workspace, limits, cancel) = (Workspace::new(""), limits(), Cancel::default());
        let started = Instant::now();
        std::thread::scope(|scope| {
            let run = scope.spawn(|| executor.run(&workspace.request(&limits), &cancel));
            std::thread::sleep(Duration::from_millis(20));
            cancel.cancel();
            assert!(matches!(
                run.join().unwrap(),
                Err(ExecutorError::Interrupted)
            ));
        });
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}

mod interpreters {
    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        let error = Interpreter::resolve(Path::new("/nonexistent/python")).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/python"), "{error}");
        assert!(error.hint().is_some());
    }

    #[test]
    fn another_program_is_not_taken_for_python() {
        let error = Interpreter::resolve(Path::new("/bin/echo")).unwrap_err();
        assert!(error.to_string().contains("not a Python"), "{error}");
        let error = Interpreter::resolve(Path::new("/bin/false")).unwrap_err();
        assert!(
            matches!(error, ExecutorError::PythonUnusable { .. }),
            "{error}"
        );
    }
}

mod direct {
    use super::*;

    /// Stands for Python: `direct` only needs a program that takes a file.
    fn shell() -> Direct {
        Direct::new(Interpreter {
            executable: PathBuf::from("/bin/sh"),
            version: String::new(),
            layout: Default::default(),
        })
    }

    fn run(script: &str, limits: &HarnessLimits) -> Outcome {
        let workspace = Workspace::new(script);
        shell()
            .run(&workspace.request(limits), &Cancel::default())
            .unwrap()
    }

    #[test]
    fn the_environment_is_built_from_empty_with_a_private_folder() {
        let run = run("env | sort; pwd; cat", &limits());
        let text = String::from_utf8(run.stdout).unwrap();
        let names: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name)
            .collect();
        let expected = [
            "DATA_FABRICATION_OUTPUT",
            "DATA_FABRICATION_SEED",
            "HOME",
            "LANG",
            "PATH",
            "PWD",
            "PYTHONDONTWRITEBYTECODE",
            "PYTHONHASHSEED",
            "PYTHONUNBUFFERED",
            "TMPDIR",
            "TZ",
        ];
        assert_eq!(names, expected, "{text}");
        assert!(text.contains("DATA_FABRICATION_SEED=1337"));
    }

    #[test]
    fn the_output_file_is_read_and_its_folder_removed() {
        let run = run(
            "echo written > $DATA_FABRICATION_OUTPUT; echo $HOME",
            &limits(),
        );
        assert_eq!(run.dataset_bytes(), b"written\n");
        let home = String::from_utf8(run.stdout).unwrap();
        assert!(!Path::new(home.trim()).exists());
    }

    #[test]
    fn the_wall_clock_limit_ends_the_whole_group() {
        let limits = HarnessLimits {
            wall_time: Duration::from_millis(200),
            ..limits()
        };
        let started = Instant::now();
        let run = run("sleep 60 & echo $!; sleep 60", &limits);
        assert_eq!((run.ending, run.returncode), (Ending::TimeoutWall, 124));
        assert!(started.elapsed() < Duration::from_secs(10));
        assert_dead(&run.stdout);
    }

    #[test]
    fn what_is_left_of_the_group_dies_with_the_harness() {
        let run = run("sleep 60 & echo $!", &limits());
        assert_eq!(run.ending, Ending::Ok);
        assert_dead(&run.stdout);
    }

    fn assert_dead(pid: &[u8]) {
        let pid = String::from_utf8_lossy(pid).trim().to_owned();
        let stat = PathBuf::from(format!("/proc/{pid}/stat"));
        let gone = || {
            let Ok(text) = std::fs::read_to_string(&stat) else {
                return true;
            };
            text.rsplit(") ")
                .next()
                .is_some_and(|rest| rest.starts_with('Z'))
        };
        let started = Instant::now();
        while !gone() {
            assert!(
                started.elapsed() < Duration::from_secs(15),
                "process {pid} is alive"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn too_much_output_ends_the_run() {
        let run = run("while :; do echo 0123456789; done", &limits());
        assert_eq!(run.ending, Ending::OutputLimit);
        assert_eq!(run.stdout.len(), 1000);
        let written = "i=0; while [ $i -lt 200 ]; do echo 0123456789; i=$((i+1)); done \
                       > $DATA_FABRICATION_OUTPUT";
        let run = super::direct::run(written, &limits());
        assert_eq!(run.ending, Ending::OutputLimit);
        assert!(
            run.error_text().unwrap().contains("2200 bytes"),
            "{:?}",
            run.detail
        );
    }

    #[test]
    fn links_and_folders_are_not_output() {
        for (script, word) in [
            (
                "ln -s /etc/hostname $DATA_FABRICATION_OUTPUT",
                "symbolic link",
            ),
            ("mkdir $DATA_FABRICATION_OUTPUT", "regular file"),
            ("mkfifo $DATA_FABRICATION_OUTPUT", "regular file"),
            (
                "echo x > $HOME/a; ln $HOME/a $DATA_FABRICATION_OUTPUT",
                "hard link",
            ),
        ] {
            let run = run(script, &limits());
            assert_eq!(run.ending, Ending::BadOutput, "{script}");
            assert!(
                run.error_text().unwrap().contains(word),
                "{script}: {:?}",
                run.detail
            );
        }
    }

    #[test]
    fn exit_codes_and_signals_are_told_apart() {
        assert_eq!(run("exit 7", &limits()).ending, Ending::Exit { code: 7 });
        let run = run("kill -TERM $$", &limits());
        assert_eq!(
            (run.ending, run.returncode),
            (Ending::Signal { number: 15 }, 143)
        );
    }

    #[test]
    fn a_run_can_be_cancelled() {
        let (workspace, limits, cancel) = (Workspace::new("sleep 60"), limits(), Cancel::default());
        let started = Instant::now();
        std::thread::scope(|scope| {
            let run = scope.spawn(|| shell().run(&workspace.request(&limits), &cancel));
            std::thread::sleep(Duration::from_millis(50));
            cancel.cancel();
            assert!(matches!(
                run.join().unwrap(),
                Err(ExecutorError::Interrupted)
            ));
        });
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}
