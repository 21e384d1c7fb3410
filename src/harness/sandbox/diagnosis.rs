//! From a failed system call to words that help.

use std::fs;

use nix::errno::Errno;

use super::describe;
use super::protocol::{Failure, Part};
use crate::harness::ExecutorError;

/// What to do where isolation cannot be had at all.
const ALTERNATIVES: &str = "or, for code you trust alone, run it without isolation: `--executor direct --allow-direct true`";

/// The error for a failure of our own.
pub(super) fn explain(failure: Failure) -> ExecutorError {
    let errno = failure.errno.map(Errno::from_raw);
    if let Part::Required { why } = failure.part {
        return ExecutorError::Required {
            name: failure.what,
            why,
        };
    }
    let why = format!("{}: {}", failure.what, describe(failure.errno));
    if failure.part == Part::Keeper {
        return ExecutorError::Supervisor { why };
    }
    ExecutorError::Isolation {
        part: failure.part.describe().to_owned(),
        hint: hint(&failure, errno, &System::read()),
        path: failure.path,
        why,
    }
}

/// The switches of a machine that forbid sandboxes.
#[derive(Debug, Default)]
struct System {
    /// `kernel.apparmor_restrict_unprivileged_userns` is 1.
    apparmor: bool,
    /// `kernel.unprivileged_userns_clone` is 0.
    debian_switch: bool,
    /// `user.max_user_namespaces` is 0.
    none_allowed: bool,
}

impl System {
    fn read() -> Self {
        let is = |path: &str, value: &str| {
            fs::read_to_string(path).is_ok_and(|text| text.trim() == value)
        };
        Self {
            apparmor: is(
                "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
                "1",
            ),
            debian_switch: is("/proc/sys/kernel/unprivileged_userns_clone", "0"),
            none_allowed: is("/proc/sys/user/max_user_namespaces", "0"),
        }
    }
}

fn hint(failure: &Failure, errno: Option<Errno>, system: &System) -> Option<String> {
    let refused = matches!(errno, Some(Errno::EPERM | Errno::EACCES));
    let text = match failure.part {
        Part::Namespaces | Part::UserMapping | Part::PrivateRoot | Part::ScratchSpace
            if matches!(errno, Some(Errno::ENOSPC | Errno::EUSERS)) || refused =>
        {
            namespaces(errno, system)
        }
        Part::Namespaces if errno == Some(Errno::EINVAL) => {
            format!(
                "this kernel lacks the {} namespace; use another, {ALTERNATIVES}",
                failure.what
            )
        }
        _ if errno == Some(Errno::ENOSYS) => {
            format!("the sandbox needs Linux 5.12 or later; use a newer kernel, {ALTERNATIVES}")
        }
        Part::HostFiles | Part::Unreadable | Part::Start if refused => {
            "the user who runs the harness must be able to read it: the caller, or nobody (65534) \
             when started as root. Make the file and its folders readable for others, or set \
             `python` to an interpreter that is (for example below /usr or /opt)"
                .to_owned()
        }
        Part::Identity if refused => format!(
            "root may not change its user here: allow CAP_SETUID and CAP_SETGID, start dfab as an \
             ordinary user, {ALTERNATIVES}"
        ),
        _ if matches!(errno, Some(Errno::EMFILE | Errno::ENFILE)) => {
            "too few open files are allowed: raise `ulimit -n` to 64 or more".to_owned()
        }
        Part::WorkspaceMapping => {
            "other users cannot read the workspace and this file system cannot map its owner; run \
             `chmod -R go+rX` on it"
                .to_owned()
        }
        _ => return None,
    };
    Some(text)
}

fn namespaces(errno: Option<Errno>, system: &System) -> String {
    let cause = if system.apparmor {
        "AppArmor restricts user namespaces: `sysctl kernel.apparmor_restrict_unprivileged_userns=0` \
         or an AppArmor profile for dfab with `userns,`"
    } else if system.debian_switch {
        "user namespaces are switched off: `sysctl kernel.unprivileged_userns_clone=1`"
    } else if system.none_allowed {
        "user namespaces are switched off: set `sysctl user.max_user_namespaces` above 0"
    } else if matches!(errno, Some(Errno::ENOSPC | Errno::EUSERS)) {
        "all allowed namespaces are in use: raise the `user.max_*_namespaces` settings"
    } else {
        "user namespaces are forbidden here, as in a container without \
         `--security-opt seccomp=unconfined` or an equivalent profile: allow them"
    };
    format!("{cause}; {ALTERNATIVES}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint_for(part: Part, errno: Errno, system: &System) -> String {
        let failure = Failure::new(part, "user", errno);
        hint(&failure, Some(errno), system).unwrap_or_default()
    }

    #[test]
    fn the_setting_that_forbids_namespaces_is_named() {
        let apparmor = System {
            apparmor: true,
            ..System::default()
        };
        let text = hint_for(Part::UserMapping, Errno::EPERM, &apparmor);
        assert!(
            text.contains("apparmor_restrict_unprivileged_userns"),
            "{text}"
        );
        let none = System {
            none_allowed: true,
            ..System::default()
        };
        let text = hint_for(Part::Namespaces, Errno::ENOSPC, &none);
        assert!(text.contains("user.max_user_namespaces"), "{text}");
        let debian = System {
            debian_switch: true,
            ..System::default()
        };
        let text = hint_for(Part::Namespaces, Errno::EPERM, &debian);
        assert!(text.contains("unprivileged_userns_clone"), "{text}");
    }

    #[test]
    fn every_refusal_names_an_alternative() {
        for part in [Part::Namespaces, Part::UserMapping, Part::PrivateRoot] {
            let text = hint_for(part, Errno::EPERM, &System::default());
            assert!(text.contains("--executor direct"), "{text}");
        }
    }

    #[test]
    fn a_failure_of_our_own_is_not_about_the_machine() {
        let error = explain(Failure::new(Part::Keeper, "fork", Errno::EAGAIN));
        assert!(matches!(error, ExecutorError::Supervisor { .. }));
    }
}
