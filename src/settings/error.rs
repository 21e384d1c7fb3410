//! What can be wrong with settings.

use std::path::PathBuf;

/// Why the settings cannot be used. All of these are mistakes of use, not of the program.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A value that its setting does not take.
    #[error("{name} from {origin}: {value:?} is not accepted; it takes {accepts}")]
    Value {
        /// The setting.
        name: &'static str,
        /// Flag, variable, or file and line.
        origin: String,
        /// The value, shortened; masked if it is secret.
        value: String,
        /// What the setting takes.
        accepts: String,
    },
    /// Two values that are each fine but not together.
    #[error("{name} ({value}, from {origin}) {conflict}")]
    Conflict {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// Where it came from.
        origin: String,
        /// What it collides with, as the rest of a sentence.
        conflict: String,
    },
    /// An environment variable that is not text.
    #[error("the environment variable {variable} is not valid UTF-8")]
    NotUnicode {
        /// The variable.
        variable: String,
    },
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration file is not what such a file may be.
    #[error("{}:{line}:{column}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// 1-based.
        line: usize,
        /// 1-based, in characters.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// A token file that was asked for cannot be used.
    #[error("cannot use {} (setting {name}): {reason}", path.display())]
    TokenFile {
        /// The setting that names the file.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl SettingsError {
    /// A next step for people, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Value {
                name: "database_url",
                ..
            } => Some(
                "name a file: results are kept in one SQLite file, never in memory or on a server"
                    .to_owned(),
            ),
            Self::Value { .. } | Self::Conflict { .. } => {
                Some("`dfab config` lists every setting with its value and origin".to_owned())
            }
            Self::NotUnicode { variable } => Some(format!("unset {variable}, or set it to text")),
            Self::ReadFile { source, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => Some("check the path given to --config".to_owned()),
                _ => None,
            },
            Self::File { .. } => Some(
                "the file holds one `name: value` per line, names in lower case, without tags or \
                 aliases"
                    .to_owned(),
            ),
            Self::TokenFile { name, .. } => Some(format!(
                "set {name} to a file that holds the token and nothing else"
            )),
        }
    }
}
