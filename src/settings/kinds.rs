//! Kinds of values: how each is read from text, what it accepts, how it is shown. Sizes have a
//! file of their own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::secret::{MASK, Secret, mask_url};
pub(super) use super::sizes::{DOCKER_SIZE, DOCKER_SWAP, SIZE, parse_size};
use super::sources::Given;

/// One kind of value.
pub(super) struct Kind<T> {
    pub accepts: &'static str,
    pub secrecy: Secrecy,
    /// The values of a closed choice, for completions; of several spellings the usual one.
    pub choices: &'static [&'static str],
    pub parse: fn(&Given) -> Option<T>,
    pub show: fn(&T) -> Value,
}

/// How much of a value may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// All of it.
    Open,
    /// It may hold a password: a refused one is not repeated, and one with a password is refused from a flag,
    /// because every user of a machine can read the arguments of every process.
    Password,
    /// Nothing. It has no flag.
    Secret,
}

/// Which executor runs harnesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutorChoice {
    /// Namespaces, seccomp and limits on this machine.
    Sandbox,
    /// The Docker command line.
    Docker,
    /// A container broker over HTTP.
    Broker,
    /// A plain subprocess, for trusted code only.
    Direct,
}

/// How containers are started when Docker is enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DockerBackend {
    /// The Docker command line.
    Cli,
    /// A broker over HTTP.
    Broker,
}

/// What decides about system calls in containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DockerSeccomp {
    /// The sandbox's filter, on top of the engine's profile.
    Dfab,
    /// The engine's profile alone.
    Engine,
}

/// How many earlier submissions a new one is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The given number of submissions that arrived just before it; 0 compares with none.
    Last(usize),
    /// All that arrived before it.
    All,
}

/// Whether a hotkey's own earlier submissions are among its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnHistory {
    /// They are, as in the live service.
    Include,
    /// They are not, and take no place in the window.
    Exclude,
}

// ---- text ----------------------------------------------------------------------------------

pub(super) fn text(given: &Given) -> Option<&str> {
    match given {
        Given::Text(text) => Some(text),
        Given::List(_) => None,
    }
}

/// Text of a value whose surrounding white space cannot matter.
pub(super) fn trimmed(given: &Given) -> Option<&str> {
    text(given).map(str::trim)
}

/// A setting that may be none: the empty text is none.
fn optional<T>(given: &Given, parse: fn(&Given) -> Option<T>) -> Option<Option<T>> {
    if text(given)?.is_empty() {
        Some(None)
    } else {
        parse(given).map(Some)
    }
}

fn is_line(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

fn line(given: &Given) -> Option<String> {
    trimmed(given)
        .filter(|text| is_line(text))
        .map(str::to_owned)
}

pub(super) const TEXT: Kind<String> = Kind {
    accepts: "one line of text",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: line,
    show: |v| json!(v),
};

pub(super) const OPTIONAL_TEXT: Kind<Option<String>> = Kind {
    accepts: "one line of text, or nothing",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| optional(given, line),
    show: |v| json!(v),
};

/// The slug ends up in container names and headers.
pub(super) const SLUG: Kind<String> = Kind {
    accepts: "1 to 64 ASCII letters, digits, `-`, `_` or `.`, beginning with a letter or digit",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| {
        let slug = trimmed(given)?;
        let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let good = slug.starts_with(|c: char| c.is_ascii_alphanumeric())
            && slug.len() <= 64
            && slug.chars().all(inner);
        good.then(|| slug.to_owned())
    },
    show: |v| json!(v),
};

pub(super) const HOST: Kind<String> = Kind {
    accepts: "a host name or IP address",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| line(given).filter(|host| !host.contains([' ', '/', '@'])),
    show: |v| json!(v),
};

pub(super) const SECRET: Kind<Option<Secret>> = Kind {
    accepts: "a token on one line, or nothing",
    secrecy: Secrecy::Secret,
    choices: &[],
    parse: |given| optional(given, line).map(|token| token.map(Secret::new)),
    show: |v| match v {
        Some(_) => json!(MASK),
        None => Value::Null,
    },
};

fn url(given: &Given) -> Option<String> {
    let url = line(given)?;
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"))?;
    let good = !rest.is_empty()
        && !rest.starts_with(['/', '?', '#', ':', '@'])
        && !url.contains(char::is_whitespace);
    good.then_some(url)
}

pub(super) const URL: Kind<String> = Kind {
    accepts: "a URL that begins with http:// or https://",
    secrecy: Secrecy::Password,
    choices: &[],
    parse: url,
    show: |v| json!(mask_url(v)),
};

pub(super) const OPTIONAL_URL: Kind<Option<String>> = Kind {
    accepts: "a URL that begins with http:// or https://, or nothing",
    secrecy: Secrecy::Password,
    choices: &[],
    parse: |given| optional(given, url),
    show: |v| json!(v.as_deref().map(mask_url)),
};

/// Longest file name that Linux takes, in bytes.
const MAX_FILE_NAME: usize = 255;

pub(super) const FILE_NAME: Kind<String> = Kind {
    accepts: "a plain file name, without folders or control characters",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| {
        let name = text(given).filter(|name| is_line(name))?;
        let good =
            !name.contains('/') && name != "." && name != ".." && name.len() <= MAX_FILE_NAME;
        good.then(|| name.to_owned())
    },
    show: |v| json!(v),
};

// ---- paths ---------------------------------------------------------------------------------

fn path(given: &Given) -> Option<PathBuf> {
    text(given)
        .filter(|path| !path.is_empty() && !path.contains('\0'))
        .map(PathBuf::from)
}

fn show_path(path: &Path) -> Value {
    json!(path.display().to_string())
}

pub(super) const PATH: Kind<PathBuf> = Kind {
    accepts: "a path",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: path,
    show: |v| show_path(v),
};

pub(super) const OPTIONAL_PATH: Kind<Option<PathBuf>> = Kind {
    accepts: "a path, or nothing",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| optional(given, path),
    show: |v| v.as_deref().map_or(Value::Null, show_path),
};

/// URL forms of a database, with the path after the third slash.
const DATABASE_SCHEMES: [&str; 2] = ["sqlite:///", "sqlite+aiosqlite:///"];

pub(super) const DATABASE: Kind<PathBuf> = Kind {
    accepts: "the path of a file, `sqlite:///PATH` or `sqlite+aiosqlite:///PATH` (a fourth slash \
              makes it absolute)",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| {
        let given = text(given)?;
        let in_url = DATABASE_SCHEMES
            .iter()
            .find_map(|scheme| given.strip_prefix(scheme));
        // Options after a `?` would be lost silently, so they are refused.
        let path = match in_url {
            Some(path) if path.contains('?') => return None,
            Some(path) => path,
            None if given.contains("://") => return None,
            None => given,
        };
        // A database in memory would lose what it was told: results are durable or not at all.
        let good = !path.is_empty() && path != ":memory:" && !path.contains('\0');
        good.then(|| PathBuf::from(path))
    },
    show: |v| show_path(v),
};

// ---- numbers -------------------------------------------------------------------------------

/// A whole number; underscores between digits are read over, as YAML 1.1 and Python do.
pub(super) fn whole(given: &Given) -> Option<u64> {
    let text = trimmed(given)?;
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits = text.as_bytes();
    let sane = !text.starts_with('_') && !text.ends_with('_') && !text.contains("__");
    if !sane || digits.is_empty() || !digits.iter().all(|b| b.is_ascii_digit() || *b == b'_') {
        return None;
    }
    text.replace('_', "").parse().ok()
}

fn whole_between(given: &Given, least: u64, most: u64) -> Option<u64> {
    whole(given).filter(|number| (least..=most).contains(number))
}

/// More than any real count, and small enough to add and multiply in 64 bits.
const MOST: u64 = 1_000_000_000;

pub(super) const COUNT: Kind<usize> = Kind {
    accepts: "a whole number from 0 to 1000000000",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| usize::try_from(whole_between(given, 0, MOST)?).ok(),
    show: |v| json!(v),
};

pub(super) const POSITIVE: Kind<usize> = Kind {
    accepts: "a whole number from 1 to 1000000000",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| usize::try_from(whole_between(given, 1, MOST)?).ok(),
    show: |v| json!(v),
};

pub(super) const LIMIT: Kind<u64> = Kind {
    accepts: "a whole number from 1 to 1000000000",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| whole_between(given, 1, MOST),
    show: |v| json!(v),
};

pub(super) const RETRIES: Kind<u32> = Kind {
    accepts: "a whole number from 0 to 100",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| u32::try_from(whole_between(given, 0, 100)?).ok(),
    show: |v| json!(v),
};

pub(super) const PORT: Kind<u16> = Kind {
    accepts: "a port from 0 to 65535 (0 takes a free one)",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| u16::try_from(whole(given)?).ok(),
    show: |v| json!(v),
};

/// The seed becomes `PYTHONHASHSEED`, and Python refuses to start with a larger one.
pub(super) const SEED: Kind<u64> = Kind {
    accepts: "a whole number from 0 to 4294967295",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| whole_between(given, 0, u64::from(u32::MAX)),
    show: |v| json!(v),
};

pub(super) const WINDOW: Kind<Window> = Kind {
    accepts: "a whole number from 0 to 1000000000, or `all`",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| match trimmed(given)? {
        word if word.eq_ignore_ascii_case("all") => Some(Window::All),
        _ => Some(Window::Last((COUNT.parse)(given)?)),
    },
    show: |v| match v {
        Window::Last(count) => json!(count),
        Window::All => json!("all"),
    },
};

/// A week; longer is a slip of the pen.
const LONGEST_SECONDS: f64 = 7.0 * 24.0 * 3600.0;

pub(super) const SECONDS: Kind<Duration> = Kind {
    accepts: "seconds, more than 0 and at most 604800, fractions allowed",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| {
        let seconds = decimal(trimmed(given)?)?;
        let duration = Duration::try_from_secs_f64(seconds).ok()?;
        (seconds <= LONGEST_SECONDS && !duration.is_zero()).then_some(duration)
    },
    show: |v| match v.subsec_nanos() {
        0 => json!(v.as_secs()),
        _ => json!(v.as_secs_f64()),
    },
};

pub(super) const CPUS: Kind<f64> = Kind {
    accepts: "a number of processors, from 0.01 to 1024",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| decimal(trimmed(given)?).filter(|cpus| (0.01..=1024.0).contains(cpus)),
    show: |v| json!(v),
};

/// A finite number; Rust's reading alone would also take `inf`, `nan` and their like.
fn decimal(text: &str) -> Option<f64> {
    let plain = text
        .chars()
        .all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    text.parse()
        .ok()
        .filter(|number: &f64| plain && number.is_finite())
}

// ---- choices and lists ---------------------------------------------------------------------

pub(super) const BOOLEAN: Kind<bool> = Kind {
    accepts: "true, false, yes, no, on, off, t, f, y, n, 1 or 0",
    secrecy: Secrecy::Open,
    choices: &["true", "false"],
    parse: |given| match trimmed(given)?.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "t" | "y" => Some(true),
        "false" | "0" | "no" | "off" | "f" | "n" => Some(false),
        _ => None,
    },
    show: |v| json!(v),
};

pub(super) const EXECUTOR: Kind<ExecutorChoice> = Kind {
    accepts: "sandbox, docker, broker or direct",
    secrecy: Secrecy::Open,
    choices: &["sandbox", "docker", "broker", "direct"],
    parse: |given| match trimmed(given)?.to_ascii_lowercase().as_str() {
        "sandbox" => Some(ExecutorChoice::Sandbox),
        "docker" => Some(ExecutorChoice::Docker),
        "broker" => Some(ExecutorChoice::Broker),
        "direct" => Some(ExecutorChoice::Direct),
        _ => None,
    },
    show: |v| {
        json!(match v {
            ExecutorChoice::Sandbox => "sandbox",
            ExecutorChoice::Docker => "docker",
            ExecutorChoice::Broker => "broker",
            ExecutorChoice::Direct => "direct",
        })
    },
};

pub(super) const DOCKER_BACKEND: Kind<DockerBackend> = Kind {
    accepts: "cli or broker",
    secrecy: Secrecy::Open,
    choices: &["cli", "broker"],
    parse: |given| match trimmed(given)?.to_ascii_lowercase().as_str() {
        "cli" => Some(DockerBackend::Cli),
        "broker" => Some(DockerBackend::Broker),
        _ => None,
    },
    show: |v| {
        json!(match v {
            DockerBackend::Cli => "cli",
            DockerBackend::Broker => "broker",
        })
    },
};

pub(super) const DOCKER_SECCOMP: Kind<DockerSeccomp> = Kind {
    accepts: "dfab or engine",
    secrecy: Secrecy::Open,
    choices: &["dfab", "engine"],
    parse: |given| match trimmed(given)?.to_ascii_lowercase().as_str() {
        "dfab" => Some(DockerSeccomp::Dfab),
        "engine" => Some(DockerSeccomp::Engine),
        _ => None,
    },
    show: |v| {
        json!(match v {
            DockerSeccomp::Dfab => "dfab",
            DockerSeccomp::Engine => "engine",
        })
    },
};

pub(super) const OWN_HISTORY: Kind<OwnHistory> = Kind {
    accepts: "include or exclude",
    secrecy: Secrecy::Open,
    choices: &["include", "exclude"],
    parse: |given| match trimmed(given)?.to_ascii_lowercase().as_str() {
        "include" => Some(OwnHistory::Include),
        "exclude" => Some(OwnHistory::Exclude),
        _ => None,
    },
    show: |v| {
        json!(match v {
            OwnHistory::Include => "include",
            OwnHistory::Exclude => "exclude",
        })
    },
};

pub(super) const DOCKER_NETWORK: Kind<String> = Kind {
    accepts: "`none`, or a network whose name begins with `platform_`",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| {
        line(given).filter(|network| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            network == "none" || (network.starts_with("platform_") && network.chars().all(plain))
        })
    },
    show: |v| json!(v),
};

/// Longest image name, the live service's rule.
const MAX_IMAGE: usize = 255;

fn is_image_pattern(pattern: &str) -> bool {
    let name = pattern.strip_suffix('*').unwrap_or(pattern);
    let inner = |c: char| c.is_ascii_alphanumeric() || "./_:@+-".contains(c);
    !pattern.is_empty()
        && (name.is_empty() || name.starts_with(|c: char| c.is_ascii_alphanumeric()))
        && name.len() <= MAX_IMAGE
        && name.chars().all(inner)
}

/// The items of a list: of the file's own, or of text with commas or in JSON.
fn items(given: &Given) -> Option<Vec<String>> {
    let items = match given {
        Given::List(items) => items.clone(),
        Given::Text(text) if text.trim_start().starts_with('[') => {
            serde_json::from_str(text).ok()?
        }
        Given::Text(text) => text.split(',').map(str::to_owned).collect(),
    };
    let trimmed = items.iter().map(|item| item.trim().to_owned());
    Some(trimmed.filter(|item| !item.is_empty()).collect())
}

pub(super) const IMAGES: Kind<Vec<String>> = Kind {
    accepts: "image names, comma separated or as a JSON list; a trailing `*` makes one a prefix",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| items(given).filter(|images| images.iter().all(|one| is_image_pattern(one))),
    show: |v| json!(v),
};

pub(super) const PROTECTIONS: Kind<Vec<String>> = Kind {
    accepts: "names of protections as `dfab preflight` lists them, comma separated or as a JSON list, \
              or `cgroup` for memory and processes limited by control groups",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| {
        // `seccomp filter` as the table shows it, `seccomp_filter` as JSON has it.
        let names: Vec<String> = items(given)?
            .iter()
            .map(|name| name.to_ascii_lowercase().replace([' ', '-'], "_"))
            .collect();
        let all_known = names
            .iter()
            .all(|name| crate::harness::sandbox::REQUIRABLE.contains(&name.as_str()));
        all_known.then_some(names)
    },
    show: |v| json!(v),
};
