//! The shell line that runs in every container.
//!
//! It starts the harness, ends what the harness left running, and only then looks at the output
//! file and reports, so that nothing changes what it reports on. Its words are marked, because they
//! travel on the harness's own streams:
//!
//! ```text
//! stdout: MARK begin ⏎ MARK guard … ⏎ what the harness printed MARK report … ⏎ the output file in base64 ⏎ MARK end ⏎
//! stderr: what the command line said  MARK begin ⏎ what the harness complained of MARK end ⏎
//! ```
//!
//! Why it is written as it is:
//! - The harness runs in a subshell inside `$(…)`. That is for a shell's one way of telling a signal
//!   from an exit code above 128: it says `Killed` or the like on its own stderr, which is the text
//!   of the substitution. Shells are silent about SIGINT and SIGPIPE, so 130 and 141 count as these
//!   signals; where a trial shows that a shell never says anything (bash), an exit code above 128
//!   cannot be told from a signal and counts as one.
//! - `trap :` rather than an empty trap: what is ignored would be ignored by the harness too.
//! - The loop of empty processes makes the harness's process number the same in every run: how many
//!   numbers the engine has used up by then differs by a few.
//! - `kill -9 -1` reaches everything in the container but process 1, which is the engine's own init,
//!   and the shell itself. What is killed runs no more of its own code; the loop waits until it is
//!   gone, which takes a moment where much memory has to be freed.
//! - Python does not become the harness at once: [`guard.py`](super::guard) comes first, binds the process and then
//!   becomes it.
//! - What is still alive after five seconds of being killed is the kernel's trouble, and nothing that could be looked
//!   at while it may change.
//! - `env -i` gives the harness exactly our variables, without those of the image, the host name or
//!   the proxies that a command line may add from its configuration.
//! - The control group's counters tell a kill for memory from another one, and cost no process.
//! - `base64` brings the file through JSON unharmed and cannot hold a mark.

use crate::harness::HarnessRequest;
use crate::harness::environment::harness_environment;
use crate::harness::request::script_argument;

use super::{ContainerSettings, Job, guard};

const SCRIPT: &str = include_str!("line.sh");
/// What the line is called where a shell needs a name for it.
const NAME: &str = "dfab";
/// Where images of Python keep it. Only its folder matters, as the first one of `PATH`.
const PYTHON: &str = "/usr/local/bin/python3";

/// The command of one container.
#[derive(Debug)]
pub(crate) struct Line(Vec<String>);

impl Line {
    /// The line that runs this harness under this job's mark.
    pub(crate) fn new(
        settings: &ContainerSettings,
        job: &Job,
        request: &HarnessRequest<'_>,
    ) -> Line {
        let limit = request.limits.max_output_size_bytes.to_string();
        let script = script_argument(request.entrypoint);
        let words = [
            "sh",
            "-c",
            SCRIPT,
            NAME,
            &job.mark,
            &script,
            &limit,
            guard::GUARD,
        ];
        let mut words: Vec<String> = words.map(str::to_owned).to_vec();
        words.extend(guard::arguments(settings));
        Line(words)
    }

    /// The words of the command.
    pub(crate) fn words(&self) -> &[String] {
        &self.0
    }
}

/// The harness's variables.
pub(crate) fn environment(request: &HarnessRequest<'_>) -> Vec<(&'static str, String)> {
    harness_environment(
        PYTHON.as_ref(),
        request.seed,
        "/tmp",
        request.output_filename,
    )
}
