//! Landlock: a second lock on files, TCP and signals, held by the kernel per process and not by what
//! is mounted where. It repeats what the private root already says, so that a hole in one does not
//! open the other.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::world;
use crate::harness::interpreter::{LayoutEntry, LayoutKind};

/// The newest set of rights asked for; older kernels enforce what they know of it. The rules say nothing
/// of rights that later sets add.
const NEWEST: ABI = ABI::V6;
/// In the folders that the harness may write to: everything but programs and devices.
const WRITABLE: [&str; 2] = [world::TMP, "/dev/shm"];

/// Binds this process and all that it will start. Needs `no_new_privs`. Returns the version that is in
/// force, or why none is.
pub(super) fn restrict(layout: &[LayoutEntry]) -> Result<i32, String> {
    let status = rules(layout)
        .and_then(RulesetCreated::restrict_self)
        .map_err(|error| error.to_string())?;
    match (status.landlock, status.ruleset) {
        (LandlockStatus::NotImplemented, _) => {
            Err("this kernel is built without Landlock".to_owned())
        }
        (LandlockStatus::NotEnabled, _) => {
            Err("this kernel was started without Landlock (boot parameter `lsm=`)".to_owned())
        }
        (_, RulesetStatus::NotEnforced) => Err("this kernel enforces none of it".to_owned()),
        (LandlockStatus::Available { effective_abi, .. }, _) => {
            Ok(effective_abi.min(NEWEST) as i32)
        }
    }
}

fn rules(layout: &[LayoutEntry]) -> Result<RulesetCreated, RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let write = AccessFs::from_all(NEWEST)
        & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev);
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    rules = allow(rules, "/", read)?;
    rules = allow(rules, "/dev", read | AccessFs::WriteFile)?;
    for folder in WRITABLE {
        rules = allow(rules, folder, write)?;
    }
    let programs = layout
        .iter()
        .filter(|entry| !matches!(entry.kind, LayoutKind::Link(_)))
        .filter_map(|entry| entry.path.to_str());
    for path in programs.chain([world::WORKSPACE]) {
        rules = allow(rules, path, AccessFs::Execute.into())?;
    }
    Ok(rules)
}

/// What cannot be opened gets no rule, and so is forbidden.
fn allow(
    rules: RulesetCreated,
    path: &str,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    match PathFd::new(path) {
        Ok(file) => rules.add_rule(PathBeneath::new(file, access)),
        Err(_) => Ok(rules),
    }
}

/// What a version takes care of, in words.
pub(super) fn covers(version: i32) -> &'static str {
    match version {
        ..4 => "files",
        4 | 5 => "files, TCP",
        6.. => "files, TCP, signals, abstract sockets",
    }
}
