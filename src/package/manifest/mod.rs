//! The manifest: YAML 1.1 as the live service's safe loader reads it, turned into JSON.
//!
//! `scan` makes tokens, `parse` a graph of nodes, `scalar` says what plain text means, `construct`
//! builds the values. Refused on the way, with the line: bytes that are not UTF-8, syntax errors,
//! explicit tags of any kind, a second document, aliases inside the node they name, and anything
//! that grows past the bounds below once its aliases and merge keys are expanded.
//!
//! In JSON, keys become text as Python's `json.dumps` writes them (`null`, `true`, `1`, `1.5`),
//! dates and times ISO 8601 text; NaN and the infinities, which JSON lacks, become null.

use serde_json::{Map, Value as Json};

use super::error::{ManifestFault, ManifestTrouble, PackageError};

mod construct;
mod parse;
mod scalar;
mod scan;
#[cfg(test)]
mod tests;

use construct::Value;

/// Largest manifest read, in bytes. Real ones have a few hundred.
const MAX_BYTES: usize = 1 << 20;
/// Most tokens of a manifest.
const MAX_TOKENS: usize = 400_000;
/// Deepest nesting: what JSON parsers commonly read back (128) with room around it.
const MAX_DEPTH: usize = 100;
/// Most values once aliases and merge keys are expanded.
const MAX_VALUES: usize = 200_000;
/// Most bytes of text once aliases are expanded.
const MAX_EXPANDED_BYTES: usize = 4 << 20;

/// What a package needs from its manifest.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Manifest {
    pub object: Map<String, Json>,
    /// The same as JSON text, every digit of integers kept.
    pub json: String,
    pub entrypoint: Entrypoint,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            object: Map::new(),
            json: "{}".to_owned(),
            entrypoint: Entrypoint::Absent,
        }
    }
}

/// The manifest's `entrypoint`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entrypoint {
    /// Absent or falsy.
    Absent,
    Text(String),
    /// Anything else. As text it would be a number, a date, a literal in brackets or braces: none
    /// of them ends in `.py`, so the text itself never matters.
    NotText,
}

/// Reads the manifest stored under `name`.
pub(super) fn read(name: &str, content: &[u8]) -> Result<Manifest, PackageError> {
    let value = load(content).map_err(|trouble| PackageError::Manifest {
        manifest: name.to_owned(),
        line: trouble.line,
        fault: trouble.fault,
    })?;
    if !value.is_truthy() {
        return Ok(Manifest::default());
    }
    let Value::Mapping(pairs) = &value else {
        return Err(PackageError::ManifestNotMapping {
            manifest: name.to_owned(),
        });
    };
    let wanted = pairs
        .iter()
        .find(|(key, _)| *key == Value::Text("entrypoint".to_owned()))
        .map(|(_, value)| value);
    let entrypoint = match wanted {
        Some(Value::Text(text)) if !text.is_empty() => Entrypoint::Text(text.clone()),
        Some(value) if value.is_truthy() => Entrypoint::NotText,
        _ => Entrypoint::Absent,
    };
    let Json::Object(object) = value.to_json() else {
        return Err(PackageError::ManifestNotMapping {
            manifest: name.to_owned(),
        });
    };
    Ok(Manifest {
        object,
        json: value.to_json_text(),
        entrypoint,
    })
}

fn load(content: &[u8]) -> Result<Value, ManifestTrouble> {
    if content.len() > MAX_BYTES {
        let fault = ManifestFault::TooLarge {
            bytes: content.len(),
            limit: MAX_BYTES,
        };
        return Err(ManifestTrouble { line: 1, fault });
    }
    let text = std::str::from_utf8(content).map_err(|error| {
        let valid = content.get(..error.valid_up_to()).unwrap_or_default();
        let line = 1 + valid.iter().filter(|&&byte| byte == b'\n').count();
        ManifestTrouble {
            line,
            fault: ManifestFault::NotUtf8,
        }
    })?;
    let graph = parse::document(scan::tokens(text, MAX_TOKENS)?)?;
    construct::construct(&graph)
}
