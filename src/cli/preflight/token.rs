//! The token of the internal HTTP routes.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::super::context::Context;
use super::{Check, Verdict};

const NAME: &str = "token";

/// Whether there is one, where it comes from, and who else may read it. Only the HTTP service needs it.
pub(super) fn check(context: &Context) -> Check {
    let settings = &context.settings;
    let token = match settings.read_shared_token() {
        Ok(token) => token,
        Err(error) => return Check::failed(NAME, &error, error.hint()),
    };
    let origin = context.rows.iter().find(|row| row.name == "shared_token");
    let origin = origin.map(|row| row.origin.to_string()).unwrap_or_default();
    match (token, &settings.shared_token, &settings.shared_token_file) {
        (None, _, _) => Check::new(
            NAME,
            Verdict::Ok,
            "none; without one the internal routes of the HTTP service answer 503",
        ),
        (Some(_), None, Some(file)) => of_file(file),
        (Some(_), _, _) => Check::new(NAME, Verdict::Ok, format!("set ({origin})")),
    }
}

fn of_file(file: &Path) -> Check {
    let detail = format!("read from {}", file.display());
    let others = fs::metadata(file).map_or(0, |meta| meta.mode() & 0o007);
    if others == 0 {
        return Check::new(NAME, Verdict::Ok, detail);
    }
    let detail = format!(
        "{detail}, which every user of this machine may {}",
        verbs(others)
    );
    Check::new(NAME, Verdict::Warn, detail).hint(format!("chmod o= {}", file.display()))
}

fn verbs(mode: u32) -> &'static str {
    match (mode & 0o004 != 0, mode & 0o002 != 0) {
        (true, true) => "read and change",
        (false, true) => "change",
        _ => "read",
    }
}
