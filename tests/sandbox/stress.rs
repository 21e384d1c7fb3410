use super::started::*;
use super::*;

/// Sets how many runs [`many_runs_leave_nothing`] makes.
const RUNS: &str = "DFAB_STRESS_RUNS";
const AT_ONCE: usize = 8;

/// Everything that a run could leave in this process or on the machine.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    descriptors: Vec<String>,
    mounts: Vec<String>,
    children: Vec<u32>,
    groups: Vec<PathBuf>,
    temporary: usize,
    ipc: Vec<String>,
}

impl Held {
    fn now() -> Self {
        let me = std::process::id();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        // Containers of others may come and go meanwhile.
        let ours = |line: &&str| !line.contains("docker") && !line.contains("containerd");
        let mut descriptors: Vec<String> = fs::read_dir("/proc/self/fd")
            .unwrap()
            .flatten()
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .map(|target| target.to_string_lossy().into_owned())
            .filter(|target| !target.starts_with("/proc/"))
            .collect();
        descriptors.sort();
        let ipc =
            |kind: &str| fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
        Self {
            descriptors,
            mounts: mounts.lines().filter(ours).map(str::to_owned).collect(),
            children: descendants(me),
            groups: groups_of(me),
            temporary: fs::read_dir(std::env::temp_dir()).unwrap().count(),
            // Only objects of the harness's user.
            ipc: ["shm", "sem", "msg"]
                .iter()
                .flat_map(|kind| ipc(kind).lines().map(str::to_owned).collect::<Vec<_>>())
                .filter(|line| line.split_whitespace().any(|word| word == "65534"))
                .collect(),
        }
    }
}

/// A thousand runs, eight at once:
/// `cargo test --release --test sandbox -- --ignored --exact stress::many_runs_leave_nothing`
#[test]
#[ignore = "takes a minute and wants a process of its own"]
fn many_runs_leave_nothing() {
    let sandbox = sandbox_or_skip!();
    let runs: usize = std::env::var(RUNS).map_or(1000, |text| text.parse().expect(RUNS));
    // Every way to end, among them those that leave most behind.
    let kinds = [
        ("print(1)", Ending::Ok),
        ("import sys\nsys.exit(4)", Ending::Exit { code: 4 }),
        ("import os\nos.abort()", Ending::Signal { number: 6 }),
        (
            "import os\nos.mkfifo('/tmp/dataset.jsonl')",
            Ending::BadOutput,
        ),
        (
            "import os\nfor _ in range(9): os.fork()\nimport time\ntime.sleep(9)",
            Ending::OutputLimit,
        ),
        (
            "import os\nopen('/tmp/x', 'w').write('x')\nif os.fork() == 0:\n    import time\n    time.sleep(60)",
            Ending::Ok,
        ),
    ];
    let once = |index: usize| {
        let (source, ending) = kinds[index % kinds.len()];
        match ending {
            // Stands for a run that is interrupted.
            Ending::OutputLimit => {
                let cancel = Cancel::default();
                let limits = limits();
                std::thread::scope(|scope| {
                    let run = scope.spawn(|| try_run(sandbox, source, &limits, &cancel));
                    std::thread::sleep(Duration::from_millis(index as u64 % 60));
                    cancel.cancel();
                    assert!(matches!(
                        run.join().unwrap(),
                        Err(ExecutorError::Interrupted)
                    ));
                });
            }
            ending => assert_eq!(run(sandbox, source).ending, ending, "{source}"),
        }
    };
    for index in 0..kinds.len() {
        once(index);
    }
    let before = Held::now();
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if index >= runs {
                        break;
                    }
                    once(index);
                }
            });
        }
    });
    assert_eq!(Held::now(), before);
}

#[test]
fn a_hundred_runs_eight_at_once_leave_nothing() {
    let _ = sandbox_or_skip!();
    // In a process of its own: the other tests of this one hold and release things meanwhile.
    let folder = workspace("");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--ignored",
            "--exact",
            "stress::many_runs_leave_nothing",
            "--nocapture",
        ])
        .env("TMPDIR", folder.path())
        .env(RUNS, "100");
    let (code, said) = finished(&mut command);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}
