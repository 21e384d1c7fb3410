//! What the package room promises, by theme.

mod contract;
mod folders;
mod hostile;
mod properties;
mod workspace;
mod zipmaker;

use super::{Package, PackageError, PackageLimits, read_zip};

/// Reads with the default limits.
fn read(bytes: &[u8]) -> Result<Package, PackageError> {
    read_zip(bytes, &PackageLimits::default())
}

/// The refusal's code and message.
fn refusal(bytes: &[u8]) -> (&'static str, String) {
    match read(bytes) {
        Ok(package) => panic!("accepted: {:?}", package.files_view()),
        Err(error) => (error.code(), error.to_string()),
    }
}
