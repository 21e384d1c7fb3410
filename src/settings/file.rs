//! The configuration file: a flat YAML mapping of names to scalars or lists of scalars.
//!
//! It is read from parser events, so that every entry knows its line. Tags, anchors, aliases and
//! further documents are refused: no setting needs them. Values of unknown names may be anything;
//! the service's file may hold more than this program knows.

use std::io::Read;
use std::path::{Path, PathBuf};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};

use crate::files::open_named;

use super::descriptions;
use super::error::SettingsError;
use super::sources::Given;

/// Largest file read; the largest sensible one has a few thousand bytes.
const MAX_FILE_BYTES: u64 = 256 * 1024;

/// One `name: value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub name: String,
    /// None for null, and for unknown names.
    pub value: Option<Given>,
    /// Line of the name, 1-based.
    pub line: usize,
}

/// What a configuration file says, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ConfigFile {
    pub path: PathBuf,
    pub entries: Vec<Entry>,
}

/// Reads a configuration file.
pub(super) fn read(path: &Path) -> Result<ConfigFile, SettingsError> {
    let mut bytes = Vec::new();
    open_named(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|source| SettingsError::ReadFile {
            path: path.to_owned(),
            source,
        })?;
    let fail = |line, column, message| SettingsError::File {
        path: path.to_owned(),
        line,
        column,
        message,
    };
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(fail(
            1,
            1,
            format!("the file is larger than {MAX_FILE_BYTES} bytes"),
        ));
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        fail(line, 1, "the file is not UTF-8 text".to_owned())
    })?;
    let entries = parse(text)
        .map_err(|wrong| fail(wrong.at.line().max(1), wrong.at.col() + 1, wrong.message))?;
    Ok(ConfigFile {
        path: path.to_owned(),
        entries,
    })
}

/// Something wrong at a place.
struct Wrong {
    at: Marker,
    message: String,
}

impl From<ScanError> for Wrong {
    fn from(error: ScanError) -> Wrong {
        Wrong {
            at: *error.marker(),
            message: format!("this is not YAML: {}", error.info()),
        }
    }
}

fn wrong<T>(span: &Span, message: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong {
        at: span.start,
        message: message.into(),
    })
}

/// Hands out events, refusing what no configuration file may hold.
struct Events<'t> {
    parser: Parser<'t, StrInput<'t>>,
    end: Span,
}

impl<'t> Events<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Wrong> {
        let Some(event) = self.parser.next_event() else {
            return Ok((Event::StreamEnd, self.end));
        };
        let (event, span) = event?;
        self.end = span;
        match &event {
            Event::Alias(_) => wrong(&span, "aliases are not allowed here"),
            Event::Scalar(_, _, anchor, tag) => plain(&span, *anchor, tag.is_some()),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                plain(&span, *anchor, tag.is_some())
            }
            _ => Ok(()),
        }?;
        Ok((event, span))
    }

    /// Reads past the rest of a node whose first event was `event`.
    fn skip(&mut self, event: &Event<'_>) -> Result<(), Wrong> {
        let mut depth = match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => 1,
            _ => 0,
        };
        while depth > 0 {
            match self.next()?.0 {
                Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
                Event::SequenceEnd | Event::MappingEnd | Event::StreamEnd => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }
}

fn plain(span: &Span, anchor: usize, tagged: bool) -> Result<(), Wrong> {
    match (anchor, tagged) {
        (_, true) => wrong(span, "tags are not allowed here"),
        (1.., _) => wrong(span, "anchors are not allowed here"),
        _ => Ok(()),
    }
}

fn parse(text: &str) -> Result<Vec<Entry>, Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut events = Events {
        parser: Parser::new_from_str(text),
        end: Span::empty(Marker::new(0, 1, 0)),
    };
    let mut entries = Vec::new();
    let mut documents = 0;
    loop {
        let (event, span) = events.next()?;
        match event {
            Event::StreamEnd => return Ok(entries),
            Event::DocumentStart(_) if documents == 1 => {
                return wrong(&span, "a second document starts here; the file holds one");
            }
            Event::DocumentStart(_) => documents += 1,
            Event::MappingStart(..) => read_mapping(&mut events, &mut entries)?,
            // A file of comments, or of nothing, sets nothing.
            Event::Scalar(text, style, ..) if is_null(&text, style) => {}
            Event::Scalar(..) | Event::SequenceStart(..) => {
                return wrong(&span, "the file must hold a mapping of `name: value`");
            }
            _ => {}
        }
    }
}

fn read_mapping(events: &mut Events<'_>, entries: &mut Vec<Entry>) -> Result<(), Wrong> {
    loop {
        let (key, place) = events.next()?;
        let name = match key {
            Event::MappingEnd | Event::StreamEnd => return Ok(()),
            Event::Scalar(name, ..) => name.into_owned(),
            _ => return wrong(&place, "a name must be plain text"),
        };
        let known = descriptions().iter().any(|setting| setting.name == name);
        let (event, span) = events.next()?;
        let value = if known {
            read_value(events, &name, event, &span)?
        } else {
            events.skip(&event)?;
            None
        };
        entries.push(Entry {
            name,
            value,
            line: place.start.line(),
        });
    }
}

fn read_value(
    events: &mut Events<'_>,
    name: &str,
    event: Event<'_>,
    span: &Span,
) -> Result<Option<Given>, Wrong> {
    match event {
        Event::Scalar(text, style, ..) if is_null(&text, style) => Ok(None),
        Event::Scalar(text, ..) => Ok(Some(Given::Text(text.into_owned()))),
        Event::SequenceStart(..) => {
            let mut items = Vec::new();
            loop {
                match events.next()? {
                    (Event::SequenceEnd, _) => return Ok(Some(Given::List(items))),
                    (Event::Scalar(text, ..), _) => items.push(text.into_owned()),
                    (_, span) => return wrong(&span, format!("{name}: list items must be text")),
                }
            }
        }
        _ => wrong(
            span,
            format!("{name}: the value must be text, a number or a list, not a mapping"),
        ),
    }
}

fn is_null(text: &str, style: ScalarStyle) -> bool {
    style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL")
}
