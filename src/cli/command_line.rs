//! The command line as it can be typed again.

use std::ffi::OsString;

use crate::settings::mask_url;

/// These words for a shell, without what may be secret in a URL; None where they are not text.
pub(super) fn quoted(arguments: &[OsString]) -> Option<String> {
    let words: Option<Vec<String>> = arguments
        .iter()
        .map(|word| Some(quote(&mask_url(word.to_str()?))))
        .collect();
    words.map(|words| words.join(" "))
}

/// A word that a shell reads as it is.
pub(super) fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@,+%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_words_as_they_were() {
        let words = [
            "dfab",
            "run",
            "my archive/it's $HOME.zip",
            "",
            "@list.csv",
            "a\nb",
            "~/x",
            "--seed=7",
            "a*b",
            "é",
        ];
        let arguments: Vec<OsString> = words.iter().map(OsString::from).collect();
        let line = quoted(&arguments).unwrap();
        assert!(line.starts_with("dfab run 'my archive/it'\\''s $HOME.zip' '' @list.csv"));
        let script = format!("printf '%s\\0' {line}");
        let read = std::process::Command::new("sh")
            .args(["-c", &script])
            .output()
            .unwrap();
        let read = String::from_utf8(read.stdout).unwrap();
        let read: Vec<&str> = read.split_terminator('\0').collect();
        assert_eq!(read, words);
    }

    #[test]
    fn passwords_in_urls_are_masked() {
        let arguments = ["dfab", "--docker-broker-url=http://u:hunter2@b/x"];
        let line = quoted(&arguments.map(OsString::from)).unwrap();
        assert!(line.contains("@b/x") && !line.contains("hunter2"), "{line}");
    }
}
