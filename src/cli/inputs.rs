//! PATH arguments to packages: ZIPs, folders, folders of ZIPs, `@list` files.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::pipeline::Submission;

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
/// An argument that names nothing, a folder that cannot be listed, a list that cannot be read or understood.
pub fn expand(arguments: &[String], hotkeys: &Hotkeys) -> Result<Vec<Submission>, CliError> {
    let mut submissions = Vec::new();
    for argument in arguments {
        match argument.strip_prefix('@') {
            Some(list) => read_list(Path::new(list), hotkeys, &mut submissions)?,
            None if argument.is_empty() => return Err(CliError::usage("a PATH is empty")),
            None => {
                let path = PathBuf::from(argument);
                add(path, argument.clone(), None, hotkeys, &mut submissions)?;
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

/// One path: itself, or the ZIPs directly inside it.
fn add(
    path: PathBuf,
    shown: String,
    listed_hotkey: Option<&str>,
    hotkeys: &Hotkeys,
    submissions: &mut Vec<Submission>,
) -> Result<(), CliError> {
    let zips = if path.is_dir() {
        zips_in(&path)?
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
        let package = zip.display().to_string();
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

fn hotkey_of(path: &Path, listed: Option<&str>, hotkeys: &Hotkeys) -> Result<String, CliError> {
    let hotkey = match (listed, &hotkeys.given, hotkeys.from) {
        (Some(listed), _, _) => listed.to_owned(),
        (None, Some(given), _) => given.clone(),
        (None, None, Some(HotkeyFrom::Parent)) => parent_name(path),
        (None, None, None) => UNKNOWN_HOTKEY.to_owned(),
    };
    match hotkey.chars().count() {
        0 => Err(CliError::usage(format!(
            "the hotkey of {} is empty",
            path.display()
        ))),
        1..=MAX_HOTKEY_CHARACTERS => Ok(hotkey),
        count => Err(CliError::usage(format!(
            "the hotkey of {} has {count} characters; at most {MAX_HOTKEY_CHARACTERS} are allowed",
            path.display()
        ))),
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

/// One line of a list. Other fields are allowed, so that dfab's own JSON lines can be used as a list.
#[derive(Debug, Deserialize)]
struct Listed {
    package: String,
    #[serde(default)]
    hotkey: Option<String>,
}

fn read_list(
    list: &Path,
    hotkeys: &Hotkeys,
    submissions: &mut Vec<Submission>,
) -> Result<(), CliError> {
    let text = read_bounded(list)?;
    let rows = parse_list(&text)
        .map_err(|(line, cause)| {
            CliError::usage(format!("{}, line {line}: {cause}", list.display()))
                .hint("a list is JSON lines like {\"package\": \"a.zip\", \"hotkey\": \"5F…\"} or CSV lines like a.zip,5F…")
        })?;
    if rows.is_empty() {
        return Err(CliError::usage(format!(
            "the list {} is empty",
            list.display()
        )));
    }
    let base = list.parent().unwrap_or(Path::new(""));
    for row in rows {
        // Names in a list are relative to the list, so that a list can travel with its packages;
        // a name that is not there may be relative to the current folder.
        let beside = base.join(&row.package);
        let path = if beside.exists() {
            beside
        } else {
            PathBuf::from(&row.package)
        };
        let path = if path.exists() {
            path
        } else {
            base.join(&row.package)
        };
        let hotkey = row.hotkey.as_deref().filter(|hotkey| !hotkey.is_empty());
        add(path, row.package, hotkey, hotkeys, submissions)?;
    }
    Ok(())
}

fn read_bounded(list: &Path) -> Result<String, CliError> {
    let context = |error: std::io::Error| {
        let error = anyhow::Error::from(error);
        CliError::failure(error.context(format!("cannot read the list {}", list.display())))
    };
    let file = fs::File::open(list).map_err(context)?;
    let mut bytes = Vec::new();
    file.take(MAX_LIST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(context)?;
    if bytes.len() as u64 > MAX_LIST_BYTES {
        return Err(CliError::usage(format!(
            "the list {} is larger than {} MiB",
            list.display(),
            MAX_LIST_BYTES >> 20
        )));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| CliError::usage(format!("the list {} is not UTF-8 text", list.display())))?;
    Ok(text
        .strip_prefix('\u{feff}')
        .map(str::to_owned)
        .unwrap_or(text))
}

/// A JSON array, JSON lines or CSV, told apart by the first character.
fn parse_list(text: &str) -> Result<Vec<Listed>, (usize, String)> {
    match text.trim_start().chars().next() {
        None => Ok(Vec::new()),
        Some('[') => {
            let rows: Vec<Listed> = serde_json::from_str(text)
                .map_err(|error| (error.line().max(1), json_problem(&error)))?;
            match rows.iter().position(|row| row.package.is_empty()) {
                Some(index) => Err((1, format!("item {} has no package name", index + 1))),
                None => Ok(rows),
            }
        }
        Some('{') => json_lines(text),
        Some(_) => csv_lines(text),
    }
}

fn json_lines(text: &str) -> Result<Vec<Listed>, (usize, String)> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            let row: Listed =
                serde_json::from_str(line).map_err(|error| (index + 1, json_problem(&error)))?;
            match row.package.is_empty() {
                true => Err((index + 1, NO_NAME.to_owned())),
                false => Ok(row),
            }
        })
        .collect()
}

/// What is wrong, without the parser's own words for our types and its line, which is of the piece it was given.
fn json_problem(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    match error.classify() {
        Category::Data => {
            "an object with \"package\" (and \"hotkey\"), both text, is expected".to_owned()
        }
        Category::Eof => "the JSON ends too early".to_owned(),
        Category::Syntax | Category::Io => {
            format!("this is not JSON (at column {})", error.column())
        }
    }
}

const NO_NAME: &str = "there is no package name";

/// `package,hotkey` per line, the hotkey optional; a first line that names the columns may put them in any order and
/// have others beside them.
fn csv_lines(text: &str) -> Result<Vec<Listed>, (usize, String)> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let mut columns = (0, Some(1));
    let mut has_names = false;
    let mut rows = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(|error| {
            let line = error
                .position()
                .map_or(index + 1, |place| place.line() as usize);
            (line, error.to_string())
        })?;
        let line = record
            .position()
            .map_or(index + 1, |place| place.line() as usize);
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
        let package = package.ok_or((line, NO_NAME.to_owned()))?;
        let hotkey = columns
            .1
            .and_then(|column| record.get(column))
            .map(str::to_owned);
        rows.push(Listed {
            package: package.to_owned(),
            hotkey,
        });
    }
    let quotes = text.bytes().filter(|&byte| byte == b'"').count();
    match quotes % 2 {
        0 => Ok(rows),
        _ => Err((text.lines().count(), "a quote is not closed".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, Option<String>)> {
        let rows = parse_list(text).expect("a list");
        rows.into_iter()
            .map(|row| (row.package, row.hotkey))
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
    }
}
