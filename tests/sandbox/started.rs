//! `dfab` as a process of its own, in a place of its own.

use super::hostile::*;
use super::*;

/// A package, and the folder that dfab makes its temporary folders in.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new(harness: &str) -> Self {
        let folder = workspace("");
        fs::create_dir(folder.path().join("tmp")).unwrap();
        fs::create_dir(folder.path().join("p")).unwrap();
        fs::write(folder.path().join("p/harness.py"), harness).unwrap();
        fs::write(
            folder.path().join("launcher.py"),
            include_str!("launcher.py"),
        )
        .unwrap();
        Self { folder }
    }

    /// One whose harness starts another program with `mark` among its arguments, in a session of its own, and sleeps.
    pub fn sleeping(mark: &str) -> Self {
        Self::new(&format!(
            "import subprocess, sys, time\n\
             subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', {mark:?}], start_new_session=True)\n\
             time.sleep(60)\n"
        ))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What dfab left in its folder for temporary files.
    pub fn left(&self) -> Vec<String> {
        let names = fs::read_dir(self.path("tmp")).unwrap().flatten();
        names
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }

    /// `dfab exec` of the package, with these options.
    pub fn exec(&self, options: &[&str]) -> Command {
        let mut command = Command::new(program());
        self.finish(&mut command, options);
        command
    }

    /// The same from a process in these odd states.
    pub fn exec_from(&self, states: &[&str], options: &[&str]) -> Command {
        let mut command = tool(&[]);
        command
            .arg(self.path("launcher.py"))
            .args(states)
            .arg("--")
            .arg(program());
        self.finish(&mut command, options);
        command
    }

    fn finish(&self, command: &mut Command, options: &[&str]) {
        command
            .args(["exec", "--python"])
            .arg(python().executable)
            .args(options)
            .arg("--report")
            .arg(self.path("report.json"))
            .arg(self.path("p"))
            .env("TMPDIR", self.path("tmp"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
    }

    /// What the report of the last run says, once.
    pub fn report(&self) -> serde_json::Value {
        let text = fs::read(self.path("report.json")).expect("a report");
        fs::remove_file(self.path("report.json")).expect("a report");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// What provides a protection, by the report.
    pub fn means(&self, report: &serde_json::Value, name: &str) -> Option<String> {
        let list = report["enforced"].as_array().expect("a list");
        let found = list.iter().find(|entry| entry["name"] == name);
        found.expect(name)["means"].as_str().map(str::to_owned)
    }
}

/// A finished command, and all that it said.
pub fn finished(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().expect("it starts");
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

/// Processes below one, on any level.
pub fn descendants(of: u32) -> Vec<u32> {
    let mut parents = std::collections::HashMap::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        if let Some(parent) = parent_of(pid) {
            parents.insert(pid, parent);
        }
    }
    let is_below = |pid: &u32| {
        let mut at = *pid;
        for _ in 0..32 {
            match parents.get(&at) {
                Some(parent) if *parent == of => return true,
                Some(parent) => at = *parent,
                None => return false,
            }
        }
        false
    };
    parents.keys().copied().filter(is_below).collect()
}

/// The parent of a process that is not a zombie.
pub fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit(") ").next()?.split(' ');
    if fields.next()? == "Z" {
        return None;
    }
    fields.next()?.parse().ok()
}

pub fn is_alive(pid: u32) -> bool {
    parent_of(pid).is_some()
}

pub fn signal(pid: u32, signal: nix::sys::signal::Signal) {
    let pid = nix::unistd::Pid::from_raw(pid.cast_signed());
    nix::sys::signal::kill(pid, signal).expect("a process to signal");
}

/// Folders of control groups that belong to a process.
pub fn groups_of(pid: u32) -> Vec<PathBuf> {
    let prefix = format!("dfab-{pid}-");
    walkdir::WalkDir::new("/sys/fs/cgroup")
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .map(walkdir::DirEntry::into_path)
        .collect()
}

/// Waits until the marked program of a run is under way.
pub fn until_marked(mark: &str) {
    eventually("the harness runs", || !processes_with(mark).is_empty());
}
