//! What the attacks have in common: where they run, and what must hold of each of them.

use super::*;

/// Placed before the text of every attack.
const TOOLS: &str = include_str!("tools.py");

/// The sandbox with all that this machine has and, if that makes a difference, without control groups.
pub fn worlds() -> Vec<(&'static str, &'static Sandbox)> {
    static WITHOUT: OnceLock<Option<Sandbox>> = OnceLock::new();
    let Some(with) = sandbox() else {
        return Vec::new();
    };
    let without = WITHOUT.get_or_init(|| {
        if !has_control_groups(with) {
            eprintln!("skipped with control groups: this user gets none on this machine");
            return None;
        }
        let sandbox = Sandbox::with_program(python(), program()).without_control_groups();
        Some(sandbox)
    });
    let mut worlds = vec![("all that is there", with)];
    worlds.extend(
        without
            .as_ref()
            .map(|sandbox| ("no control groups", sandbox)),
    );
    worlds
}

/// Whether memory and processes are limited by the kernel here.
pub fn has_control_groups(sandbox: &Sandbox) -> bool {
    let enforced = sandbox.check().expect("a sandbox");
    ["memory", "processes"]
        .iter()
        .all(|name| means(&enforced, name).is_some_and(|means| means.starts_with("control group")))
}

/// What provides a protection.
pub fn means<'a>(enforced: &'a [dfab::harness::Protection], name: &str) -> Option<&'a str> {
    let found = enforced.iter().find(|protection| protection.name == name);
    found.and_then(|protection| protection.means.as_deref())
}

/// A whole harness from the text of an attack.
pub fn armed(attack: &str) -> String {
    format!("{TOOLS}\n{attack}\n")
}

/// Runs an attack in every world and returns where and how it ended. Whatever it does, its workspace stays as it was.
#[track_caller]
pub fn attack_within(attack: &str, limits: &HarnessLimits) -> Vec<(&'static str, Outcome)> {
    let source = armed(attack);
    let mut outcomes = Vec::new();
    for (world, sandbox) in worlds() {
        let folder = workspace(&source);
        let outcome = sandbox
            .run(&request(folder.path(), limits), &Cancel::default())
            .unwrap_or_else(|error| panic!("{world}: {error}\nhint: {:?}", error.hint()));
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert_eq!(names.len(), 1, "{world}: the workspace changed: {names:?}");
        let kept = fs::read_to_string(folder.path().join("harness.py")).unwrap();
        assert!(kept == source, "{world}: the harness changed itself");
        outcomes.push((world, outcome));
    }
    outcomes
}

#[track_caller]
pub fn attack(text: &str) -> Vec<(&'static str, Outcome)> {
    attack_within(text, &limits())
}

/// Runs an attack that must come to its end without having got anywhere. Returns what it said in each world.
#[track_caller]
pub fn held_within(text: &str, limits: &HarnessLimits) -> Vec<String> {
    let text = format!("{text}\nprint('over')\n");
    let outcomes = attack_within(&text, limits);
    outcomes
        .into_iter()
        .map(|(world, outcome)| {
            let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
            let shown = format!("{world}: {outcome:?}\n{said}\n{}", outcome.stderr_tail());
            assert_eq!(outcome.ending, Ending::Ok, "{shown}");
            assert!(said.ends_with("over\n"), "{shown}");
            assert!(said.contains("held "), "nothing was attempted: {shown}");
            assert!(!said.contains("BREACH"), "{shown}");
            said
        })
        .collect()
}

#[track_caller]
pub fn held(text: &str) -> Vec<String> {
    held_within(text, &limits())
}

/// Attacks that run in containers too ask this, where the sandbox needs none of it.
pub fn has_landlock(_version: u32) -> bool {
    true
}

/// Waits until something is so; a loaded machine takes its time.
#[track_caller]
pub fn eventually(what: &str, holds: impl Fn() -> bool) -> Duration {
    let started = Instant::now();
    while !holds() {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "not so after 20 s: {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    started.elapsed()
}
