//! Tokens that may stand in a file: read when they are needed, not before.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::{Secret, Settings, SettingsError};

/// Where the platform mounts the shared token. That it is missing is no error: most machines that
/// run this program are not challenge servers.
pub const DEFAULT_SHARED_TOKEN_FILE: &str = "/run/secrets/platform/challenge_token";

/// Far more than any token.
const MAX_TOKEN_BYTES: u64 = 64 * 1024;

impl Settings {
    /// The token of the internal HTTP routes: `shared_token`, else the content of
    /// `shared_token_file` without the white space around it, else none.
    ///
    /// # Errors
    /// A file other than the default one that is missing, and any file that cannot be read, is
    /// empty, too large or not text.
    pub fn read_shared_token(&self) -> Result<Option<Secret>, SettingsError> {
        if self.shared_token.is_some() {
            return Ok(self.shared_token.clone());
        }
        let Some(path) = &self.shared_token_file else {
            return Ok(None);
        };
        let optional = path == Path::new(DEFAULT_SHARED_TOKEN_FILE);
        read("shared_token_file", path, optional)
    }

    /// The token for the container broker: `docker_broker_token`, else the content of
    /// `docker_broker_token_file`, else none.
    ///
    /// # Errors
    /// A file that cannot be read, is empty, too large or not text.
    pub fn read_docker_broker_token(&self) -> Result<Option<Secret>, SettingsError> {
        if self.docker_broker_token.is_some() {
            return Ok(self.docker_broker_token.clone());
        }
        match &self.docker_broker_token_file {
            Some(path) => read("docker_broker_token_file", path, false),
            None => Ok(None),
        }
    }
}

fn read(name: &'static str, path: &Path, optional: bool) -> Result<Option<Secret>, SettingsError> {
    let fail = |reason: String| SettingsError::TokenFile {
        name,
        path: path.to_owned(),
        reason,
    };
    let open = File::open(path).and_then(|file| {
        let mut bytes = Vec::new();
        file.take(MAX_TOKEN_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    let bytes = match open {
        Err(error) if optional && error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| fail(error.to_string()))?,
    };
    if bytes.len() as u64 > MAX_TOKEN_BYTES {
        return Err(fail(format!("it is larger than {MAX_TOKEN_BYTES} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8 text".to_owned()))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(fail("it is empty".to_owned()));
    }
    Ok(Some(Secret::new(token)))
}
