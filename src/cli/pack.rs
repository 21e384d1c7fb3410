//! `dfab pack`

use crate::files::write_atomically;
use crate::package;
use crate::report::escape;

use super::args::PackArgs;
use super::context::Context;
use super::exit::{CliError, Exit};

pub(super) fn run(context: &Context, args: &PackArgs) -> Result<Exit, CliError> {
    let (artifact, package) = package::read_folder(&args.folder, &context.package_limits())?;
    write_atomically(&args.output, &artifact).map_err(|error| {
        let error = anyhow::Error::from(error);
        CliError::failure(error.context(format!("cannot write {}", args.output.display())))
    })?;
    context.say(&format!(
        "{}: {} bytes, {} files, entrypoint {}, sha256 {}",
        escape::line(&args.output.display().to_string()),
        artifact.len(),
        package.files.len(),
        package.entrypoint,
        package.artifact_hash
    ));
    Ok(Exit::Success)
}
