//! Completion scripts.
//!
//! The command is called in two ways, and neither is what a generator expects: as `cargo hotreload run`, where cargo's
//! own completion has the first say, and as `cargo-hotreload hotreload run`, which is how cargo calls it. So
//! `clap_complete` writes a script for a command `cargo-hotreload run` that nobody types, and a few lines of ours bring
//! every command line into that form:
//!
//! - **bash**: cargo's completion passes other commands' words on, but only with bash-completion 2.12 or newer. So ours
//!   takes cargo's place for `cargo hotreload`, and calls cargo's for everything else;
//! - **zsh**: cargo's completion calls a function `_cargo-NAME` for a command that it does not know;
//! - **fish**: completions of several origins add up, so those of `cargo` get ours as well;
//! - **elvish** and **PowerShell**: one completion a command, and nothing calls ours for `cargo`. Only
//!   `cargo-hotreload hotreload …` is completed.

use clap::Command;
use clap_complete::{Shell, generate};

/// Name of the executable.
const NAME: &str = "cargo-hotreload";

/// Name of the command that bash's function is generated for: with a `-` in it, `clap_complete` (4.6.11) names the
/// subcommands in two ways, and nothing below the first word is completed.
const BASH_NAME: &str = "cargo_hotreload_words";

/// What is added to the generated script.
const BASH: &str = include_str!("completions/cargo.bash");
const ZSH: &str = include_str!("completions/cargo.zsh");
const FISH: &str = include_str!("completions/cargo.fish");

/// The script for `shell`; `commands` has the subcommands of `cargo hotreload`.
#[must_use]
pub fn script(shell: Shell, commands: &Command) -> String {
    match shell {
        Shell::Bash => {
            let script = generated(shell, commands.clone(), BASH_NAME);
            // What follows the function registers it, and we register another one.
            let function = script.find("\n}\n").map_or(script.as_str(), |end| &script[..end + 3]);
            format!("{function}\n{BASH}")
        }
        // The function looks at the words before it looks at anything else.
        Shell::Zsh => generated(shell, commands.clone(), NAME).replacen(ZSH_START, &format!("{ZSH_START}{ZSH}"), 1),
        Shell::Fish => {
            let script = generated(shell, commands.clone(), NAME).replacen(FISH_WORDS, FISH_OUR_WORDS, 1);
            FISH.to_owned()
                + "\n"
                + &script.replace("complete -c cargo-hotreload ", "complete -c cargo -c cargo-hotreload ")
        }
        _ => generated(
            shell,
            Command::new(NAME).subcommand(commands.clone().name("hotreload").bin_name("hotreload")),
            NAME,
        ),
    }
}

/// Where the generated function begins.
const ZSH_START: &str = "\n_cargo-hotreload() {\n";

/// How the generated function takes the command line apart.
const FISH_WORDS: &str = "    set -l cmd (commandline -opc)\n    set -e cmd[1]\n";
const FISH_OUR_WORDS: &str = "    set -l cmd (__fish_cargo_hotreload_words)\n    or return 1\n";

fn generated(shell: Shell, mut commands: Command, name: &str) -> String {
    let mut script = Vec::new();
    generate(shell, &mut commands, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use clap_complete::Shell;

    use super::script;
    use crate::cli::visible_commands;

    /// The generated scripts are changed by their text: another version of the generator may write something else.
    #[test]
    fn our_lines_have_found_their_places() {
        let of = |shell| script(shell, &visible_commands());
        assert!(of(Shell::Zsh).contains("\n_cargo-hotreload() {\n    # "), "zsh");
        let fish = of(Shell::Fish);
        assert!(fish.contains("    set -l cmd (__fish_cargo_hotreload_words)\n"), "fish");
        assert!(!fish.contains("(commandline -opc)\n    set -e cmd[1]"), "fish");
        assert!(of(Shell::Bash).starts_with("_cargo_hotreload_words() {\n"), "bash");
        assert!(!of(Shell::Bash).contains("complete -F _cargo_hotreload_words"), "bash");
    }

    #[test]
    fn every_script_knows_the_commands_and_none_that_is_hidden() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell] {
            let script = script(shell, &visible_commands());
            for word in ["graph", "changed", "completions", "manifest-path"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
            assert!(!script.contains("link-group"), "{shell}");
        }
    }
}
