//! `completions` and `man`: what they print works in a shell and in `man`'s directories.

use std::fs;
use std::path::Path;

use crate::support::command::{clean, finish, hotreload};
use crate::support::fixture::Fixture;

/// Calls the function that bash would call for a command line, and prints what it offers.
const ASK: &str = r#"
completed() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    [[ $(complete -p "$1") =~ -F\ ([^ ]+) ]] && "${BASH_REMATCH[1]}" "$1" "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
    echo "${COMPREPLY[*]}"
}
"#;

/// What bash offers in `lines`, one answer a line; `before` runs before the script is read.
fn bash(before: &str, lines: &str) -> Vec<String> {
    let fixture = Fixture::empty();
    let script = fixture.hotreload(&["completions", "bash"]).expect_success();
    let fixture = fixture.file("completions.bash", &script);
    let program = format!("{before}\nsource ./completions.bash\n{ASK}\n{lines}");
    let finished = finish(clean("bash", fixture.root()).args(["--norc", "--noprofile", "-c", &program]));
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{finished:#?}");
    finished.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_both_ways_of_calling_it() {
    for start in ["cargo hotreload", "cargo +nightly -v hotreload", "cargo-hotreload hotreload"] {
        let lines = format!(
            "completed {start} gr\ncompleted {start} st\ncompleted {start} graph --ch\n\
             completed {start} graph --format ''\ncompleted {start} completions z"
        );
        let offered = bash("", &lines);
        assert_eq!(offered, ["graph", "status stop", "--changed", "text dot mermaid svg", "zsh"], "{start}");
    }
    assert_eq!(bash("", "completed cargo-hotreload ''\ncompleted cargo ho"), ["hotreload", "hotreload"]);
}

/// What completed `cargo` before still does, for everything that is not ours; reading the script twice changes nothing.
#[test]
fn bash_leaves_the_rest_of_cargo_to_cargos_own_completion() {
    let cargos = "_cargo() { COMPREPLY=(cargos \"$2\"); }; complete -o nosort -F _cargo cargo";
    let lines = "source ./completions.bash\ncompleted cargo bu\ncompleted cargo build hotreload\n\
                 completed cargo hotreload gr\ncomplete -p cargo";
    let offered = bash(cargos, lines);
    let registered = "complete -o nosort -F _cargo_with_hotreload cargo";
    assert_eq!(offered, ["cargos bu", "cargos hotreload", "graph", registered]);
}

/// Newer completions of cargo pass the words on as if `cargo-hotreload` had been typed, without `hotreload`.
#[test]
fn bash_takes_words_that_cargos_own_completion_passes_on() {
    let lines = "_cargo() { completed cargo-hotreload graph --fo; }\n_cargo";
    assert_eq!(bash("", lines), ["--format"]);
}

/// bash-completion reads the completion of cargo only when it is wanted.
#[test]
fn bash_finds_a_completion_of_cargo_that_comes_later() {
    let later = "_comp_load() { _cargo() { COMPREPLY=(later); }; complete -F _cargo cargo; }";
    let offered = bash(later, "completed cargo bu\ncompleted cargo hotreload gr\ncompleted cargo bu");
    assert_eq!(offered, ["later", "graph", "later"]);
}

#[test]
fn every_shell_has_a_script_and_others_are_refused() {
    let here = Path::new("/");
    for (shell, start) in [
        ("zsh", "#compdef cargo-hotreload\n"),
        ("fish", "# The words after `cargo hotreload`"),
        ("elvish", "\nuse builtin;"),
        ("powershell", "\nusing namespace System.Management.Automation"),
    ] {
        let script = hotreload(here, &["completions", shell]).expect_success();
        assert!(script.starts_with(start) && script.contains("graph"), "{shell}: {script}");
    }
    assert_eq!(hotreload(here, &["completions", "tcsh"]).code, Some(2));
}

#[test]
fn manual_pages_are_printed_or_written() {
    let fixture = Fixture::empty();
    let printed = fixture.hotreload(&["man"]).expect_success();
    let said = fixture.hotreload(&["man", "--out", "share/man1"]).expect_success();
    let written: Vec<_> = fs::read_dir(fixture.path("share/man1")).expect("a directory").collect();
    assert!(said.starts_with(&format!("wrote {} pages to ", written.len())), "{said}");
    assert_eq!(fixture.read("share/man1/cargo-hotreload.1"), printed);
    let run = fixture.read("share/man1/cargo-hotreload-run.1");
    assert!(run.contains(".TH cargo-hotreload-run 1") && run.contains(".SH EXAMPLES"), "{run}");
}
