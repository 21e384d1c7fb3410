//! JSON documents and lines.

use std::io::{self, Write};

use serde::Serialize;

/// Version of every JSON document dfab prints. A renamed or removed field raises it; an added one does not.
pub const SCHEMA_VERSION: u32 = 1;

/// One document, indented, with a final line end.
pub fn write_pretty(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    out.write_all(b"\n")
}

/// An item that is a document by itself: as on a line of its own, with the version.
#[derive(Serialize)]
struct Versioned<'a, T> {
    schema_version: u32,
    #[serde(flatten)]
    item: &'a T,
}

/// One item as a document of its own, with `schema_version`.
pub fn write_document(out: &mut dyn Write, item: &impl Serialize) -> io::Result<()> {
    let schema_version = SCHEMA_VERSION;
    write_pretty(
        out,
        &Versioned {
            schema_version,
            item,
        },
    )
}

/// One object on a line of its own.
pub fn write_line(out: &mut dyn Write, item: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, item)?;
    out.write_all(b"\n")
}

/// A document with one long array, written as its items come, so that memory does not grow with their number.
///
/// Looks exactly like [`write_pretty`] of the whole.
pub struct ArrayDocument {
    empty: bool,
}

impl ArrayDocument {
    /// Opens the document with `schema_version`, the fields of `before` and the array `name`.
    pub fn begin(
        out: &mut dyn Write,
        before: &[(&str, serde_json::Value)],
        name: &str,
    ) -> io::Result<ArrayDocument> {
        write!(out, "{{\n  \"schema_version\": {SCHEMA_VERSION},\n")?;
        for (field, value) in before {
            writeln!(
                out,
                "  {}: {},",
                serde_json::to_string(field)?,
                indented(value)?
            )?;
        }
        write!(out, "  {}: [", serde_json::to_string(name)?)?;
        Ok(ArrayDocument { empty: true })
    }

    /// One more item.
    pub fn item(&mut self, out: &mut dyn Write, item: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string_pretty(item)?.replace('\n', "\n    ");
        let comma = if self.empty { "" } else { "," };
        self.empty = false;
        write!(out, "{comma}\n    {text}")
    }

    /// Closes the array, adds the fields of `after`, closes the document.
    pub fn end(self, out: &mut dyn Write, after: &[(&str, serde_json::Value)]) -> io::Result<()> {
        out.write_all(if self.empty { b"]" } else { b"\n  ]" })?;
        for (field, value) in after {
            write!(
                out,
                ",\n  {}: {}",
                serde_json::to_string(field)?,
                indented(value)?
            )?;
        }
        out.write_all(b"\n}\n")
    }
}

fn indented(value: &serde_json::Value) -> io::Result<String> {
    Ok(serde_json::to_string_pretty(value)?.replace('\n', "\n  "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn streamed(items: &[serde_json::Value]) -> String {
        let mut out = Vec::new();
        let mut document =
            ArrayDocument::begin(&mut out, &[("run_id", json!("r"))], "items").unwrap();
        for item in items {
            document.item(&mut out, item).unwrap();
        }
        document
            .end(&mut out, &[("summary", json!({"total": items.len()}))])
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_streamed_document_equals_the_whole_one() {
        for items in [
            vec![],
            vec![json!({"a": "x\ny"})],
            vec![json!(1), json!([1, {"b": []}])],
        ] {
            let mut whole = Vec::new();
            let document = json!({"schema_version": SCHEMA_VERSION, "run_id": "r", "items": items,
                "summary": {"total": items.len()}});
            write_pretty(&mut whole, &document).unwrap();
            assert_eq!(streamed(&items), String::from_utf8(whole).unwrap());
        }
    }

    #[test]
    fn a_line_holds_one_object_and_no_inner_line_end() {
        let mut out = Vec::new();
        write_line(&mut out, &json!({"a": "x\ny"})).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "{\"a\":\"x\\ny\"}\n");
    }
}
