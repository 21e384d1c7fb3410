//! Advisories: code and data written so that nobody reads them.

use super::{Check, Effect, File, Findings, Rule};
use crate::python::{Kind, Text, Tree};
use crate::review::Severity;
use std::collections::HashSet;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "decoded-execution",
        severity: Severity::Critical,
        effect: Effect::Advisory,
        summary: "runs decoded or decompressed data",
        explanation: "exec, eval or compile of something that comes out of base64, zlib, codecs, bytes.fromhex or \
            marshal: the program that runs is not the one that is reviewed.",
        example: "import base64\nexec(base64.b64decode(blob))\n",
        check: Check::File(decoded_execution),
    },
    Rule {
        id: "encoded-literal",
        severity: Severity::Warning,
        effect: Effect::Advisory,
        summary: "holds a long encoded literal",
        explanation: "A text or bytes literal of 200 characters or more that reads like hex, base64, base85 or \
            escapes. The service looks only for base64 runs of 512 characters.",
        example: "blob = '4a6f…'\n",
        check: Check::File(encoded_literal),
    },
    Rule {
        id: "character-assembly",
        severity: Severity::Warning,
        effect: Effect::Advisory,
        summary: "spells text out of character codes",
        explanation: "A row of chr() calls with constants, or bytes() of a list of numbers, hides a text from \
            whoever searches for it.",
        example: "name = chr(115) + chr(121) + chr(115) + chr(116) + chr(101) + chr(109)\n",
        check: Check::File(character_assembly),
    },
];

/// Calls that turn encoded data into something else.
const DECODERS: [&str; 24] = [
    "base64.b64decode",
    "base64.urlsafe_b64decode",
    "base64.standard_b64decode",
    "base64.decodebytes",
    "base64.b32decode",
    "base64.b16decode",
    "base64.b85decode",
    "base64.a85decode",
    "binascii.unhexlify",
    "binascii.a2b_hex",
    "binascii.a2b_base64",
    "zlib.decompress",
    "bz2.decompress",
    "lzma.decompress",
    "gzip.decompress",
    "codecs.decode",
    "codecs.getdecoder",
    "builtins.bytes.fromhex",
    "builtins.bytearray.fromhex",
    "marshal.loads",
    "marshal.load",
    "pickle.loads",
    "urllib.parse.unquote",
    "uu.decode",
];

const RUNNERS: [&str; 3] = ["builtins.exec", "builtins.eval", "builtins.compile"];

fn decoded_execution(file: &File<'_>, findings: &mut Findings<'_>) {
    // Ascending, as calls are in the order of nodes.
    let decoders: Vec<usize> = file
        .calls
        .iter()
        .filter(|resolved| {
            resolved
                .meanings
                .iter()
                .any(|path| DECODERS.contains(&&**path))
        })
        .map(|resolved| resolved.call.index)
        .collect();
    if decoders.is_empty() {
        return;
    }
    let decoded_names = decoded_names(file.tree, &decoders);
    let decoded_values: Vec<usize> = (0..file.tree.nodes.len())
        .filter(|&index| name_at(file.tree, index).is_some_and(|name| decoded_names.contains(name)))
        .collect();
    for resolved in &file.calls {
        let index = resolved.call.index;
        let runs = resolved
            .meanings
            .iter()
            .any(|path| RUNNERS.contains(&&**path));
        if runs
            && (any_below(file.tree, index, &decoders)
                || any_below(file.tree, index, &decoded_values))
        {
            findings.add(file, index, "runs what a decoder returns".to_owned());
        }
    }
}

/// Names that are given a value with a decoder in it.
fn decoded_names<'a>(tree: &'a Tree, decoders: &[usize]) -> HashSet<&'a str> {
    let assigns = |&index: &usize| {
        matches!(tree.nodes[index].kind, Kind::Assign | Kind::NamedExpr)
            && any_below(tree, index, decoders)
    };
    (0..tree.nodes.len())
        .filter(assigns)
        .filter_map(|index| name_at(tree, index + 1))
        .collect()
}

fn name_at(tree: &Tree, index: usize) -> Option<&str> {
    match (tree.nodes.get(index)?.kind, tree.text(index)) {
        (Kind::Name, Text::Identifier(name)) => Some(name),
        _ => None,
    }
}

/// Whether one of these nodes, in ascending order, is below the one at `index`.
fn any_below(tree: &Tree, index: usize, nodes: &[usize]) -> bool {
    let next = nodes.partition_point(|&node| node <= index);
    nodes
        .get(next)
        .is_some_and(|&node| node < tree.nodes[index].end as usize)
}

/// Characters from which on a literal is long.
const MIN_LITERAL: usize = 200;
/// Characters of a literal that are looked at.
const MAX_LITERAL: usize = 1 << 16;

fn encoded_literal(file: &File<'_>, findings: &mut Findings<'_>) {
    let lines: Vec<usize> = line_starts(file.source);
    for (index, node) in file.tree.nodes.iter().enumerate() {
        if node.kind != Kind::Constant {
            continue;
        }
        let written = written_literal(file.source, &lines, node.line, node.column);
        let by_value = match file.tree.text_of(node) {
            Text::Str(value) => encoding(value.as_bytes()),
            _ => None,
        };
        let found = by_value.or_else(|| {
            let written = written?;
            escapes(written).or_else(|| encoding(written))
        });
        if let Some(encoding) = found {
            findings.add(
                file,
                index,
                format!("a long literal that reads like {encoding}"),
            );
        }
    }
}

fn line_starts(source: &str) -> Vec<usize> {
    let after_ends = source
        .bytes()
        .enumerate()
        .filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0)
        .chain(after_ends.map(|(at, _)| at + 1))
        .collect()
}

/// The characters between the quotes of the text or bytes literal at a place, as written, if it is
/// long.
fn written_literal<'a>(
    source: &'a str,
    lines: &[usize],
    line: u32,
    column: u32,
) -> Option<&'a [u8]> {
    let start = lines.get((line as usize).checked_sub(1)?)? + column as usize;
    let rest = source.as_bytes().get(start..)?;
    let prefix = rest
        .iter()
        .take(2)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let rest = &rest[prefix..];
    let quote = *rest.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let triple = rest.starts_with(&[quote; 3]);
    let body = &rest[if triple { 3 } else { 1 }..];
    let body = &body[..body.len().min(MAX_LITERAL)];
    let mut at = 0;
    while at < body.len() {
        match body[at] {
            b'\\' => at += 1,
            byte if byte == quote && (!triple || body[at..].starts_with(&[quote; 3])) => break,
            _ => {}
        }
        at += 1;
    }
    body.get(..at.min(body.len()))
        .filter(|body| body.len() >= MIN_LITERAL)
}

/// Whether most of a literal is written as `\x`, `\u` or octal escapes of printable ASCII.
fn escapes(written: &[u8]) -> Option<&'static str> {
    let escapes = written
        .windows(2)
        .filter(|pair| pair == b"\\x" || pair == b"\\u")
        .count();
    (escapes * 4 * 5 >= written.len() * 4).then_some("escapes")
}

/// What a literal without white space besides line ends is encoded in, judged by its characters.
fn encoding(value: &[u8]) -> Option<&'static str> {
    if value.len() < MIN_LITERAL {
        return None;
    }
    let mut seen = [0usize; 256];
    for &byte in value {
        seen[byte as usize] += 1;
    }
    let len = value.len() - seen[b'\n' as usize];
    let count = |accept: fn(u8) -> bool| -> usize {
        (0..=255u8)
            .filter(|&byte| accept(byte))
            .map(|byte| seen[byte as usize])
            .sum()
    };
    let distinct = seen.iter().filter(|&&count| count > 0).count();
    let upper = count(|byte| byte.is_ascii_uppercase());
    let lower = count(|byte| byte.is_ascii_lowercase());
    let digits = count(|byte| byte.is_ascii_digit());
    let base64 = count(|byte| matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_'));
    let base85 = count(|byte| b"!#$%&()*+-;<=>?@^_`{|}~".contains(&byte));
    let hex = count(|byte| byte.is_ascii_hexdigit());
    // Words and identifiers have few capitals and digits; encoded data spreads over the alphabet.
    let mixed = upper * 8 >= len && lower * 8 >= len && digits * 25 >= len;
    match () {
        _ if hex == len && digits > 0 && distinct >= 4 => Some("hex"),
        _ if upper + lower + digits + base64 == len && mixed && distinct >= 24 => Some("base64"),
        _ if upper + lower + digits + base85 == len
            && mixed
            && base85 * 10 >= len
            && distinct >= 40 =>
        {
            Some("base85")
        }
        _ => None,
    }
}

/// Constant character codes that make an assembly.
const MIN_CODES: usize = 6;
/// Numbers in a list given to bytes() from which on it is a text in disguise.
const MIN_NUMBERS: usize = 16;

fn character_assembly(file: &File<'_>, findings: &mut Findings<'_>) {
    let mut codes: Vec<usize> = Vec::new();
    for resolved in &file.calls {
        let call = resolved.call;
        let calls = |name: &str| resolved.meanings.iter().any(|meaning| meaning == name);
        let Some(argument) = call.argument(file.tree, 0) else {
            continue;
        };
        if calls("builtins.chr") && file.tree.nodes[argument].kind == Kind::Constant {
            codes.push(call.index);
        }
        if (calls("builtins.bytes") || calls("builtins.bytearray"))
            && constants_of(file.tree, argument) >= MIN_NUMBERS
        {
            findings.add(file, call.index, "bytes of a list of numbers".to_owned());
        }
    }
    // Codes of one assembly stand close together: a call has four nodes, an operator two more.
    for group in codes
        .chunk_by(|a, b| b - a <= 8)
        .filter(|group| group.len() >= MIN_CODES)
    {
        findings.add(
            file,
            group[0],
            format!("{} character codes in a row", group.len()),
        );
    }
}

fn constants_of(tree: &Tree, list: usize) -> usize {
    let nodes = &tree.nodes;
    match nodes[list].kind {
        Kind::List | Kind::Tuple => tree
            .children(list)
            .filter(|&at| nodes[at].kind == Kind::Constant && !nodes[at].is_str)
            .count(),
        _ => 0,
    }
}
