//! A form with a file field `file`, `package` or `artifact`.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use http_body_util::{BodyDataStream, Full};
use multer::{Constraints, Multipart, SizeLimit};

use crate::serve::fault::{Fault, Problem};

use super::{
    MAX_HOTKEY_CHARS, Received, Upload, check_length, checked_filename, checked_hotkey, text_of,
    too_large,
};

/// Fields a form may have.
const MOST_FIELDS: usize = 32;

/// Names of the file field; of several the first of these counts.
const FILES: [&str; 3] = ["file", "package", "artifact"];
/// Names under which a form may say whose it is.
const HOTKEYS: [&str; 2] = ["hotkey", "miner_hotkey"];

#[derive(Default)]
struct Form {
    files: [Option<(String, Bytes)>; FILES.len()],
    hotkeys: [Option<String>; HOTKEYS.len()],
}

/// Reads a form that has been received. `beside` is the hotkey that headers or query name, for a form that names none.
///
/// # Errors
/// The form is malformed, or the first check that fails.
pub(super) async fn upload(
    headers: &HeaderMap,
    received: Received,
    beside: Option<(&'static str, String)>,
    limit: u64,
) -> Result<Upload, Fault> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let boundary =
        multer::parse_boundary(kind.unwrap_or_default()).map_err(|error| malformed(&error))?;
    let (body, share) = received.into_parts();
    let body = Bytes::from(body);
    let form = Form::read(body, boundary)
        .await
        .map_err(|error| malformed(&error))?;

    let hotkey = match form.hotkeys.into_iter().flatten().next() {
        Some(hotkey) => {
            check_length("body", HOTKEYS[0], &hotkey, MAX_HOTKEY_CHARS)
                .map_err(|problem| Fault::Malformed(vec![problem]))?;
            hotkey
        }
        None => checked_hotkey(beside)?,
    };
    let Some((filename, artifact)) = form.files.into_iter().flatten().next() else {
        return Err(Fault::Refused(
            "multipart upload requires a ZIP file field".into(),
        ));
    };
    let filename = match filename.is_empty() {
        true => {
            let beside = text_of(headers, "x-submission-filename").map(|(_, name)| name);
            checked_filename("header", "x-submission-filename", beside)?
        }
        false => checked_filename("body", "filename", Some(filename))?,
    };
    if artifact.len() as u64 > limit {
        return Err(Fault::Refused(too_large()));
    }
    Ok(Upload {
        hotkey,
        filename,
        artifact: artifact.into(),
        share,
    })
}

impl Form {
    async fn read(body: Bytes, boundary: String) -> Result<Form, multer::Error> {
        let whole = SizeLimit::new().whole_stream(body.len() as u64);
        let pieces = BodyDataStream::new(Full::new(body));
        let constraints = Constraints::new().size_limit(whole);
        let mut multipart = Multipart::with_constraints(pieces, boundary, constraints);
        let mut form = Form::default();
        let mut fields = 0;
        while let Some(field) = multipart.next_field().await? {
            fields += 1;
            if fields > MOST_FIELDS {
                break;
            }
            let name = field.name().unwrap_or_default().to_owned();
            let filename = field.file_name().map(str::to_owned);
            let file = FILES.iter().position(|known| *known == name);
            let hotkey = HOTKEYS.iter().position(|known| *known == name);
            if let (Some(slot), Some(filename)) =
                (file.and_then(|at| form.files.get_mut(at)), filename)
            {
                let content = field.bytes().await?;
                slot.get_or_insert((filename, content));
            } else if let Some(slot) = hotkey.and_then(|at| form.hotkeys.get_mut(at)) {
                let text = field.text().await?;
                if !text.is_empty() {
                    slot.get_or_insert(text);
                }
            }
        }
        Ok(form)
    }
}

fn malformed(error: &multer::Error) -> Fault {
    let msg = format!("the form cannot be read: {error}");
    Fault::Malformed(vec![Problem::of_body(None, msg, "multipart_invalid")])
}
