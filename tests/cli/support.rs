//! One folder per test, a neutral environment, and what a failed command printed.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A folder of its own to run dfab in.
pub struct Place {
    folder: tempfile::TempDir,
}

/// What a command did.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Place {
        Place {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, making the folders above it.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(&path, content).expect("a file");
        path
    }

    /// A ZIP of the given files.
    pub fn zip(&self, name: &str, files: &[(&str, &str)]) -> PathBuf {
        self.file(name, zip_of(files))
    }

    /// dfab in this folder, with nothing of the caller's environment but what running Python takes.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dfab"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .stdin(Stdio::null());
        for name in ["PATH", "HOME", "TMPDIR", "PYENV_ROOT"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // What is remembered of the interpreter: for all tests, but not in the user's own cache.
        command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
        command
    }

    pub fn dfab(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().expect("dfab starts"))
    }

    pub fn dfab_with_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("dfab starts");
        child
            .stdin
            .take()
            .expect("stdin")
            .write_all(input)
            .expect("input");
        Ran::of(child.wait_with_output().expect("dfab ends"))
    }

    /// What dfab shows on a terminal of so many columns; one of 0 columns does not know how many it has.
    pub fn on_terminal(
        &self,
        columns: u16,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> String {
        let size = nix::pty::Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let terminal = nix::pty::openpty(&size, None).expect("a terminal");
        let mut command = self.command(arguments);
        command
            .envs(variables.iter().copied())
            .stdout(terminal.slave.try_clone().expect("a descriptor"))
            .stderr(terminal.slave);
        let mut child = command.spawn().expect("dfab starts");
        // Reading ends when nobody holds the other side any more.
        drop(command);
        let mut shown = Vec::new();
        // The end of a terminal is an error, EIO.
        let _ = std::fs::File::from(terminal.master).read_to_end(&mut shown);
        child.wait().expect("dfab ends");
        String::from_utf8_lossy(&shown).replace("\r\n", "\n")
    }

    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .expect("the folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }
}

impl Ran {
    pub fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Ran {
        assert!(
            self.stderr.contains(text),
            "{text:?} is not in stderr:\n{}",
            self.stderr
        );
        self
    }

    #[track_caller]
    pub fn prints(self, text: &str) -> Ran {
        assert!(
            self.stdout.contains(text),
            "{text:?} is not in stdout:\n{}",
            self.stdout
        );
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!(
                "{error}\nstdout:\n{}\nstderr:\n{}",
                self.stdout, self.stderr
            ),
        }
    }

    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).expect("a JSON line");
        self.stdout.lines().map(parse).collect()
    }
}

pub fn zip_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (name, content) in files {
        writer.start_file(*name, options).expect("an entry");
        writer.write_all(content.as_bytes()).expect("its content");
    }
    writer.finish().expect("a ZIP").into_inner()
}

/// A file of this repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A harness that prints two short conversations.
pub const SMALL_HARNESS: &str = r#"
import json
for n in range(2):
    print(json.dumps({"messages": [
        {"role": "user", "content": f"please fix the bug number {n} in the parser"},
        {"role": "assistant", "content": f"the patch {n} guards the empty case and adds a test"}]}))
"#;

/// Everything a record says that does not depend on the clock.
pub fn timeless(mut record: Value) -> Value {
    if let Some(execution) = record["execution"].as_object_mut() {
        let kept = ["returncode", "timed_out", "limit", "ending"];
        execution.retain(|name, _| kept.contains(&name.as_str()));
    }
    record
}
