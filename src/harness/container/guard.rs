//! What binds a harness from inside its container, on top of whatever the engine does.
//!
//! An engine's own system call profile differs from version to version, a broker cannot be sent one, and a container
//! has one user for the harness and for what watches it. So the line starts [`guard.py`](GUARD) in the harness's
//! place: it takes on the sandbox's filter on system calls and, where the kernel has Landlock, a domain of its own,
//! from which the shell and the engine's init cannot be traced, read or (from version 6) signalled. Then it becomes the
//! harness. Both come on top of the engine's profile, so they only ever take away.
//!
//! It says what it did right behind the line's first words, before anything of the harness runs: nobody can say it in
//! its place.

use crate::harness::Protection;
use crate::harness::sandbox::system_call_filter;
use crate::settings::parse_size;

use super::{ContainerError, ContainerSettings};

/// The program. Its words are read by [`Guard::read`].
pub(super) const GUARD: &str = include_str!("guard.py");
/// More than the longest line it says.
pub(super) const LONGEST_WORDS: usize = 256;
/// Version of Landlock from which signals are scoped.
const SCOPED_SIGNALS: u32 = 6;
/// Version of Landlock from which TCP is handled.
const TCP: u32 = 4;
/// Largest file where memory allows it: all of `/tmp`.
const TMP_BYTES: u64 = 512 << 20;

/// What the guard has bound a harness by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Guard {
    filter: Filter,
    /// Version in force, 0 for none.
    landlock: u32,
    /// Bytes of the largest file, 0 for no limit.
    file_size: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Filter {
    /// The sandbox's, on top of the engine's.
    Dfab,
    /// The engine's alone.
    Engine,
    /// It was to be the sandbox's, and could not be: nothing was started.
    Refused(String),
}

impl Guard {
    /// Understands what the guard says behind its mark.
    pub(super) fn read(words: &str) -> Option<Guard> {
        let field = |name: &str| {
            words
                .split(' ')
                .filter_map(|word| word.split_once('='))
                .find_map(|(key, value)| (key == name).then_some(value))
        };
        Some(Guard {
            filter: match field("filter")? {
                "dfab" => Filter::Dfab,
                "engine" => Filter::Engine,
                why => Filter::Refused(why.to_owned()),
            },
            landlock: field("landlock")?.parse().ok()?,
            file_size: field("files")?.parse().ok()?,
        })
    }

    /// Whether the sandbox's filter is in force, which takes `no_new_privs` to be.
    pub(super) fn has_filter(&self) -> bool {
        self.filter == Filter::Dfab
    }

    /// An error if it would not start the harness.
    pub(crate) fn check(&self, settings: &ContainerSettings) -> Result<(), ContainerError> {
        let Filter::Refused(why) = &self.filter else {
            return Ok(());
        };
        Err(ContainerError::Unfiltered {
            image: settings.image.clone(),
            why: match why.as_str() {
                "ctypes" => "its Python has no working ctypes module",
                "machine" => "the engine's machine is of another kind than this one",
                "kernel" => "the engine's kernel does not take it",
                _ => "it does not say why",
            },
        })
    }

    /// What it contributes to the list of protections.
    pub(super) fn protections(&self, settings: &ContainerSettings) -> Vec<Protection> {
        let closed = settings.network == "none";
        vec![
            match &self.filter {
                Filter::Dfab => Protection::by(
                    "seccomp",
                    format!(
                        "filter of {} instructions, on top of the engine's",
                        system_call_filter().instructions
                    ),
                ),
                _ => Protection::missing("seccomp", "left to the engine's own profile"),
            },
            match self.landlock {
                0 => Protection::missing("landlock", "the engine's kernel or profile has none"),
                version => {
                    let mut covers = "other processes".to_owned();
                    if version >= TCP && closed {
                        covers.push_str(", TCP");
                    }
                    if version >= SCOPED_SIGNALS {
                        covers.push_str(", signals, abstract sockets");
                    }
                    Protection::by("landlock", format!("version {version}: {covers}"))
                }
            },
            match self.file_size {
                0 => Protection::missing("file_size", "the image's Python has no resource module"),
                bytes => Protection::by("file_size", format!("RLIMIT_FSIZE {bytes} bytes")),
            },
        ]
    }

    /// The list's entries where nothing is known.
    pub(super) fn unknown() -> Vec<Protection> {
        ["seccomp", "landlock", "file_size"]
            .map(|name| Protection::missing(name, "the container does not say"))
            .to_vec()
    }
}

/// The guard's arguments: the filter with the machine it is for, the largest file, the network.
pub(super) fn arguments(settings: &ContainerSettings) -> [String; 3] {
    let filter = match settings.own_filter {
        true => {
            let filter = system_call_filter();
            format!("{}:{}", filter.machine, filter.code_hex)
        }
        false => String::new(),
    };
    [
        filter,
        largest_file(&settings.memory).to_string(),
        settings.network.clone(),
    ]
}

/// `/tmp` is memory. One file must not be able to use all of it up, or the harness would be ended for its memory,
/// or grind to a halt, where it only wrote too much.
fn largest_file(memory: &str) -> u64 {
    parse_size(memory).map_or(TMP_BYTES, |bytes| (bytes / 2).min(TMP_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::container::usual;

    #[test]
    fn what_it_says_is_understood_and_nothing_else() {
        let guard = Guard::read("filter=dfab landlock=6 files=1024").unwrap();
        assert!(guard.check(&usual()).is_ok());
        let list = guard.protections(&usual());
        assert!(list.iter().all(|one| one.missing.is_none()), "{list:?}");
        for (why, words) in [
            ("ctypes", "ctypes"),
            ("machine", "another kind"),
            ("kernel", "kernel"),
            ("x", "does not say"),
        ] {
            let guard = Guard::read(&format!("filter={why} landlock=0 files=0")).unwrap();
            let error = guard.check(&usual()).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
            assert!(
                error
                    .hint()
                    .is_some_and(|hint| hint.contains("docker_seccomp"))
            );
        }
        for words in [
            "",
            "filter=dfab",
            "filter=dfab landlock=x files=0",
            "landlock=6 files=1",
        ] {
            assert_eq!(Guard::read(words), None, "{words}");
        }
    }

    #[test]
    fn what_is_missing_is_said_to_be() {
        let guard = Guard::read("filter=engine landlock=0 files=0").unwrap();
        let list = guard.protections(&usual());
        assert!(list.iter().all(|one| one.missing.is_some()), "{list:?}");
        // An older Landlock does not know signals, and a network that is wanted is not closed.
        let settings = ContainerSettings {
            network: "platform_x".to_owned(),
            ..usual()
        };
        let guard = Guard::read("filter=engine landlock=4 files=0").unwrap();
        let means = guard.protections(&settings)[1].means.clone().unwrap();
        assert_eq!(means, "version 4: other processes");
    }

    #[test]
    fn one_file_cannot_use_up_all_memory() {
        assert_eq!(largest_file("4g"), TMP_BYTES);
        assert_eq!(largest_file("512m"), 256 << 20);
    }

    #[test]
    fn the_filter_travels_whole_and_only_where_it_is_wanted() {
        let [filter, ..] = arguments(&usual());
        let (machine, code) = filter.split_once(':').unwrap();
        assert_eq!(machine, std::env::consts::ARCH);
        assert_eq!(code.len(), system_call_filter().instructions * 16);
        let settings = ContainerSettings {
            own_filter: false,
            ..usual()
        };
        assert_eq!(arguments(&settings)[0], "");
    }
}
