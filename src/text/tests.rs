use super::*;

fn lines(text: &str) -> Vec<&str> {
    splitlines(text).collect()
}

#[test]
fn every_python_line_end_splits() {
    for end in [
        "\n", "\r", "\r\n", "\u{b}", "\u{c}", "\u{1c}", "\u{1d}", "\u{1e}", "\u{85}", "\u{2028}",
        "\u{2029}",
    ] {
        assert_eq!(lines(&format!("a{end}b")), ["a", "b"], "{end:?}");
    }
    assert_eq!(lines("a\u{1f}b\u{a0}c"), ["a\u{1f}b\u{a0}c"]);
}

#[test]
fn a_final_line_end_adds_no_line() {
    assert_eq!(lines(""), [""; 0]);
    assert_eq!(lines("\n"), [""]);
    assert_eq!(lines("a\r\n"), ["a"]);
    assert_eq!(lines("a\n\r\n\rb"), ["a", "", "", "b"]);
    assert_eq!(lines("\r\r\n"), ["", ""]);
}

#[test]
fn information_separators_are_white_space() {
    assert!(is_blank("\u{1c}\u{1f} \t\u{3000}\u{85}\u{a0}"));
    assert!(!is_blank("\u{feff}"));
    assert!(!is_blank("\u{200b}"));
}

#[test]
fn lower_case_of_every_character_is_cpython_3_12s() {
    use sha2::{Digest, Sha256};
    let every: Vec<String> = (0..=0x10_ffff_u32)
        .filter_map(char::from_u32)
        .map(|c| {
            PyStr::from(c.to_string().as_str())
                .lower()
                .as_str()
                .expect("text")
                .to_owned()
        })
        .collect();
    let digest = Sha256::digest(every.join("\n").as_bytes());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, tables::LOWER_SHA256);
}

fn lowered(text: &str) -> String {
    PyStr::from(text).lower().as_str().expect("text").to_owned()
}

#[test]
fn a_capital_sigma_ending_a_word_becomes_final() {
    assert_eq!(lowered("ΣΊΣΥΦΟΣ ΑΣ."), "σίσυφος ας.");
    assert_eq!(lowered("Σ"), "σ");
    assert_eq!(lowered("ΑΣ\u{301}"), "ας\u{301}");
    assert_eq!(lowered("ΑΣ\u{301}Α"), "ασ\u{301}α");
    assert_eq!(lowered("İK"), "i\u{307}k");
}

#[test]
fn letters_newer_than_unicode_15_stay_as_they_are() {
    assert_eq!(
        lowered("\u{1c89}\u{a7cb}\u{10d50}"),
        "\u{1c89}\u{a7cb}\u{10d50}"
    );
}

#[test]
fn repr_quotes_and_escapes_as_python_does() {
    let repr = |text: &str| PyStr::from(text).repr();
    assert_eq!(repr("a"), "'a'");
    assert_eq!(repr("it's"), r#""it's""#);
    assert_eq!(repr(r#"'""#), r#"'\'"'"#);
    assert_eq!(
        repr("\\\t\n\r\0\u{7f}\u{a0}é\u{ad}"),
        r"'\\\t\n\r\x00\x7f\xa0é\xad'"
    );
    assert_eq!(
        repr("\u{2028}\u{378}\u{e0001}\u{1f600}"),
        "'\\u2028\\u0378\\U000e0001\u{1f600}'"
    );
    let lone: PyStr = [0x61, 0xd800].into_iter().collect();
    assert_eq!(
        (lone.repr().as_str(), lone.len(), lone.as_str()),
        (r"'a\ud800'", 2, None)
    );
}

#[test]
fn float_repr_is_pythons() {
    for (value, want) in [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (100.0, "100.0"),
        (1e16, "1e+16"),
        (1e22, "1e+22"),
        (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
        (9_999_999_999_999_998.0, "9999999999999998.0"),
        (0.0001, "0.0001"),
        (0.00012, "0.00012"),
        (1e-5, "1e-05"),
        (-1.5e-7, "-1.5e-07"),
        (1e100, "1e+100"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e+308"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
        (f64::NAN, "nan"),
    ] {
        assert_eq!(float_repr(value), want);
    }
}

#[test]
fn a_float_between_two_shortest_forms_takes_the_even_one() {
    assert_eq!(float_repr(2_172_801_862_050_788.2), "2172801862050788.2");
    assert_eq!(float_repr(86_760_896_988_064.62), "86760896988064.62");
}

#[test]
fn words_are_cut_at_python_white_space() {
    let text = PyStr::from("\u{1c} a\u{a0}bé\u{3000}\u{1f}c\u{200b}d \t");
    let words: Vec<&[u8]> = text.words().collect();
    assert_eq!(
        words,
        ["a".as_bytes(), "bé".as_bytes(), "c\u{200b}d".as_bytes()]
    );
}
