//! Where values come from, and which one wins.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::file::ConfigFile;
use super::kinds::{Kind, Secrecy};
use super::secret::{MASK, mask_url};
use super::{Effective, SettingsError, descriptions};

/// Prefixes of environment variables, strongest first.
const PREFIXES: [&str; 2] = ["DATA_FABRICATION_", "CHALLENGE_"];
/// A further name of the slug, weaker than both prefixed ones.
const SLUG_VARIABLE: &str = "PLATFORM_CHALLENGE_SLUG";
/// Longest part of a refused value that is shown, in characters.
const SHOWN_VALUE: usize = 80;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A command-line flag, as typed.
    Flag(&'static str),
    /// An environment variable.
    Environment(String),
    /// The configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// Line of the value, 1-based.
        line: usize,
    },
    /// Nobody set it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(flag) => f.write_str(flag),
            Origin::Environment(variable) => f.write_str(variable),
            Origin::File { path, line } => write!(f, "{}:{line}", path.display()),
            Origin::Default => f.write_str("default"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What was typed, before it means anything. Its debug output leaves the values out, for some are
/// secret.
#[derive(Clone, Default)]
pub struct Sources {
    /// Setting name, flag as typed (e.g. `--executor`), value. The last of equals counts.
    pub flags: Vec<(&'static str, &'static str, String)>,
    /// Environment variables; those that name no setting are ignored.
    pub environment: Vec<(String, String)>,
    /// The configuration file, if one was named.
    pub config_file: Option<PathBuf>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags: Vec<_> = self.flags.iter().map(|(_, flag, _)| flag).collect();
        let variables: Vec<_> = self
            .environment
            .iter()
            .map(|(variable, _)| variable)
            .collect();
        f.debug_struct("Sources")
            .field("flags", &flags)
            .field("environment", &variables)
            .field("config_file", &self.config_file)
            .finish()
    }
}

impl Sources {
    /// The process's environment variables that may concern settings, in name order.
    ///
    /// # Errors
    /// One of them is not UTF-8.
    pub fn process_environment() -> Result<Vec<(String, String)>, SettingsError> {
        let mut found = Vec::new();
        for (variable, value) in std::env::vars_os() {
            let Some(variable) = variable.to_str() else {
                continue;
            };
            if setting_of(variable).is_none() && !has_prefix(variable) {
                continue;
            }
            let value = value.into_string();
            let value = value.map_err(|_| SettingsError::NotUnicode {
                variable: variable.into(),
            })?;
            found.push((variable.to_owned(), value));
        }
        found.sort();
        Ok(found)
    }
}

/// This process's variables that are settings, known or not: other programs have no use for them, and some hold
/// tokens.
pub(crate) fn own_variables() -> Vec<OsString> {
    std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| {
            let bytes = name.as_encoded_bytes();
            PREFIXES
                .iter()
                .any(|prefix| bytes.starts_with(prefix.as_bytes()))
        })
        .collect()
}

fn has_prefix(variable: &str) -> bool {
    PREFIXES.iter().any(|prefix| variable.starts_with(prefix))
}

/// The setting a variable belongs to, and its rank (0 wins).
fn setting_of(variable: &str) -> Option<(&'static str, usize)> {
    if variable == SLUG_VARIABLE {
        return Some(("slug", PREFIXES.len()));
    }
    PREFIXES.iter().enumerate().find_map(|(rank, prefix)| {
        let rest = variable.strip_prefix(prefix)?;
        let named = |name: &str| {
            name.chars()
                .map(|c| c.to_ascii_uppercase())
                .eq(rest.chars())
        };
        let setting = descriptions().iter().find(|setting| named(setting.name))?;
        Some((setting.name, rank))
    })
}

/// A value as its source gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Given {
    Text(String),
    /// Only files have real lists.
    List(Vec<String>),
}

impl Given {
    fn shown(&self) -> String {
        let text = match self {
            Given::Text(text) => text.clone(),
            Given::List(items) => format!("[{}]", items.join(", ")),
        };
        match text.char_indices().nth(SHOWN_VALUE) {
            Some((cut, _)) => format!("{}…", &text[..cut]),
            None => text,
        }
    }
}

/// Answers for each setting which source wins, and keeps a row of what it answered.
pub(super) struct Lookup {
    given: HashMap<&'static str, (Origin, Given)>,
    rows: Vec<Effective>,
}

impl Lookup {
    pub(super) fn new(sources: &Sources, file: &ConfigFile) -> Lookup {
        let mut given = HashMap::new();
        // Weakest first: a stronger source writes over it.
        for entry in &file.entries {
            let Some(setting) = descriptions()
                .iter()
                .find(|setting| setting.name == entry.name)
            else {
                continue;
            };
            match &entry.value {
                Some(value) => {
                    let origin = Origin::File {
                        path: file.path.clone(),
                        line: entry.line,
                    };
                    given.insert(setting.name, (origin, value.clone()));
                }
                None => drop(given.remove(setting.name)),
            }
        }
        let mut variables: Vec<_> = sources
            .environment
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(variable, value)| {
                let (name, rank) = setting_of(variable)?;
                Some((rank, name, variable, value))
            })
            .collect();
        variables.sort_by_key(|&(rank, ..)| std::cmp::Reverse(rank));
        for (_, name, variable, value) in variables {
            let origin = Origin::Environment(variable.clone());
            given.insert(name, (origin, Given::Text(value.clone())));
        }
        for (name, flag, value) in &sources.flags {
            given.insert(name, (Origin::Flag(flag), Given::Text(value.clone())));
        }
        Lookup {
            given,
            rows: Vec::new(),
        }
    }

    /// The effective value of a setting; `default` is read like any given text.
    pub(super) fn value<T>(
        &mut self,
        name: &'static str,
        kind: &Kind<T>,
        default: &str,
    ) -> Result<T, SettingsError> {
        let fallback = || (Origin::Default, Given::Text(default.to_owned()));
        let (origin, given) = self.given.remove(name).unwrap_or_else(fallback);
        let refused = |accepts: String| SettingsError::Value {
            name,
            origin: origin.to_string(),
            value: match kind.secrecy {
                Secrecy::Open => given.shown(),
                Secrecy::Password | Secrecy::Secret => MASK.to_owned(),
            },
            accepts,
        };
        let value = (kind.parse)(&given).ok_or_else(|| refused(kind.accepts.to_owned()))?;
        if kind.secrecy == Secrecy::Password && is_exposed(&origin, &given) {
            let accepts = format!("{}; one with a password only elsewhere", kind.accepts);
            return Err(refused(accepts));
        }
        let shown: Value = (kind.show)(&value);
        self.rows.push(Effective {
            name,
            value: shown,
            origin,
        });
        Ok(value)
    }

    pub(super) fn into_rows(self) -> Vec<Effective> {
        self.rows
    }
}

/// Whether a URL's password would be in the process's arguments.
fn is_exposed(origin: &Origin, given: &Given) -> bool {
    match (origin, given) {
        (Origin::Flag(_), Given::Text(url)) => mask_url(url) != *url,
        _ => false,
    }
}

/// Names that mean nothing here, each with the setting it resembles.
pub(super) fn warnings(sources: &Sources, file: &ConfigFile) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut seen = BTreeSet::new();
    for entry in &file.entries {
        let place = format!("{}:{}", file.path.display(), entry.line);
        if !descriptions()
            .iter()
            .any(|setting| setting.name == entry.name)
        {
            let shown = entry.name.escape_debug();
            let advice = match similar(&entry.name) {
                Some(name) => format!("; did you mean `{name}`?"),
                None => String::new(),
            };
            warnings.push(format!("{place}: unknown setting `{shown}`{advice}"));
        } else if !seen.insert(&entry.name) {
            warnings.push(format!(
                "{place}: `{}` is set again; the last value counts",
                entry.name
            ));
        }
    }
    // The harness and the platform have variables of their own under these prefixes, so only what
    // looks like a slip of the pen is worth a word.
    for (variable, _) in &sources.environment {
        let rest = PREFIXES
            .iter()
            .find_map(|prefix| Some((prefix, variable.strip_prefix(prefix)?)));
        let Some((prefix, rest)) = rest else { continue };
        if setting_of(variable).is_none()
            && let Some(name) = similar(&rest.to_lowercase())
        {
            let meant = format!("{prefix}{}", name.to_uppercase());
            let shown = variable.escape_debug();
            warnings.push(format!(
                "unknown environment variable `{shown}`; did you mean `{meant}`?"
            ));
        }
    }
    warnings
}

/// The setting that a mistyped name is most likely to mean.
fn similar(name: &str) -> Option<&'static str> {
    // Names longer than any setting by far resemble none; this also bounds the work.
    if name.len() > 64 {
        return None;
    }
    let distance = |known: &str| strsim::osa_distance(name, known);
    let best = descriptions()
        .iter()
        .map(|setting| (distance(setting.name), setting.name))
        .min()?;
    (best.0 <= 2 && best.0 * 3 < best.1.len()).then_some(best.1)
}
