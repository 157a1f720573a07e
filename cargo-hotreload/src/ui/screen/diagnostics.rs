//! What rustc said, in the order in which one wants to read it.

use crate::ui::screen::bar::counted;
use crate::ui::screen::width::rows;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The build fails.
    Error,
    /// It does not.
    Warning,
    /// A remark about the others: how many there were, where to read more.
    Remark,
}

/// One of rustc's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// As rustc shows it, with colours.
    pub rendered: String,
}

/// Everything that rustc said in one build, and what the user has read of it before.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    all: Vec<Diagnostic>,
    /// The warnings of the last good build. Cargo repeats them in each build.
    known: Vec<Diagnostic>,
}

impl Diagnostics {
    /// A new build has begun.
    pub fn begin(&mut self) {
        self.all.clear();
    }

    /// Adds what came.
    pub fn add(&mut self, diagnostic: Diagnostic) {
        // A library that is built in two ways is complained about twice.
        if !self.all.contains(&diagnostic) {
            self.all.push(diagnostic);
        }
    }

    /// How many of this severity there are.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.of(severity).count()
    }

    /// What a failed build shows on a screen of `height` rows and `width` columns: the errors, from the first as far
    /// as there is room, and what was left out. If nothing else is written, the first error stands at the top.
    #[must_use]
    pub fn of_failure(&self, height: usize, width: usize) -> String {
        let mut room = height;
        let mut shown = String::new();
        let mut left_out = 0;
        for (index, error) in self.of(Severity::Error).enumerate() {
            let needed = rows(&error.rendered, width);
            if left_out == 0 && needed <= room {
                shown += &error.rendered;
                room -= needed;
            } else if index == 0 {
                shown += &first_rows(&error.rendered, room, width);
                room = 0;
            } else {
                left_out += 1;
            }
        }
        shown + &remark(left_out, self.count(Severity::Warning))
    }

    /// What a good build shows: the warnings that the last one did not have.
    pub fn of_success(&mut self) -> String {
        let warnings: Vec<Diagnostic> = self.of(Severity::Warning).cloned().collect();
        let new = warnings.iter().filter(|warning| !self.known.contains(warning));
        let shown = new.map(|warning| warning.rendered.as_str()).collect();
        self.known = warnings;
        shown
    }

    /// Everything, errors first.
    #[must_use]
    pub fn everything(&self) -> String {
        let mut sorted: Vec<&Diagnostic> = self.all.iter().collect();
        sorted.sort_by_key(|diagnostic| diagnostic.severity);
        sorted.iter().map(|diagnostic| diagnostic.rendered.as_str()).collect()
    }

    fn of(&self, severity: Severity) -> impl Iterator<Item = &Diagnostic> {
        self.all.iter().filter(move |diagnostic| diagnostic.severity == severity)
    }
}

/// As many lines of `text` as fit.
fn first_rows(text: &str, mut room: usize, width: usize) -> String {
    let fits = |line: &&str| {
        let needed = rows(line, width);
        let fits = needed <= room;
        room = room.saturating_sub(needed);
        fits
    };
    let lines: String = text.split_inclusive('\n').take_while(fits).collect();
    // A colour that the last line left on ends here.
    lines + "\x1b[0m"
}

fn remark(errors: usize, warnings: usize) -> String {
    let errors = (errors > 0).then(|| counted(errors, "more error"));
    let warnings = (warnings > 0).then(|| counted(warnings, "warning"));
    let both: Vec<String> = errors.into_iter().chain(warnings).collect();
    if both.is_empty() { String::new() } else { format!("… {} (e shows all)\n", both.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::{Diagnostic, Diagnostics, Severity};

    fn diagnostics(all: &[(Severity, &str)]) -> Diagnostics {
        let mut diagnostics = Diagnostics::default();
        for (severity, text) in all {
            diagnostics.add(Diagnostic { severity: *severity, rendered: (*text).into() });
        }
        diagnostics
    }

    #[test]
    fn errors_come_before_the_warnings_that_came_before_them() {
        let found = diagnostics(&[
            (Severity::Warning, "warning: w\n\n"),
            (Severity::Error, "error: 1\n --> a\n\n"),
            (Severity::Remark, "error: aborting\n\n"),
            (Severity::Error, "error: 2\n\n"),
            (Severity::Error, "error: 2\n\n"),
        ]);
        assert_eq!(found.of_failure(20, 80), "error: 1\n --> a\n\nerror: 2\n\n… 1 warning (e shows all)\n");
        assert_eq!(found.everything(), "error: 1\n --> a\n\nerror: 2\n\nwarning: w\n\nerror: aborting\n\n");
        assert_eq!((found.count(Severity::Error), found.count(Severity::Warning)), (2, 1));
    }

    #[test]
    fn a_small_screen_shows_the_first_error() {
        let found = diagnostics(&[
            (Severity::Error, "error: 1\n --> a\n\n"),
            (Severity::Error, "error: 2\n --> a\n\n"),
            (Severity::Error, "x\n"),
        ]);
        assert_eq!(found.of_failure(5, 80), "error: 1\n --> a\n\n… 2 more errors (e shows all)\n");
        assert_eq!(found.of_failure(2, 80), "error: 1\n --> a\n\x1b[0m… 2 more errors (e shows all)\n");
        // On four columns, `error: 1` takes two rows.
        assert_eq!(found.of_failure(3, 4), "error: 1\n\x1b[0m… 2 more errors (e shows all)\n");
    }

    #[test]
    fn a_warning_is_shown_when_it_is_new() {
        let mut found = diagnostics(&[(Severity::Warning, "old\n")]);
        assert_eq!(found.of_success(), "old\n");
        found.begin();
        for text in ["old\n", "new\n"] {
            found.add(Diagnostic { severity: Severity::Warning, rendered: text.into() });
        }
        assert_eq!(found.of_success(), "new\n");
        assert_eq!(found.count(Severity::Warning), 2);
    }
}
