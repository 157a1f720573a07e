//! All cases of a program, from its start to its end.

use std::collections::BTreeMap;

use crate::conformance::case::{Case, Refusal, replaced};
use crate::conformance::laboratory::{Laboratory, Program, Sources};
use crate::conformance::setting::Setting;

/// A program that is tried.
#[derive(Debug)]
pub(super) struct Trial<'cases> {
    cases: &'cases [Case],
    /// The modules of each case as they are now: in `low` and in `svc`.
    modules: BTreeMap<&'static str, [String; 2]>,
    /// What each case answers now.
    answers: BTreeMap<&'static str, &'static str>,
    laboratory: Laboratory,
    program: Program,
    wrong: Vec<String>,
    setting: String,
}

impl<'cases> Trial<'cases> {
    /// What was not as it has to be.
    pub(super) fn run(setting: &Setting, cases: &'cases [Case], refusals: &[Refusal]) -> Vec<String> {
        let modules = cases.iter().map(|case| (case.name, [case.low, case.svc].map(str::to_owned))).collect();
        let mut laboratory = Laboratory::new(setting);
        let compiled = laboratory.compile(&sources(&modules));
        let program = laboratory.start(&compiled);
        let answers = cases.iter().map(|case| (case.name, case.first)).collect();
        let setting = setting.to_string();
        let mut trial = Self { cases, modules, answers, laboratory, program, wrong: Vec::new(), setting };
        trial.ask("at first");
        let rounds = cases.iter().map(|case| case.edits.len()).max().unwrap_or_default();
        for round in 0..rounds {
            trial.edit(round);
        }
        for refusal in refusals {
            trial.refuse(refusal);
        }
        trial.wrong
    }

    fn ask(&mut self, when: &str) {
        for (name, expected) in self.answers.clone() {
            let answer = self.program.ask(name);
            if answer != expected {
                self.say(&format!("{name} {when}: {answer:?}, not {expected:?}"));
            }
        }
    }

    fn say(&mut self, what: &str) {
        self.wrong.push(format!("{}: {what}", self.setting));
    }

    /// Every case is edited once more.
    fn edit(&mut self, round: usize) {
        self.answers.clear();
        for case in self.cases {
            let Some(edit) = case.edits.get(round) else { continue };
            let [low, svc] = self.modules.get_mut(case.name).expect("a case");
            replaced(&mut [svc, low], edit.replace);
            self.answers.insert(case.name, edit.then);
        }
        let crates = self.laboratory.compile(&sources(&self.modules));
        if let Err(refused) = self.program.patch(&crates) {
            self.say(&format!("edit {round} was refused: {refused}"));
        }
        self.ask(&format!("after edit {round}"));
    }

    fn refuse(&mut self, Refusal { case, replace, why }: &Refusal) {
        let mut modules = self.modules.clone();
        let [low, svc] = modules.get_mut(case).expect("a case");
        replaced(&mut [svc, low], replace);
        let crates = self.laboratory.compile(&sources(&modules));
        let what = format!("{case} {replace:?}");
        match self.program.patch(&crates) {
            Ok(_) => {
                self.say(&format!("{what} must be refused and is in"));
                self.modules = modules;
            }
            Err(refused) if refused.to_string().contains(why) => {}
            Err(refused) => self.say(&format!("{what} was refused, but: {refused}")),
        }
    }
}

fn sources(modules: &BTreeMap<&'static str, [String; 2]>) -> Sources {
    let mut sources = Sources::default();
    let mut questions = String::new();
    let mut roots = [String::new(), String::new()];
    for (name, [low, svc]) in modules {
        for (index, module) in [low, svc].into_iter().enumerate().filter(|(_, module)| !module.is_empty()) {
            roots[index].extend(["pub mod ", name, ";\n"]);
            let files = if index == 0 { &mut sources.low } else { &mut sources.svc };
            files.push((format!("{name}.rs"), module.clone()));
        }
        questions.extend(["        \"", name, "\" => ", name, "::answer(),\n"]);
    }
    let [low, svc] = roots;
    let answer = "#[inline(never)]\npub fn answer(question: &str) -> String {\n    match question {\n";
    sources.low.push(("lib.rs".to_owned(), low));
    sources
        .svc
        .push(("lib.rs".to_owned(), format!("{svc}{answer}{questions}        _ => String::new(),\n    }}\n}}\n")));
    sources
}
