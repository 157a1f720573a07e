//! A library of the server: the text of its edited file, and the answer that this text means.

use std::fmt::Write as _;

use crate::soak::step::{Form, Step};

/// How other crates get the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// By a function whose body nobody else sees.
    Plain,
    /// By a generic function: each edit of it is seen by the callers, which are compiled with it.
    Generic,
    /// By an `async fn`, of which the callers hold the future.
    Async,
}

impl Style {
    /// What is behind a call.
    pub(crate) fn wait(self) -> &'static str {
        if self == Self::Async { ".await" } else { "" }
    }
}

/// A library as its file says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    pub(crate) style: Style,
    /// Another one with each edit.
    pub(crate) marker: u32,
    /// How many lines are above everything.
    pub(crate) shift: usize,
    pub(crate) steps: Vec<Step>,
}

/// The libraries, lowest first, none of them edited.
pub(crate) fn all() -> Vec<Layer> {
    let layer = |name, style| Layer { name, style, marker: 0, shift: 0, steps: Vec::new() };
    vec![
        layer("core", Style::Plain),
        layer("database", Style::Generic),
        layer("service", Style::Async),
        layer("api", Style::Plain),
        layer("router", Style::Plain),
    ]
}

const HEAD: &str = "\
#![allow(dead_code, unused_imports)]

use std::cell::Cell;
use std::panic::Location;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

type Hook = Box<dyn Fn(u64) -> u64 + Send + Sync>;

trait Change {
    fn change(&self, value: u64) -> u64;
}

static ASKED: AtomicU64 = AtomicU64::new(0);

#[track_caller]
fn here() -> u32 {
    Location::caller().line()
}
";

impl Layer {
    /// The file.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from("//! What the soak edits.\n");
        for line in 0..self.shift {
            // Writing to a string does not fail.
            let _ = writeln!(text, "// {line} lines are above this one.");
        }
        text.push_str(HEAD);
        text.push_str(&self.answer());
        let calls: String = self.steps.iter().map(Step::call).collect();
        let _ = write!(text, "\nfn steps(value: u64) -> u64 {{\n{calls}    value\n}}\n");
        text.push_str(&self.counts());
        text.extend(self.steps.iter().map(Step::items));
        text
    }

    fn answer(&self) -> String {
        let (signature, number) = match self.style {
            Style::Plain => ("pub fn answer(number: u64) -> String", "number"),
            Style::Generic => ("pub fn answer<N: Into<u64>>(number: N) -> String", "number.into()"),
            Style::Async => ("pub async fn answer(number: u64) -> String", "number"),
        };
        let wait = if self.style == Style::Async { "    tokio::task::yield_now().await;\n" } else { "" };
        format!(
            "\n{signature} {{\n{wait}    let asked = ASKED.fetch_add(1, Ordering::Relaxed) + 1;\n    let value = \
             steps({number});\n    let (line, here, counts) = (line!(), here(), counts());\n    format!(\"{} m{} \
             value={{value}} line={{line}} here={{here}} asked={{asked}} counts={{counts}}\")\n}}\n",
            self.name, self.marker
        )
    }

    fn counts(&self) -> String {
        let loads: Vec<String> =
            self.counters().map(|number| format!("COUNT_{number}.load(Ordering::Relaxed)")).collect();
        let (count, loads) = (loads.len(), loads.join(", "));
        format!(
            "\nfn counts() -> String {{\n    let counts: [u64; {count}] = [{loads}];\n    \
             counts.map(|count| count.to_string()).join(\",\")\n}}\n"
        )
    }

    /// The numbers of the steps that count their calls.
    pub(crate) fn counters(&self) -> impl Iterator<Item = u32> {
        self.steps.iter().filter(|step| step.form == Form::Static).map(|step| step.number)
    }

    /// What the answer to `number` begins with: everything but what was counted.
    pub(crate) fn says(&self, number: u64) -> String {
        let value = self.steps.iter().fold(number, |value, step| step.apply(value));
        let line = self.text().lines().position(|line| line.contains("line!()")).map_or(0, |line| line + 1);
        format!("{} m{} value={value} line={line} here={line} ", self.name, self.marker)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::all;
    use crate::soak::step::{Form, OPERATIONS, Step};

    const FORMS: [Form; 7] =
        [Form::Function, Form::Static, Form::Lazy, Form::Closure, Form::Boxed, Form::ThreadLocal, Form::Type];

    /// The compiler's program and our model of it agree on every form and every operation.
    #[test]
    fn an_answer_is_what_its_text_computes() {
        let mut layer = all().remove(0);
        layer.shift = 3;
        let all = FORMS.iter().flat_map(|form| OPERATIONS.map(|operation| (*form, operation)));
        for (number, (form, operation)) in (1..).zip(all) {
            layer.steps.push(Step { number, form, operation, operand: u64::from(number) * 77 });
        }
        let directory = tempfile::tempdir().expect("a directory");
        let source = directory.path().join("soak.rs");
        let main = "\nfn main() {\n    println!(\"{}\", answer(12345));\n}\n";
        std::fs::write(&source, layer.text() + main).expect("a file");
        let rustc =
            Command::new("rustc").args(["--edition", "2024", "-o", "soak", "soak.rs"]).current_dir(&directory).output();
        let rustc = rustc.expect("rustc runs");
        assert!(rustc.status.success(), "{}", String::from_utf8_lossy(&rustc.stderr));
        let said = Command::new(directory.path().join("soak")).output().expect("it runs").stdout;
        let counts = vec!["1"; OPERATIONS.len()].join(",");
        let expected = format!("{}asked=1 counts={counts}\n", layer.says(12345));
        assert_eq!(String::from_utf8_lossy(&said), expected);
    }
}
