//! The engine, the image, and short ways to run things.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use dfab::harness::{
    Cancel, ContainerSettings, Docker, Ending, Executor, ExecutorError, HarnessLimits,
    HarnessRequest, Interpreter, Outcome,
};

use sha2::{Digest, Sha256};

/// Set to `required` where an engine is known to be there.
const VARIABLE: &str = "DFAB_TEST_DOCKER";

/// The image to use, or `None` if these tests are to be skipped.
pub fn image() -> Option<&'static str> {
    static IMAGE: OnceLock<Result<String, String>> = OnceLock::new();
    match IMAGE.get_or_init(prepare) {
        Ok(image) => Some(image),
        Err(why) if std::env::var_os(VARIABLE).is_some_and(|value| value == "required") => {
            panic!("{VARIABLE}=required, but {why}")
        }
        Err(why) => {
            // Not by a macro: what macros print is kept back for tests that pass.
            let _ = writeln!(std::io::stderr(), "skipped: {why}");
            None
        }
    }
}

/// The image, or the end of the test.
#[macro_export]
macro_rules! image_or_skip {
    () => {
        match $crate::support::image() {
            Some(image) => image,
            None => return,
        }
    };
}

/// The Python of this machine, which the image holds and the sandbox starts.
pub fn python() -> Result<Interpreter, String> {
    let setting = std::env::var_os("DFAB_PYTHON").unwrap_or_else(|| "python3".into());
    Interpreter::resolve(Path::new(&setting)).map_err(|error| error.to_string())
}

fn prepare() -> Result<String, String> {
    let version = Command::new("docker")
        .arg("version")
        .output()
        .map_err(|error| format!("docker cannot be started: {error}"))?;
    if !version.status.success() {
        let said = String::from_utf8_lossy(&version.stderr);
        return Err(format!("no docker engine answers: {}", said.trim()));
    }
    let python = python()?;
    // An image that an earlier script made is another one.
    let script = Sha256::digest(include_bytes!("image.py"));
    let tag = format!(
        "dfab-test/python:{}-{:02x}{:02x}{:02x}",
        python.version, script[0], script[1], script[2]
    );
    make_image(&python, &tag)?;
    Ok(tag)
}

pub fn make_image(python: &Interpreter, tag: &str) -> Result<(), String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/docker/image.py");
    let made = Command::new(&python.executable)
        .arg(script)
        .arg(tag)
        .env("DFAB_PYTHON", &python.executable)
        .output()
        .map_err(|error| error.to_string())?;
    match made.status.success() {
        true => Ok(()),
        false => Err(format!(
            "the image cannot be made: {}",
            String::from_utf8_lossy(&made.stderr)
        )),
    }
}

/// A slug of its own for each test, so that containers can be told apart.
pub fn slug() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("dfab-test-{}-{number}", std::process::id())
}

pub fn settings(image: &str) -> ContainerSettings {
    ContainerSettings {
        slug: slug(),
        image: image.to_owned(),
        allowed_images: vec![image.to_owned()],
        network: "none".to_owned(),
        cpus: 2.0,
        memory: "256m".to_owned(),
        memory_swap: "256m".to_owned(),
        pids_limit: 64,
        read_only: true,
        user: None,
        own_filter: true,
    }
}

pub fn docker(settings: &ContainerSettings) -> Docker {
    Docker::new("docker", settings.clone()).expect("good settings")
}

pub fn limits() -> HarnessLimits {
    HarnessLimits {
        wall_time: Duration::from_secs(30),
        cpu_seconds: 30,
        memory_bytes: 1 << 30,
        tmp_bytes: 1 << 30,
        pids: 64,
        open_files: 128,
        max_output_size_bytes: 1 << 20,
    }
}

pub fn seconds(wall: f64) -> HarnessLimits {
    HarnessLimits {
        wall_time: Duration::from_secs_f64(wall),
        ..limits()
    }
}

/// A folder with one harness. Its mode is the one workspaces usually have.
pub fn workspace(source: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("harness.py"), source).expect("a harness");
    folder
}

pub fn request<'a>(folder: &'a Path, limits: &'a HarnessLimits) -> HarnessRequest<'a> {
    HarnessRequest {
        workspace: folder,
        entrypoint: "harness.py",
        seed: 1337,
        output_filename: "dataset.jsonl",
        limits,
    }
}

pub fn try_run(
    executor: &dyn Executor,
    source: &str,
    limits: &HarnessLimits,
    cancel: &Cancel,
) -> Result<Outcome, ExecutorError> {
    let folder = workspace(source);
    executor.run(&request(folder.path(), limits), cancel)
}

/// Runs a harness in a container and sees to it that nothing of it stays.
#[track_caller]
pub fn run_within(settings: &ContainerSettings, source: &str, limits: &HarnessLimits) -> Outcome {
    let outcome = try_run(&docker(settings), source, limits, &Cancel::default())
        .unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint()));
    assert_eq!(containers(&settings.slug), Vec::<String>::new());
    outcome
}

#[track_caller]
pub fn run(image: &str, source: &str) -> Outcome {
    run_within(&settings(image), source, &limits())
}

/// Runs a harness that is expected to end well and returns what it printed.
#[track_caller]
pub fn printed(image: &str, source: &str) -> String {
    let outcome = run(image, source);
    assert_eq!(outcome.ending, Ending::Ok, "{}", outcome.stderr_tail());
    String::from_utf8(outcome.stdout).expect("UTF-8")
}

/// What the docker command prints.
pub fn docker_says(arguments: &[&str]) -> String {
    let output = Command::new("docker")
        .args(arguments)
        .output()
        .expect("docker starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Names of the containers with this slug, running or not.
pub fn containers(slug: &str) -> Vec<String> {
    let filter = format!("label=platform.challenge={slug}");
    docker_says(&["ps", "--all", "--filter", &filter, "--format", "{{.Names}}"])
        .lines()
        .map(str::to_owned)
        .collect()
}

/// Waits until something holds.
#[track_caller]
pub fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

/// Waits until the harness in a container has said that it runs, and returns the container's name.
#[track_caller]
pub fn running_container(slug: &str) -> String {
    let mut name = None;
    wait_for("a container runs", || {
        let filter = format!("label=platform.challenge={slug}");
        let names = docker_says(&["ps", "--filter", &filter, "--format", "{{.Names}}"]);
        name = names.lines().next().map(str::to_owned);
        name.is_some()
    });
    name.expect("a name")
}

/// Every dfab that uses the engine removes leftovers. Tests that start one share this lock; the one that looks at
/// leftovers has it alone.
static LEFTOVERS: RwLock<()> = RwLock::new(());

/// Lets other tests remove leftovers meanwhile.
pub fn leftovers_may_go() -> RwLockReadGuard<'static, ()> {
    LEFTOVERS.read().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps other tests from removing leftovers.
pub fn leftovers_stay() -> RwLockWriteGuard<'static, ()> {
    LEFTOVERS.write().unwrap_or_else(PoisonError::into_inner)
}

/// The program, with nothing of the caller's environment but what it takes to find things.
pub fn dfab(folder: &Path, image: &str, slug: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dfab"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("DATA_FABRICATION_DOCKER_ALLOWED_IMAGES", image)
        .env("DATA_FABRICATION_SLUG", slug)
        .env("DATA_FABRICATION_DOCKER_MEMORY", "256m")
        .env("DATA_FABRICATION_DOCKER_MEMORY_SWAP", "256m")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for name in [
        "PATH",
        "HOME",
        "TMPDIR",
        "PYENV_ROOT",
        "DOCKER_HOST",
        "DOCKER_CONFIG",
    ] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// A program that is ended with its owner.
pub struct Running(pub Child);

impl Running {
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.0.id().cast_signed());
        nix::sys::signal::kill(pid, signal).expect("a living process");
    }

    /// Both streams and the status, once it has ended.
    pub fn finish(mut self) -> Output {
        let child = std::mem::replace(
            &mut self.0,
            Command::new("true").spawn().expect("true starts"),
        );
        child.wait_with_output().expect("it ends")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
