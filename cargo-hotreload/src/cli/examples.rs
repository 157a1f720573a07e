//! What `--help` of a command shows below its options. A test reads every line as the command line that it is.

pub(super) const ENABLE: &str = "\
Examples:
  cargo hotreload enable --dry-run
  cargo hotreload enable
  cargo hotreload enable --bin server --exclude codegen";

pub(super) const DISABLE: &str = "\
Examples:
  cargo hotreload disable
  cargo hotreload disable --manifest-path ../server/Cargo.toml";

pub(super) const GRAPH: &str = "\
Examples:
  cargo hotreload graph
  cargo hotreload graph --changed my-api --changed my-core
  cargo hotreload graph --format svg > graph.svg
  cargo hotreload graph --format dot | dot -Tpng -o graph.png";

pub(super) const REPORT: &str = "\
Examples:
  cargo hotreload report
  cargo hotreload report --out session.html
  cargo hotreload report --open yes";

pub(super) const RELOAD: &str = "\
Examples:
  cargo hotreload reload
  cargo hotreload reload || cargo hotreload restart";

pub(super) const RESTART: &str = "\
Examples:
  cargo hotreload restart
  cargo hotreload restart --manifest-path ../server/Cargo.toml";

pub(super) const ROLLBACK: &str = "\
Examples:
  cargo hotreload rollback
  cargo hotreload rollback && cargo hotreload rollback   (goes back, and forward again)";

pub(super) const STOP: &str = "\
Examples:
  cargo hotreload stop
  cargo hotreload stop --manifest-path ../server/Cargo.toml";

pub(super) const DOCTOR: &str = "\
Examples:
  cargo hotreload doctor
  cargo hotreload doctor --toolchain nightly";

pub(super) const NEW: &str = "\
Examples:
  cargo hotreload new my-server
  cargo hotreload new my-server --path ~/work/my-server";

pub(super) const DEMO: &str = "\
Examples:
  cargo hotreload demo
  cargo hotreload demo --keep";

pub(super) const COMPLETIONS: &str = "\
Examples:
  cargo hotreload completions bash > ~/.local/share/cargo-hotreload.bash
  cargo hotreload completions zsh > ~/.zfunc/_cargo-hotreload
  cargo hotreload completions fish > ~/.config/fish/conf.d/cargo-hotreload.fish

The first has to be read by `source` in `~/.bashrc`, after cargo's own completion; the second belongs in a directory of
`$fpath`. There `cargo hotreload` is completed, in the other shells only `cargo-hotreload hotreload`.";

pub(super) const MAN: &str = "\
Examples:
  cargo hotreload man | man -l -
  cargo hotreload man --out ~/.cargo/share/man/man1   (there `man cargo-hotreload-run` finds it)";

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use crate::cli::Invocation;

    /// The part of an example that is ours, without what the shell does with it.
    fn command_line(example: &str) -> Vec<&str> {
        let end = [" && ", " || ", " | ", " > ", "   ("].iter().filter_map(|sign| example.find(sign)).min();
        example[..end.unwrap_or(example.len())].split_whitespace().collect()
    }

    #[test]
    fn every_visible_command_has_examples_that_it_takes() {
        let all = Invocation::command();
        let hotreload = all.find_subcommand("hotreload").expect("the subcommand of cargo");
        for command in hotreload.get_subcommands().filter(|command| !command.is_hide_set()) {
            let name = command.get_name();
            let text = command.get_after_help().unwrap_or_else(|| panic!("`{name}` has no examples")).to_string();
            let lines = text.lines().filter_map(|line| line.strip_prefix("  "));
            let examples: Vec<&str> = lines.collect();
            assert!(text.starts_with("Examples:\n") && !examples.is_empty(), "{name}: {text}");
            for example in examples {
                let words = command_line(example);
                assert_eq!(words[..3], ["cargo", "hotreload", name], "{example}");
                if let Err(error) = Invocation::try_parse_from(words) {
                    panic!("{example}: {error}");
                }
            }
        }
    }
}
