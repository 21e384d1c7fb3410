//! The output of a run, by rules that hold in every executor: what is read, what is too much, and what that
//! means for the way the run ended.

use std::fs::File;
use std::io::Read;

use super::Ending;

/// The bytes of the output file, none if there is no file or an empty one; or what is wrong with it.
pub(crate) type OutputFile = Result<Option<Vec<u8>>, (Ending, String)>;

/// Takes the bytes. A file that is no good fails a run that was well; one that failed already keeps its own
/// reason.
pub(crate) fn take_output(
    file: OutputFile,
    ending: &mut Ending,
    detail: &mut Option<String>,
) -> Option<Vec<u8>> {
    match file {
        Ok(bytes) => bytes,
        Err((class, text)) => {
            if *ending == Ending::Ok {
                (*ending, *detail) = (class, Some(text));
            }
            None
        }
    }
}

pub(crate) fn stdout_limit_text(limit: u64) -> String {
    format!("harness stdout exceeds the output limit of {limit} bytes")
}

pub(crate) fn file_limit_text(size: u64, limit: u64) -> String {
    format!("harness output file of {size} bytes exceeds the output limit of {limit} bytes")
}

/// Reads an open regular file of a known size, one byte past the limit being too much.
pub(crate) fn read_bounded(file: &File, size: u64, limit: u64) -> OutputFile {
    if size > limit {
        return Err((Ending::OutputLimit, file_limit_text(size, limit)));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    let failed = |error| {
        (
            Ending::BadOutput,
            format!("harness output cannot be read: {error}"),
        )
    };
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 != size {
        return Err((
            Ending::BadOutput,
            "harness output changed while it was read".to_owned(),
        ));
    }
    Ok((!bytes.is_empty()).then_some(bytes))
}
