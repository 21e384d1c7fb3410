//! What the attacks have in common, for containers.

use std::io::Write;

use super::*;

/// Placed before the text of every attack. The file says that it is in a sandbox; here it is not.
const TOOLS: &str = include_str!("../../sandbox/tools.py");

/// A whole harness from the text of an attack.
pub fn armed(attack: &str) -> String {
    format!("{TOOLS}\nSANDBOX = False\n{attack}\n")
}

/// Runs an attack and returns how it ended. Whatever it does, its workspace stays as it was.
#[track_caller]
pub fn attack_within(attack: &str, limits: &HarnessLimits) -> Vec<(&'static str, Outcome)> {
    let Some(world) = sandbox() else {
        return Vec::new();
    };
    let source = armed(attack);
    let folder = workspace(&source);
    let outcome = world
        .run(&request(folder.path(), limits), &Cancel::default())
        .unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint()));
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
    assert_eq!(names.len(), 1, "the workspace changed: {names:?}");
    let kept = fs::read_to_string(folder.path().join("harness.py")).unwrap();
    assert!(kept == source, "the harness changed itself");
    vec![("container", outcome)]
}

#[track_caller]
pub fn attack(text: &str) -> Vec<(&'static str, Outcome)> {
    attack_within(text, &limits())
}

/// Runs an attack that must come to its end without having got anywhere. Returns what it said.
#[track_caller]
pub fn held_within(text: &str, limits: &HarnessLimits) -> Vec<String> {
    let outcomes = attack_within(&format!("{text}\nprint('over')\n"), limits);
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

/// The version of Landlock that binds harnesses here. Some of what holds in a container rests on it.
pub fn landlock() -> u32 {
    let outcomes = attack("");
    let found = outcomes
        .iter()
        .flat_map(|(_, outcome)| &outcome.enforced)
        .find(|one| one.name == "landlock");
    let version = found
        .and_then(|one| one.means.as_deref())
        .and_then(|means| {
            let rest = means.strip_prefix("version ")?;
            rest.split(':').next()?.parse().ok()
        });
    version.unwrap_or(0)
}

/// Whether what rests on this version of Landlock can be tried; says so if not.
pub fn has_landlock(version: u32) -> bool {
    let here = landlock();
    let enough = here >= version;
    if !enough && sandbox().is_some() {
        // Not by a macro: what macros print is kept back for tests that pass.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: this needs version {version} of Landlock, and containers here have {here}"
        );
    }
    enough
}
