//! Docker's command line as a child process: bounded in time and in what it says.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::DockerError;
use crate::harness::capture::Capture;
use crate::settings::own_variables;

/// What a question to the engine may take. It normally takes a few hundredths of a second.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a removal may take before the command line that is attached to the container is blamed.
const ATTACHED_PATIENCE: Duration = Duration::from_secs(4);
/// Most bytes of an answer to a question.
const MAX_ANSWER: u64 = 4 << 20;
/// How often a child is looked at that says nothing.
const TICK: Duration = Duration::from_millis(10);
/// Largest pipe that an ordinary user may have, on most machines.
const PIPE_BYTES: i32 = 1 << 20;
/// Words of the command line that go into an error.
const MAX_SAID_CHARS: usize = 1000;

/// The command.
#[derive(Debug)]
pub(super) struct Cli {
    program: PathBuf,
    /// What a question may take.
    patience: Duration,
}

impl Cli {
    pub(super) fn new(program: PathBuf) -> Cli {
        Cli {
            program,
            patience: PATIENCE,
        }
    }

    /// Starts it in a process group of its own, so that a Ctrl-C at the terminal reaches us alone:
    /// the command line would hand it on to the harness.
    pub(super) fn start(
        &self,
        arguments: &[String],
        stdout_limit: u64,
    ) -> Result<Running, DockerError> {
        let mut command = Command::new(&self.program);
        // Tokens among them, which it has no use for.
        for name in own_variables() {
            command.env_remove(name);
        }
        let mut child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| self.not_started(error))?;
        let streams = (child.stdout.take(), child.stderr.take());
        let mut running = Running {
            child,
            capture: None,
            status: None,
        };
        if let (Some(stdout), Some(stderr)) = streams {
            // A flood passes through three processes before it arrives here, and each waits for the next. A user who has
            // too many pipes gets none of this size, and a slower flood.
            let _ = fcntl(&stdout, FcntlArg::F_SETPIPE_SZ(PIPE_BYTES));
            let _ = fcntl(&stderr, FcntlArg::F_SETPIPE_SZ(PIPE_BYTES));
            let capture = Capture::new(stdout, stderr, stdout_limit);
            running.capture = Some(capture.map_err(unreadable)?);
        }
        Ok(running)
    }

    /// Asks a question and returns what is printed on stdout.
    pub(super) fn ask(&self, arguments: &[&str]) -> Result<String, DockerError> {
        self.answer(arguments)?
            .map_err(|said| DockerError::from_words(subcommand(arguments), &said))
    }

    /// Asks a question; the inner error is what was said on stderr.
    fn answer(&self, arguments: &[&str]) -> Result<Result<String, String>, DockerError> {
        let owned: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        let mut running = self.start(&owned, MAX_ANSWER)?;
        let asked = Instant::now();
        let status = loop {
            if let Some(status) = running.step(TICK)? {
                break status;
            }
            if asked.elapsed() > self.patience {
                return Err(DockerError::CliHangs {
                    what: subcommand(arguments).to_owned(),
                    patience: self.patience,
                });
            }
        };
        let (stdout, stderr) = running.finish()?;
        Ok(match status.success() {
            true => Ok(String::from_utf8_lossy(&stdout).into_owned()),
            false => Err(words(&stderr, &status)),
        })
    }

    /// Versions of both sides.
    pub(super) fn versions(&self) -> Result<String, DockerError> {
        let format = "client {{.Client.Version}}, engine {{.Server.Version}} ({{.Server.Os}}/{{.Server.Arch}})";
        let answer = self.ask(&["version", "--format", format])?;
        Ok(answer.trim().to_owned())
    }

    /// The id of an image that the engine has.
    pub(super) fn image_id(&self, image: &str) -> Result<String, DockerError> {
        let question = ["image", "inspect", "--format", "{{.Id}}", image];
        match self.answer(&question)? {
            Ok(id) => Ok(id.trim().to_owned()),
            Err(said) if said.to_lowercase().contains("no such image") => {
                Err(DockerError::ImageMissing {
                    image: image.to_owned(),
                })
            }
            Err(said) => Err(DockerError::from_words("image inspect", &said)),
        }
    }

    /// Whether the engine saw a process of this container killed for memory. Asked where the
    /// container could not say it itself. An engine that cannot tell is no error: the run ended
    /// in a way that has a name without it.
    pub(super) fn killed_for_memory(&self, name: &str, since: Duration) -> bool {
        // A little more than the run, for clocks that differ; the name is this run's alone.
        let since = format!("{}s", since.as_secs() + 60);
        let container = format!("container={name}");
        let question = [
            "events",
            "--since",
            &since,
            "--until",
            "0s",
            "--filter",
            &container,
            "--filter",
            "event=oom",
            "--format",
            "{{.Action}}",
        ];
        self.ask(&question).is_ok_and(|said| said.contains("oom"))
    }

    /// Removes a container, running or not, and waits until it is gone. That it is gone already is
    /// fine; returns whether it was still there.
    ///
    /// A command line that is attached to the container has to be read in the meantime: the engine
    /// removes nothing whose output it cannot get rid of. One that does not read either, because it
    /// is stopped, is ended.
    pub(super) fn remove(
        &self,
        name: &str,
        mut attached: Option<&mut Running>,
    ) -> Result<bool, DockerError> {
        let begun = Instant::now();
        loop {
            // Recent command lines succeed for a container that is not there and say so.
            let said = match self.remove_once(name, attached.as_deref_mut())? {
                Removal::Done => return Ok(true),
                Removal::NotThere => return Ok(false),
                Removal::Refused(said) => said,
            };
            // Another removal (`--rm`) is on its way, or the engine is busy with it.
            if begun.elapsed() > self.patience {
                return Err(DockerError::NotRemoved {
                    name: name.to_owned(),
                    said,
                });
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn remove_once(
        &self,
        name: &str,
        mut attached: Option<&mut Running>,
    ) -> Result<Removal, DockerError> {
        let arguments = ["rm", "--force", "--volumes", name].map(str::to_owned);
        let mut running = self.start(&arguments, MAX_ANSWER)?;
        let asked = Instant::now();
        let status = loop {
            if let Some(status) = running.step(TICK)? {
                break status;
            }
            if let Some(attached) = attached.as_deref_mut() {
                attached.step(Duration::ZERO)?;
                if asked.elapsed() > ATTACHED_PATIENCE {
                    attached.kill();
                }
            }
            if asked.elapsed() > self.patience {
                return Err(DockerError::NotRemoved {
                    name: name.to_owned(),
                    said: format!("no answer in {} s", self.patience.as_secs()),
                });
            }
        };
        let (_, stderr) = running.finish()?;
        let said = words(&stderr, &status);
        if said.to_lowercase().contains("no such container") {
            return Ok(Removal::NotThere);
        }
        if status.success() {
            return Ok(Removal::Done);
        }
        match DockerError::from_words("rm", &said) {
            error @ (DockerError::EngineDown { .. } | DockerError::PermissionDenied { .. }) => {
                Err(error)
            }
            _ => Ok(Removal::Refused(said)),
        }
    }

    fn not_started(&self, error: io::Error) -> DockerError {
        let program = &self.program;
        if error.kind() == io::ErrorKind::NotFound {
            return DockerError::CliMissing {
                program: program.clone(),
            };
        }
        cannot(format!("start {}", Path::new(program).display()), error)
    }
}

enum Removal {
    Done,
    NotThere,
    Refused(String),
}

/// A running command line that does not outlive its owner.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    capture: Option<Capture<ChildStdout, ChildStderr>>,
    status: Option<ExitStatus>,
}

impl Running {
    /// Waits a little for something to happen and reads what is there; the status once it is dead.
    pub(super) fn step(&mut self, nap: Duration) -> Result<Option<ExitStatus>, DockerError> {
        if let Some(capture) = &mut self.capture {
            let mut fds: Vec<PollFd<'_>> = capture
                .open()
                .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
                .collect();
            let nap = PollTimeout::try_from(nap).unwrap_or(PollTimeout::ZERO);
            match poll(&mut fds, nap) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(unreadable(error.into())),
            }
            capture.read_available().map_err(unreadable)?;
        }
        if self.status.is_none() {
            self.status = self
                .child
                .try_wait()
                .map_err(|error| cannot("wait for the docker command".to_owned(), error))?;
            if self.status.is_some()
                && let Some(capture) = &mut self.capture
            {
                capture.drain().map_err(unreadable)?;
            }
        }
        Ok(self.status)
    }

    /// stdout so far.
    pub(super) fn stdout(&self) -> &[u8] {
        self.capture.as_ref().map_or(&[], Capture::stdout)
    }

    /// Whether stdout held more than was asked for.
    pub(super) fn overflowed(&self) -> bool {
        self.capture.as_ref().is_some_and(Capture::overflowed)
    }

    /// Ends it, if it has not ended, and returns stdout and stderr.
    pub(super) fn finish(mut self) -> Result<(Vec<u8>, Vec<u8>), DockerError> {
        self.kill();
        match self.capture.take() {
            Some(mut capture) => {
                capture.drain().map_err(unreadable)?;
                Ok(capture.finish())
            }
            None => Ok((Vec::new(), Vec::new())),
        }
    }

    /// Ends it with whatever it has started.
    pub(super) fn kill(&mut self) {
        if self.status.is_some() {
            return;
        }
        // Not reaped yet, so its number is still its own. Nobody left to kill is fine.
        let _ = killpg(
            Pid::from_raw(self.child.id().cast_signed()),
            Signal::SIGKILL,
        );
        self.status = self.child.wait().ok();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What was said on stderr, or else how it ended.
pub(super) fn words(stderr: &[u8], status: &ExitStatus) -> String {
    let text = String::from_utf8_lossy(stderr);
    let text = text.trim();
    match text.char_indices().rev().nth(MAX_SAID_CHARS - 1) {
        _ if text.is_empty() => status.to_string(),
        Some((from, _)) => text[from..].to_owned(),
        None => text.to_owned(),
    }
}

fn subcommand<'a>(arguments: &[&'a str]) -> &'a str {
    arguments.first().copied().unwrap_or_default()
}

fn unreadable(error: io::Error) -> DockerError {
    cannot("read what the docker command says".to_owned(), error)
}

fn cannot(what: String, source: io::Error) -> DockerError {
    DockerError::Cli { what, source }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A command line that is a shell script, and the folder it lies in.
    fn stand_in(script: &str) -> (tempfile::TempDir, Cli) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("docker");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        let patience = Duration::from_secs(1);
        (folder, Cli { program, patience })
    }

    /// Asks until the script is no longer being written by somebody: another test that forks at
    /// that moment holds it open.
    fn ask(cli: &Cli) -> Result<String, DockerError> {
        loop {
            match cli.ask(&["ps", "--all"]) {
                Err(DockerError::Cli { source, .. })
                    if source.kind() == io::ErrorKind::ExecutableFileBusy => {}
                other => return other,
            }
        }
    }

    #[test]
    fn a_command_line_that_answers_nothing_is_given_up_with_all_it_has_started() {
        let (folder, cli) = stand_in("sleep 300 & echo $! > \"$0.pid\"; sleep 300");
        let begun = Instant::now();
        let error = ask(&cli).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`docker ps` has not come to its end in 1 s"
        );
        assert!(error.hint().is_some());
        assert!(begun.elapsed() < Duration::from_secs(15));
        let pid = fs::read_to_string(folder.path().join("docker.pid")).unwrap();
        let stat = format!("/proc/{}/stat", pid.trim());
        let alive = || fs::read_to_string(&stat).is_ok_and(|text| !text.contains(") Z"));
        while alive() {
            assert!(begun.elapsed() < Duration::from_secs(15), "{stat}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn an_answer_without_end_is_bounded() {
        let (_folder, cli) = stand_in("yes | head -c 20000000; yes | head -c 20000000 >&2; exit 1");
        let cli = Cli {
            patience: PATIENCE,
            ..cli
        };
        let error = ask(&cli).unwrap_err().to_string();
        assert!(error.len() < 2 * MAX_SAID_CHARS, "{}", error.len());
    }

    #[test]
    fn a_removal_that_is_refused_is_tried_again_until_patience_ends() {
        let (folder, cli) =
            stand_in("echo try >> \"$0.log\"; echo 'removal is in progress' >&2; exit 1");
        ask(&cli).unwrap_err();
        let error = cli.remove("the-container", None).unwrap_err();
        let text = format!("{error} {}", error.hint().unwrap());
        assert!(
            text.contains("the-container") && text.contains("in progress"),
            "{text}"
        );
        let tries = fs::read_to_string(folder.path().join("docker.log")).unwrap();
        assert!(tries.lines().count() > 2, "{tries}");
    }

    #[test]
    fn a_container_that_is_not_there_needs_no_removal() {
        let (_folder, cli) = stand_in("echo 'Error: No such container: x' >&2; exit 1");
        ask(&cli).unwrap_err();
        assert!(!cli.remove("x", None).unwrap());
    }
}
