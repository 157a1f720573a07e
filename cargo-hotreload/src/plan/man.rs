//! Manual pages, made from the definition of the command line.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// A manual page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Name of its file.
    pub file: String,
    /// What is in it.
    pub text: String,
}

/// The page of the whole command, and one for each subcommand; `commands` has the subcommands of `cargo hotreload`.
#[must_use]
pub fn pages(commands: &Command) -> Vec<Page> {
    // Subcommands get their full names when the whole is built.
    let mut whole = commands.clone().bin_name("cargo hotreload").disable_help_subcommand(true);
    whole.build();
    let source = format!("{} {}", whole.get_name(), whole.get_version().unwrap_or_default());
    let name = whole.get_name().to_owned();
    let subcommands = whole.get_subcommands().map(|command| page(command, &source, &format!("{name}(1)")));
    let mut pages = vec![page(&whole, &source, "cargo(1)")];
    pages.extend(subcommands);
    pages
}

fn page(command: &Command, source: &str, see_also: &str) -> Page {
    // The text after the options has headings of its own, here they become sections.
    let man = Man::new(command.clone().after_help("")).source(source).manual("Hot reloading");
    let mut text = Vec::new();
    // Nothing fails that is written into memory.
    let _ = man.render_title(&mut text);
    let _ = man.render_name_section(&mut text);
    let _ = man.render_synopsis_section(&mut text);
    let _ = man.render_description_section(&mut text);
    let _ = man.render_options_section(&mut text);
    if command.has_subcommands() {
        let _ = man.render_subcommands_section(&mut text);
    }
    let mut rest = Roff::new();
    if let Some(after) = command.get_after_help() {
        sections(&after.to_string(), &mut rest);
    }
    rest.control("SH", ["SEE ALSO"]).text([roman(see_also)]);
    let _ = rest.to_writer(&mut text);
    Page { file: man.get_filename(), text: String::from_utf8_lossy(&text).into_owned() }
}

/// Each paragraph that has a heading (`Examples:`) is a section; what is indented keeps its lines.
fn sections(text: &str, roff: &mut Roff) {
    for paragraph in text.split("\n\n") {
        let (heading, body) = match paragraph.split_once(':') {
            Some(("Examples", body)) => (Some("EXAMPLES"), body),
            Some(("Exit codes", body)) => (Some("EXIT STATUS"), body),
            _ => (None, paragraph),
        };
        match heading {
            Some(heading) => roff.control("SH", [heading]),
            None => roff.control("PP", []),
        };
        for line in body.lines().filter(|line| !line.is_empty()) {
            match line.strip_prefix("  ") {
                Some(example) => {
                    roff.control("PP", []).control("RS", ["4"]).text([bold(example)]).control("RE", []);
                }
                None => drop(roff.text([roman(line.trim_start())])),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, pages};
    use crate::cli::visible_commands;

    fn all() -> Vec<Page> {
        pages(&visible_commands())
    }

    #[test]
    fn the_whole_and_every_visible_command_have_a_page() {
        let files: Vec<String> = all().into_iter().map(|page| page.file).collect();
        assert_eq!(files[0], "cargo-hotreload.1");
        for command in ["run", "enable", "disable", "graph", "man"] {
            assert!(files.contains(&format!("cargo-hotreload-{command}.1")), "{files:?}");
        }
        assert!(!files.iter().any(|file| file.contains("link-group") || file.contains("help")), "{files:?}");
    }

    #[test]
    fn a_page_shows_the_command_as_one_types_it() {
        let pages = all();
        let run = &pages.iter().find(|page| page.file == "cargo-hotreload-run.1").expect("a page").text;
        assert!(run.contains("\n.SH SYNOPSIS\n\\fBcargo hotreload run\\fR "), "{run}");
        assert!(run.contains("\n.SH EXAMPLES\n") && run.contains("\\fBcargo hotreload run\\fR\n"), "{run}");
        assert!(run.ends_with(".SH \"SEE ALSO\"\ncargo\\-hotreload(1)\n"), "{run}");
        assert!(pages[0].text.contains("\n.SH \"EXIT STATUS\"\n0 done;"), "{}", pages[0].text);
    }
}
