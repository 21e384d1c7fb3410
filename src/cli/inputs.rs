//! PATH arguments to packages: ZIPs, folders, folders of ZIPs, `@list` files.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::files::open_named;
use crate::pipeline::Submission;
use crate::report::escape;

use super::context::Context;
use super::exit::CliError;

/// A list names packages, a line each: this is room for more than a hundred thousand.
const MAX_LIST_BYTES: u64 = 64 << 20;

/// The hotkey of a package nobody named one for.
const UNKNOWN_HOTKEY: &str = "unknown";

/// The live service's limit, in characters.
const MAX_HOTKEY_CHARACTERS: usize = 128;

/// `--hotkey-from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum HotkeyFrom {
    /// The name of the folder the package is in
    Parent,
}

/// Where hotkeys come from when a list does not name them.
#[derive(Debug, Clone, Default)]
pub struct Hotkeys {
    /// `--hotkey`.
    pub given: Option<String>,
    /// `--hotkey-from`.
    pub from: Option<HotkeyFrom>,
}

/// Every package the arguments stand for, in order.
///
/// # Errors
/// An argument that names nothing, a folder that cannot be listed, a list that cannot be read or understood, a hotkey
/// that cannot be one.
pub(super) fn expand(
    context: &Context,
    arguments: &[OsString],
    hotkeys: &Hotkeys,
) -> Result<Vec<Submission>, CliError> {
    let mut submissions = Vec::new();
    for argument in arguments {
        match argument.as_bytes() {
            [b'@', list @ ..] => {
                let list = Path::new(OsStr::from_bytes(list));
                read_list(context, list, hotkeys, &mut submissions)?;
            }
            [] => return Err(CliError::usage("a PATH is empty")),
            _ => {
                let path = PathBuf::from(argument);
                let shown = escape::path(&path);
                add(path, shown, None, hotkeys, &mut submissions).map_err(CliError::from)?;
            }
        }
    }
    if submissions.is_empty() {
        return Err(CliError::usage(
            "there is no package to work on: the list is empty",
        ));
    }
    Ok(submissions)
}

/// Why a path does not become packages.
#[derive(Debug)]
enum AddError {
    /// A folder that cannot be listed.
    Folder(CliError),
    /// Its hotkey cannot be one.
    Hotkey(String),
}

impl From<AddError> for CliError {
    fn from(error: AddError) -> CliError {
        match error {
            AddError::Folder(error) => error,
            AddError::Hotkey(problem) => CliError::usage(problem),
        }
    }
}

/// One path: itself, or the ZIPs directly inside it.
fn add(
    path: PathBuf,
    shown: String,
    listed_hotkey: Option<&str>,
    hotkeys: &Hotkeys,
    submissions: &mut Vec<Submission>,
) -> Result<(), AddError> {
    let zips = if path.is_dir() {
        zips_in(&path).map_err(AddError::Folder)?
    } else {
        Vec::new()
    };
    if zips.is_empty() {
        let hotkey = hotkey_of(&path, listed_hotkey, hotkeys)?;
        submissions.push(Submission {
            path,
            package: shown,
            hotkey,
        });
        return Ok(());
    }
    for zip in zips {
        let hotkey = hotkey_of(&zip, listed_hotkey, hotkeys)?;
        let package = escape::path(&zip);
        submissions.push(Submission {
            path: zip,
            package,
            hotkey,
        });
    }
    Ok(())
}

/// The files ending in `.zip` directly inside a folder, in name order.
fn zips_in(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let cannot_list = |source: std::io::Error| {
        let error = anyhow::Error::from(source);
        CliError::failure(error.context(format!("cannot list the folder {}", folder.display())))
    };
    let mut zips = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot_list)? {
        let path = entry.map_err(cannot_list)?.path();
        if path.extension().is_some_and(|extension| extension == "zip") && path.is_file() {
            zips.push(path);
        }
    }
    zips.sort();
    Ok(zips)
}

fn hotkey_of(path: &Path, listed: Option<&str>, hotkeys: &Hotkeys) -> Result<String, AddError> {
    let hotkey = match (listed, &hotkeys.given, hotkeys.from) {
        (Some(listed), _, _) => listed.to_owned(),
        (None, Some(given), _) => given.clone(),
        (None, None, Some(HotkeyFrom::Parent)) => parent_name(path),
        (None, None, None) => UNKNOWN_HOTKEY.to_owned(),
    };
    let refused = |problem: String| {
        let path = escape::path(path);
        Err(AddError::Hotkey(format!("the hotkey of {path} {problem}")))
    };
    match check_hotkey(&hotkey) {
        Ok(()) => Ok(hotkey),
        Err(problem) => refused(problem),
    }
}

/// That a text can be a hotkey; if not, what it does wrong, as `the hotkey …` goes on.
pub(super) fn check_hotkey(hotkey: &str) -> Result<(), String> {
    // It stands in tables, weights and headers, where a line end would be another row or header.
    if let Some(control) = hotkey.chars().find(|character| character.is_control()) {
        let code = u32::from(control);
        return Err(format!("holds the control character U+{code:04X}"));
    }
    match hotkey.chars().count() {
        0 => Err("is empty".to_owned()),
        1..=MAX_HOTKEY_CHARACTERS => Ok(()),
        count => Err(format!(
            "has {count} characters; at most {MAX_HOTKEY_CHARACTERS} are allowed"
        )),
    }
}

/// The name of the folder that holds `path`, or `unknown` if it has none.
fn parent_name(path: &Path) -> String {
    let absolute = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    absolute
        .parent()
        .and_then(Path::file_name)
        .map_or(UNKNOWN_HOTKEY.to_owned(), |name| {
            name.to_string_lossy().into_owned()
        })
}

/// One item of a list. Other fields are allowed, so that dfab's own JSON lines can be used as a list.
#[derive(Debug, Deserialize)]
struct Listed {
    package: String,
    #[serde(default)]
    hotkey: Option<String>,
}

/// An item and the line it stands on, from 1.
#[derive(Debug)]
struct Row {
    line: usize,
    listed: Listed,
}

/// What a list says.
#[derive(Debug, Default)]
struct List {
    rows: Vec<Row>,
    /// CSV whose first line did not name its columns, so that it was taken for a package.
    is_nameless: bool,
}

/// What is wrong on which line.
type BadLine = (usize, String);

fn read_list(
    context: &Context,
    list: &Path,
    hotkeys: &Hotkeys,
    submissions: &mut Vec<Submission>,
) -> Result<(), CliError> {
    let shown = escape::path(list);
    let bad_line =
        |(line, cause): BadLine| CliError::usage(format!("{shown}, line {line}: {cause}"));
    let text = decode(read_bounded(list, &shown)?).map_err(bad_line)?;
    let List { rows, is_nameless } = parse_list(&text)
        .map_err(|problem| {
            bad_line(problem)
                .hint("a list is JSON lines like {\"package\": \"a.zip\", \"hotkey\": \"5F…\"} or CSV lines like a.zip,5F…")
        })?;
    if rows.is_empty() {
        return Err(CliError::usage(format!("the list {shown} is empty")));
    }
    let base = list.parent().unwrap_or(Path::new(""));
    for (index, Row { line, listed }) in rows.into_iter().enumerate() {
        let path = place_of(&listed.package, base);
        if index == 0 && is_nameless && !path.exists() {
            context.warn(&format!(
                "{shown}, line {line}: there is no package {}; if this line names the columns, \
                 they are to be called package and hotkey",
                listed.package
            ));
        }
        let hotkey = listed.hotkey.as_deref().filter(|hotkey| !hotkey.is_empty());
        add(path, listed.package, hotkey, hotkeys, submissions).map_err(|error| match error {
            AddError::Hotkey(problem) if hotkey.is_some() => bad_line((line, problem)),
            other => other.into(),
        })?;
    }
    Ok(())
}

/// Names in a list are relative to the list, so that a list can travel with its packages; a name that is not there may
/// be relative to the current folder.
fn place_of(package: &str, base: &Path) -> PathBuf {
    let beside = base.join(package);
    match !beside.exists() && Path::new(package).exists() {
        true => PathBuf::from(package),
        false => beside,
    }
}

fn read_bounded(list: &Path, shown: &str) -> Result<Vec<u8>, CliError> {
    let context = |error: std::io::Error| {
        let error = anyhow::Error::from(error);
        CliError::failure(error.context(format!("cannot read the list {shown}")))
    };
    let file = open_named(list).map_err(context)?;
    let mut bytes = Vec::new();
    file.take(MAX_LIST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(context)?;
    if bytes.len() as u64 > MAX_LIST_BYTES {
        return Err(CliError::usage(format!(
            "the list {shown} is larger than {} MiB",
            MAX_LIST_BYTES >> 20
        )));
    }
    Ok(bytes)
}

fn decode(bytes: Vec<u8>) -> Result<String, BadLine> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        (line_ends(before) + 1, "this is not UTF-8 text".to_owned())
    })?;
    Ok(text
        .strip_prefix('\u{feff}')
        .map(str::to_owned)
        .unwrap_or(text))
}

fn line_ends(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

/// A JSON array, JSON lines or CSV, told apart by the first character.
fn parse_list(text: &str) -> Result<List, BadLine> {
    let named = |rows| List {
        rows,
        is_nameless: false,
    };
    match text.trim_start().chars().next() {
        None => Ok(List::default()),
        Some('[') => json_array(text).map(named),
        Some('{') => json_lines(text).map(named),
        Some(_) => csv_lines(text),
    }
}

fn json_array(text: &str) -> Result<Vec<Row>, BadLine> {
    let items: Vec<&RawValue> =
        serde_json::from_str(text).map_err(|error| (error.line().max(1), json_problem(&error)))?;
    let (mut line, mut counted) = (1, 0);
    let mut rows = Vec::with_capacity(items.len());
    for item in items {
        // An item is a part of the text, so its place is how far into it it begins.
        let start = item.get().as_ptr().addr() - text.as_ptr().addr();
        line += line_ends(&text.as_bytes()[counted..start]);
        counted = start;
        rows.push(json_row(item.get(), line)?);
    }
    Ok(rows)
}

fn json_lines(text: &str) -> Result<Vec<Row>, BadLine> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| json_row(line, index + 1))
        .collect()
}

/// An object that begins on the given line.
fn json_row(text: &str, line: usize) -> Result<Row, BadLine> {
    let listed: Listed = serde_json::from_str(text).map_err(|error| {
        let further = error.line().saturating_sub(1);
        (line + further, json_problem(&error))
    })?;
    match listed.package.is_empty() {
        true => Err((line, NO_NAME.to_owned())),
        false => Ok(Row { line, listed }),
    }
}

/// What is wrong, without the parser's own words for our types and its line, which is of the piece it was given.
fn json_problem(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let text = error.to_string();
    let twice = text
        .strip_prefix("duplicate field `")
        .and_then(|rest| rest.split('`').next());
    match (error.classify(), twice) {
        (Category::Data, Some(key)) => format!("the key \"{key}\" is there twice"),
        (Category::Data, None) => {
            "an object with \"package\" (and \"hotkey\"), both text, is expected".to_owned()
        }
        (Category::Eof, _) => "the JSON ends too early".to_owned(),
        (Category::Syntax | Category::Io, _) => {
            format!("this is not JSON (at column {})", error.column())
        }
    }
}

const NO_NAME: &str = "there is no package name";

/// `package,hotkey` per line, the hotkey optional; a first line that names the columns may put them in any order and
/// have others beside them.
fn csv_lines(text: &str) -> Result<List, BadLine> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let mut columns = (0, Some(1));
    let lines: Vec<&str> = text.lines().collect();
    let mut has_names = false;
    let mut rows = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(|error| {
            let line = error
                .position()
                .map_or(index + 1, |place| place.line() as usize);
            (line, error.to_string())
        })?;
        // The reader counts the empty lines and notes before a record to it.
        let begins = record
            .position()
            .map_or(index + 1, |place| place.line() as usize);
        let skipped = lines.iter().skip(begins - 1);
        let line = begins
            + skipped
                .take_while(|line| line.is_empty() || line.starts_with('#'))
                .count();
        // No name of a package or key holds a line end, so a quote was opened and not closed.
        if record.iter().any(|cell| cell.contains('\n')) {
            return Err((line, "a quote is not closed".to_owned()));
        }
        let named = |name: &str| {
            record
                .iter()
                .position(|cell| cell.eq_ignore_ascii_case(name))
        };
        if let (0, Some(package)) = (index, named("package")) {
            columns = (package, named("hotkey"));
            has_names = true;
            continue;
        }
        if record.len() > 2 && !has_names {
            return Err((
                line,
                "there are more columns than package and hotkey".to_owned(),
            ));
        }
        let package = record.get(columns.0).filter(|cell| !cell.is_empty());
        let package = package.ok_or((line, NO_NAME.to_owned()))?.to_owned();
        let hotkey = columns
            .1
            .and_then(|column| record.get(column))
            .map(str::to_owned);
        let listed = Listed { package, hotkey };
        rows.push(Row { line, listed });
    }
    let quotes = text.bytes().filter(|&byte| byte == b'"').count();
    match quotes % 2 {
        0 => Ok(List {
            rows,
            is_nameless: !has_names,
        }),
        _ => Err((text.lines().count(), "a quote is not closed".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, Option<String>)> {
        let list = parse_list(text).expect("a list");
        list.rows
            .into_iter()
            .map(|row| (row.listed.package, row.listed.hotkey))
            .collect()
    }

    fn pair(package: &str, hotkey: &str) -> (String, Option<String>) {
        (package.to_owned(), Some(hotkey.to_owned()))
    }

    #[test]
    fn json_lines_a_json_array_and_csv_say_the_same() {
        let expected = vec![pair("a.zip", "5A"), pair("b c.zip", "5B")];
        let lines = "{\"package\":\"a.zip\",\"hotkey\":\"5A\"}\n\n{\"hotkey\":\"5B\",\"package\":\"b c.zip\",\"x\":1}\n";
        let array = "[{\"package\":\"a.zip\",\"hotkey\":\"5A\"},\n {\"package\":\"b c.zip\",\"hotkey\":\"5B\"}]";
        assert_eq!(pairs(lines), expected);
        assert_eq!(pairs(array), expected);
        assert_eq!(pairs("a.zip,5A\nb c.zip, 5B\n"), expected);
        assert_eq!(
            pairs("package,hotkey\na.zip,5A\n\"b c.zip\",5B\n"),
            expected
        );
        assert_eq!(pairs("hotkey,package\n5A,a.zip\n5B,b c.zip\n"), expected);
    }

    #[test]
    fn a_hotkey_may_be_left_out() {
        assert_eq!(pairs("a.zip\n"), vec![("a.zip".to_owned(), None)]);
        assert_eq!(
            pairs("{\"package\":\"a.zip\"}"),
            vec![("a.zip".to_owned(), None)]
        );
    }

    #[test]
    fn a_bad_line_is_named() {
        assert_eq!(parse_list("{\"package\":\"a\"}\n{oops}").unwrap_err().0, 2);
        assert_eq!(
            parse_list("{\"package\":\"a\"}\n\n{\"hotkey\":\"x\"}")
                .unwrap_err()
                .0,
            3
        );
        assert_eq!(parse_list("a.zip,5A\n,5B\n").unwrap_err().0, 2);
        assert_eq!(parse_list("[{\"package\":\"a\"},\n 3]").unwrap_err().0, 2);
        assert_eq!(
            parse_list("{\"package\":\"\"}").unwrap_err(),
            (1, NO_NAME.to_owned())
        );
        assert_eq!(parse_list("a.zip,5A\n\"b.zip,5B\n").unwrap_err().0, 2);
        assert_eq!(parse_list("a.zip,5A,more\n").unwrap_err().0, 1);
        assert_eq!(
            pairs("package,note,hotkey\na.zip,x,5A\n"),
            vec![pair("a.zip", "5A")]
        );
    }

    #[test]
    fn a_key_given_twice_is_said_to_be() {
        let (line, cause) = parse_list("{\"package\":\"a\",\"package\":\"b\"}").unwrap_err();
        assert_eq!(
            (line, cause.as_str()),
            (1, "the key \"package\" is there twice")
        );
        let array =
            "[{\"package\":\"a\"},\n\n {\"package\":\"a\",\n \"hotkey\":\"x\",\"hotkey\":\"y\"}]";
        let (line, cause) = parse_list(array).unwrap_err();
        assert_eq!(
            (line, cause.as_str()),
            (4, "the key \"hotkey\" is there twice")
        );
    }

    #[test]
    fn every_item_knows_its_line() {
        let lines = |text: &str| -> Vec<usize> {
            let list = parse_list(text).expect("a list");
            list.rows.iter().map(|row| row.line).collect()
        };
        assert_eq!(lines("{\"package\":\"a\"}\n\n{\"package\":\"b\"}"), [1, 3]);
        assert_eq!(
            lines("[\n{\"package\":\"a\"},\n\n{\"package\":\"b\"}]"),
            [2, 4]
        );
        assert_eq!(lines("# a note\npackage\na.zip\n\nb.zip\n"), [3, 5]);
    }

    #[test]
    fn a_list_that_is_not_text_names_the_line() {
        assert_eq!(
            decode(b"a.zip\nb.zip\nc\xff.zip\n".to_vec()).unwrap_err().0,
            3
        );
        assert_eq!(decode("\u{feff}a.zip".into()).unwrap(), "a.zip");
    }

    #[test]
    fn the_hotkey_of_the_list_wins_then_the_flag_then_the_folder() {
        let path = Path::new("/archive/5Folder/a.zip");
        let both = Hotkeys {
            given: Some("5Flag".into()),
            from: Some(HotkeyFrom::Parent),
        };
        let parent = Hotkeys {
            given: None,
            from: Some(HotkeyFrom::Parent),
        };
        assert_eq!(hotkey_of(path, Some("5List"), &both).unwrap(), "5List");
        assert_eq!(hotkey_of(path, None, &both).unwrap(), "5Flag");
        assert_eq!(hotkey_of(path, None, &parent).unwrap(), "5Folder");
        assert_eq!(
            hotkey_of(path, None, &Hotkeys::default()).unwrap(),
            "unknown"
        );
    }

    #[test]
    fn hotkeys_keep_the_live_services_bounds() {
        let given = |hotkey: &str| Hotkeys {
            given: Some(hotkey.to_owned()),
            from: None,
        };
        assert!(hotkey_of(Path::new("a"), None, &given("")).is_err());
        assert!(hotkey_of(Path::new("a"), None, &given(&"é".repeat(128))).is_ok());
        assert!(hotkey_of(Path::new("a"), None, &given(&"x".repeat(129))).is_err());
        for hotkey in ["a\nb", "a\u{1b}b", "\u{85}", "a\0"] {
            assert!(hotkey_of(Path::new("a"), None, &given(hotkey)).is_err());
        }
    }
}
