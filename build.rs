//! Links the unwinder into the program, where the C compiler has it as an archive.
//!
//! Rust takes the shared one, and that is loaded whenever the program starts, sandboxes' keepers included: longer than
//! some of what they are for. Where there is no archive, or none is asked for, nothing changes.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const ARCHIVE: &str = "libgcc_eh.a";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CC");
    if let Some(folder) = folder_of_the_archive() {
        println!("cargo::rustc-link-search=native={}", folder.display());
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// Only for programs that would load the shared one, made by the compiler of this machine.
fn folder_of_the_archive() -> Option<PathBuf> {
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|text| text == value);
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let is_static = features.split(',').any(|feature| feature == "crt-static");
    let is_cross = env::var_os("TARGET") != env::var_os("HOST");
    if !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return None;
    }
    if is_static || is_cross {
        return None;
    }
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let asked = Command::new(compiler)
        .arg(format!("-print-file-name={ARCHIVE}"))
        .output()
        .ok()?;
    // A compiler that does not have it repeats the name.
    let answer = String::from_utf8(asked.stdout).ok()?;
    let archive = Path::new(answer.trim());
    let is_there = archive.is_absolute() && archive.is_file();
    is_there.then(|| archive.parent().map(Path::to_owned))?
}
