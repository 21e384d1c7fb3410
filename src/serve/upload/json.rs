//! `{hotkey|miner_hotkey, filename, package_base64, signature?}`

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::serve::fault::{Fault, Problem};

use super::{
    MAX_FILENAME_CHARS, MAX_HOTKEY_CHARS, MAX_SIGNATURE_CHARS, Share, Upload, check_length,
    check_zip_name, too_large,
};

/// Python's `b64decode(text, validate=True)`: padding is needed, bits that are left over may be anything.
const STRICT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Fields that show that no package is meant.
pub(in crate::serve) const DIRECT: [&str; 3] = ["dataset_jsonl", "code", "harness_code"];

/// A submission as JSON. It is read field by field, so that each fault gets its own answer.
#[derive(ToSchema)]
#[allow(dead_code)]
pub(in crate::serve) struct SubmissionRequest {
    /// The miner's key.
    #[schema(min_length = 1, max_length = 128)]
    hotkey: Option<String>,
    /// The same under another name; `hotkey` counts if both are given.
    #[schema(min_length = 1, max_length = 128)]
    miner_hotkey: Option<String>,
    /// The package's file name.
    #[schema(max_length = 256, pattern = r"^$|\.[zZ][iI][pP]$")]
    filename: Option<String>,
    /// The ZIP in base64.
    #[schema(format = "byte", min_length = 4)]
    package_base64: String,
    /// Kept for the service's clients; nothing is done with it.
    #[schema(max_length = 512)]
    signature: Option<String>,
}

/// Reads a body.
///
/// # Errors
/// First what has the wrong shape, then the first check that fails.
pub(super) fn upload(body: &[u8], limit: u64) -> Result<Upload, Fault> {
    let fields = object(body)?;
    let shape = Shape::check(&fields)?;
    if DIRECT.iter().any(|name| !is_absent(&fields, name)) {
        return Err(Fault::Refused(
            "submit only accepts ZIP harness packages, not direct datasets or code".into(),
        ));
    }
    let hotkey = shape
        .hotkey
        .ok_or_else(|| Fault::Refused("missing hotkey".into()))?;
    let encoded = shape
        .package_base64
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Fault::Refused("submission requires package_base64 ZIP artifact".into()))?;
    let artifact = STRICT
        .decode(encoded)
        .map_err(|_| Fault::Refused("package_base64 is invalid".into()))?;
    let filename = shape.filename.unwrap_or_default();
    check_zip_name(filename)?;
    if artifact.len() as u64 > limit {
        return Err(Fault::Refused(too_large()));
    }
    Ok(Upload {
        hotkey: hotkey.to_owned(),
        filename: filename.to_owned(),
        artifact,
        share: Share::default(),
    })
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Fault> {
    let fault = |problem| Fault::Malformed(vec![problem]);
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(fault(Problem::of_body(
            None,
            "Input should be an object",
            "model_attributes_type",
        ))),
        Err(error) => {
            let at = offset(body, error.line(), error.column());
            let msg = format!("JSON decode error: {error}");
            Err(fault(Problem::of_body(Some(at), msg, "json_invalid")))
        }
    }
}

/// The byte at a line and column, both from 1.
fn offset(body: &[u8], line: usize, column: usize) -> usize {
    let before = body
        .split_inclusive(|byte| *byte == b'\n')
        .take(line.saturating_sub(1));
    let start: usize = before.map(<[u8]>::len).sum();
    start.saturating_add(column).min(body.len())
}

fn is_absent(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).is_none_or(Value::is_null)
}

/// The fields that are used, each a text or absent.
struct Shape<'a> {
    hotkey: Option<&'a str>,
    filename: Option<&'a str>,
    package_base64: Option<&'a str>,
}

impl<'a> Shape<'a> {
    fn check(fields: &'a Map<String, Value>) -> Result<Shape<'a>, Fault> {
        let mut problems = Vec::new();
        let mut text = |name: &str, least: usize, most: usize| -> Option<&'a str> {
            let value = fields.get(name).filter(|value| !value.is_null())?;
            let Some(text) = value.as_str() else {
                problems.push(Problem::of(
                    "body",
                    name,
                    "Input should be a valid string",
                    "string_type",
                ));
                return None;
            };
            if text.is_empty() && least > 0 {
                let msg = "String should have at least 1 character";
                problems.push(Problem::of("body", name, msg, "string_too_short"));
            }
            problems.extend(check_length("body", name, text, most).err());
            Some(text)
        };
        let hotkey = text("hotkey", 1, MAX_HOTKEY_CHARS);
        let miner_hotkey = text("miner_hotkey", 1, MAX_HOTKEY_CHARS);
        let filename = text("filename", 0, MAX_FILENAME_CHARS);
        text("signature", 0, MAX_SIGNATURE_CHARS);
        let package_base64 = text("package_base64", 0, usize::MAX);
        if !problems.is_empty() {
            return Err(Fault::Malformed(problems));
        }
        Ok(Shape {
            hotkey: hotkey.or(miner_hotkey),
            filename,
            package_base64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u64 = 8;

    #[track_caller]
    fn refused(body: &str) -> String {
        match upload(body.as_bytes(), LIMIT) {
            Err(Fault::Refused(why)) => why,
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn a_package_is_decoded() {
        let body = r#"{"miner_hotkey": "5F", "filename": "A.Zip", "package_base64": "UEsDBA=="}"#;
        let read = upload(body.as_bytes(), LIMIT).unwrap();
        assert_eq!(
            (read.hotkey.as_str(), read.filename.as_str()),
            ("5F", "A.Zip")
        );
        assert_eq!(read.artifact, b"PK\x03\x04");
        let both = r#"{"miner_hotkey": "b", "hotkey": "a", "package_base64": "UEsDBB=="}"#;
        let read = upload(both.as_bytes(), LIMIT).unwrap();
        assert_eq!((read.hotkey.as_str(), read.filename.as_str()), ("a", ""));
    }

    #[test]
    fn the_checks_come_in_their_order() {
        let direct = "submit only accepts ZIP harness packages, not direct datasets or code";
        for field in DIRECT {
            assert_eq!(refused(&format!(r#"{{"{field}": ""}}"#)), direct);
            let null = format!(r#"{{"{field}": null}}"#);
            assert_eq!(refused(&null), "missing hotkey");
        }
        let needs = "submission requires package_base64 ZIP artifact";
        assert_eq!(refused(r#"{"hotkey": "a", "filename": "x"}"#), needs);
        assert_eq!(refused(r#"{"hotkey": "a", "package_base64": ""}"#), needs);
        for bad in [
            "A", "AA", "AA=", "AAA", "AA==A", "AA ==", "A-_=", "AAAA\\n", "====",
        ] {
            let body = format!(r#"{{"hotkey": "a", "filename": "x", "package_base64": "{bad}"}}"#);
            assert_eq!(refused(&body), "package_base64 is invalid", "{bad}");
        }
        let name = r#"{"hotkey": "a", "filename": "x", "package_base64": "AAAAAAAAAAAAAAAA"}"#;
        assert_eq!(refused(name), "submission filename must end with .zip");
        let large = r#"{"hotkey": "a", "package_base64": "AAAAAAAAAAAAAAAA"}"#;
        assert_eq!(refused(large), "submission too large");
    }

    #[test]
    fn every_field_of_the_wrong_shape_is_named() {
        let body = format!(
            r#"{{"hotkey": 5, "signature": "{}", "code": 1}}"#,
            "s".repeat(513)
        );
        let Err(Fault::Malformed(problems)) = upload(body.as_bytes(), LIMIT) else {
            panic!("it was taken");
        };
        assert_eq!(
            problems,
            [
                Problem::of(
                    "body",
                    "hotkey",
                    "Input should be a valid string",
                    "string_type"
                ),
                Problem::of(
                    "body",
                    "signature",
                    "String should have at most 512 characters",
                    "string_too_long"
                ),
            ]
        );
    }

    #[test]
    fn what_is_no_json_object_is_malformed() {
        let deep = "[".repeat(100_000);
        for body in ["", "[]", "{", "{\"a\":\n x}", "\u{1}", deep.as_str()] {
            let read = upload(body.as_bytes(), LIMIT);
            assert!(matches!(read, Err(Fault::Malformed(_))), "{body:.20}");
        }
        assert!(matches!(
            upload(b"\xff\xfe", LIMIT),
            Err(Fault::Malformed(_))
        ));
        assert_eq!(offset(b"{\"a\":\n x}", 2, 2), 8);
    }
}
