//! What rustc said, in the order in which one wants to read it.

use crate::effects::build::{Rendered, Severity};
use crate::ui::screen::bar::counted;
use crate::ui::screen::width::rows;

/// Everything that rustc said in one build, and what the user has read of it before.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    all: Vec<Rendered>,
    /// The warnings of the last good build, and of crates that were compiled since. Cargo repeats them in each build.
    known: Vec<Rendered>,
}

impl Diagnostics {
    /// A new build has begun.
    pub fn begin(&mut self) {
        self.all.clear();
    }

    /// Adds what came.
    pub fn add(&mut self, diagnostic: Rendered) {
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

    /// What a failed build shows on a screen of `width` columns with room for `height` rows: the errors, as far as there
    /// is room, and how many are not shown to their end. What does not fit fills the room, so that the first error
    /// stands at its top.
    #[must_use]
    pub fn of_failure(&self, height: usize, width: usize) -> String {
        let warnings = self.count(Severity::Warning);
        let errors: Vec<&str> = self.of(Severity::Error).map(|error| error.text.as_str()).collect();
        let all = errors.concat();
        if rows(&all, width) <= height {
            return all + &remark(0, warnings);
        }
        let mut room = height;
        let whole = errors.iter().take_while(|error| {
            let needed = rows(error, width);
            let fits = needed <= room;
            room = room.saturating_sub(needed);
            fits
        });
        let cut = errors.len() - whole.count();
        first_rows(&all, height, width) + &remark(cut, warnings)
    }

    /// What a good build shows: the warnings that the last one did not have.
    pub fn of_success(&mut self) -> String {
        let shown = self.new_warnings();
        self.known = self.of(Severity::Warning).cloned().collect();
        shown
    }

    /// What some crates show that were compiled well: those of all others stay known.
    pub fn of_part(&mut self) -> String {
        let shown = self.new_warnings();
        self.known.extend(self.all.iter().filter(|said| said.severity == Severity::Warning).cloned());
        shown
    }

    /// Whether this was said before.
    #[must_use]
    pub fn knows(&self, diagnostic: &Rendered) -> bool {
        self.known.contains(diagnostic)
    }

    fn new_warnings(&self) -> String {
        let new = self.of(Severity::Warning).filter(|warning| !self.knows(warning));
        new.map(|warning| warning.text.as_str()).collect()
    }

    /// Everything, errors first.
    #[must_use]
    pub fn everything(&self) -> String {
        let mut sorted: Vec<&Rendered> = self.all.iter().collect();
        sorted.sort_by_key(|diagnostic| diagnostic.severity);
        sorted.iter().map(|diagnostic| diagnostic.text.as_str()).collect()
    }

    fn of(&self, severity: Severity) -> impl Iterator<Item = &Rendered> {
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
    use super::Diagnostics;
    use crate::effects::build::{Rendered, Severity};

    fn diagnostics(all: &[(Severity, &str)]) -> Diagnostics {
        let mut diagnostics = Diagnostics::default();
        for (severity, text) in all {
            diagnostics.add(Rendered { severity: *severity, text: (*text).into() });
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
        let remark = |errors| format!("\x1b[0m… {errors} (e shows all)\n");
        assert_eq!(
            found.of_failure(5, 80),
            "error: 1\n --> a\n\nerror: 2\n --> a\n".to_owned() + &remark("2 more errors")
        );
        assert_eq!(found.of_failure(2, 80), "error: 1\n --> a\n".to_owned() + &remark("3 more errors"));
        // On four columns, `error: 1` takes two rows.
        assert_eq!(found.of_failure(3, 4), "error: 1\n".to_owned() + &remark("3 more errors"));
        assert_eq!(found.of_failure(7, 80).matches("error").count(), 2);
    }

    #[test]
    fn a_warning_is_shown_when_it_is_new() {
        let mut found = diagnostics(&[(Severity::Warning, "old\n")]);
        assert_eq!(found.of_success(), "old\n");
        found.begin();
        for text in ["old\n", "new\n"] {
            found.add(Rendered { severity: Severity::Warning, text: text.into() });
        }
        assert_eq!(found.of_success(), "new\n");
        assert_eq!(found.count(Severity::Warning), 2);
    }

    #[test]
    fn what_one_crate_says_leaves_the_others_known() {
        let warning = |text: &str| Rendered { severity: Severity::Warning, text: text.into() };
        let mut found = diagnostics(&[(Severity::Warning, "below\n")]);
        assert_eq!(found.of_success(), "below\n");
        found.begin();
        found.add(warning("above\n"));
        assert_eq!(found.of_part(), "above\n");
        assert!(found.knows(&warning("below\n")) && found.knows(&warning("above\n")));
        // Cargo builds everything then.
        found.begin();
        for text in ["below\n", "above\n"] {
            found.add(warning(text));
        }
        assert_eq!(found.of_success(), "");
    }
}
