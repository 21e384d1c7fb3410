//! Settings with origins: every knob of the program, resolved once.
//!
//! Order, first one wins:
//!
//! 1. a command-line flag,
//! 2. the environment variable `DATA_FABRICATION_<NAME>`,
//! 3. the environment variable `CHALLENGE_<NAME>` (for the slug then `PLATFORM_CHALLENGE_SLUG`),
//! 4. the configuration file, a YAML mapping with the names in lower case,
//! 5. the default.
//!
//! Names are those of the live service, so that its environment and file work unchanged. An
//! environment variable that is set to nothing counts as not set, as `VAR=` in a container's
//! environment is meant; so does a null in the file. An empty value from a flag or in the file is
//! a value: it takes an optional setting back to none, and is refused elsewhere. A bad value that
//! a stronger source overrides is never looked at. Relative paths are relative to the current
//! folder, wherever they were written.
//!
//! `table.rs` holds one entry per setting, and everything that lists settings comes from it: the
//! fields of [`Settings`], resolution, the rows of `dfab config`, warnings about unknown names and
//! the README's table. Whether a folder exists, an interpreter can be run or an executor is at
//! hand is left to the rooms that need it.

mod error;
mod file;
mod kinds;
mod secret;
mod sizes;
mod sources;
mod table;
mod tokens;

use serde::Serialize;

pub use error::SettingsError;
pub use kinds::{DockerBackend, DockerSeccomp, ExecutorChoice, OwnHistory, Window};
pub use secret::Secret;
pub(crate) use secret::mask_url;
pub(crate) use sizes::parse_size;
pub(crate) use sources::own_variables;
pub use sources::{Origin, Sources};
pub use table::Settings;
pub use tokens::DEFAULT_SHARED_TOKEN_FILE;

/// One row of `dfab config`, secrets already masked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effective {
    /// The setting's name.
    pub name: &'static str,
    /// Its value as JSON; `"********"` for a secret that is set.
    pub value: serde_json::Value,
    /// Where it came from.
    pub origin: Origin,
}

/// All that resolution yields.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The values.
    pub settings: Settings,
    /// One row per setting, in the table's order.
    pub rows: Vec<Effective>,
    /// What deserves attention but stops nothing: unknown names, mostly.
    pub warnings: Vec<String>,
}

/// What the table says of one setting, for help and documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// Lower-case name, as in the configuration file.
    pub name: &'static str,
    /// The default, in words where it depends on other settings.
    pub default: &'static str,
    /// What values are accepted.
    pub accepts: &'static str,
    /// What the setting does.
    pub help: &'static str,
    /// Whether the value is masked wherever it is shown; then it has no flag either.
    pub secret: bool,
    /// The values of a closed choice, in their usual spelling; none for other settings.
    pub choices: &'static [&'static str],
}

/// Finds the value of every setting.
///
/// # Errors
/// The first bad value met, in the table's order; a configuration file that cannot be read or
/// understood; or two settings that contradict each other.
pub fn resolve(sources: &Sources) -> Result<Resolved, SettingsError> {
    let file = match &sources.config_file {
        Some(path) => file::read(path)?,
        None => file::ConfigFile::default(),
    };
    let warnings = sources::warnings(sources, &file);
    let mut lookup = sources::Lookup::new(sources, &file);
    let settings = table::resolve(&mut lookup)?;
    let rows = lookup.into_rows();
    table::check_together(&settings, &rows)?;
    Ok(Resolved {
        settings,
        rows,
        warnings,
    })
}

/// Every setting, in the table's order.
pub fn descriptions() -> &'static [Description] {
    table::DESCRIPTIONS
}

/// The settings as a Markdown table, as it stands in the README.
pub fn table_markdown() -> String {
    let mut text = String::from("| Setting | Default | Accepts | Meaning |\n|---|---|---|---|\n");
    for setting in descriptions() {
        let cell = |text: &str| text.replace('|', "\\|");
        text.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            setting.name,
            cell(setting.default),
            cell(setting.accepts),
            cell(setting.help)
        ));
    }
    text
}

#[cfg(test)]
mod tests;
