//! The answers of several sessions to the same request, until all are there.

use crate::session::request::{Answer, ProgramStatus, ReplyTo};

/// Requests that not every program has answered yet.
#[derive(Debug, Default)]
pub(super) struct Answers(Vec<Open>);

/// A request and what was answered.
#[derive(Debug)]
struct Open {
    reply: ReplyTo,
    /// By program; the inner `None` is one that has none to give.
    answers: Vec<Option<Option<Answer>>>,
}

/// A request that everybody has answered who can.
#[derive(Debug)]
pub(super) struct Complete {
    pub(super) reply: ReplyTo,
    /// By program.
    pub(super) answers: Vec<Option<Answer>>,
}

impl Answers {
    /// `reply` is to be answered by the programs that are `asked`.
    pub(super) fn expect(&mut self, reply: ReplyTo, asked: impl Iterator<Item = bool>) {
        let answers = asked.map(|is_asked| if is_asked { None } else { Some(None) }).collect();
        self.0.push(Open { reply, answers });
    }

    /// The program of this number answers.
    pub(super) fn answer(&mut self, index: usize, reply: ReplyTo, answer: Answer) {
        // Keys share one address: the oldest question is answered first.
        let mut open = self.0.iter_mut().filter(|open| open.reply == reply);
        if let Some(place) = open.find_map(|open| open.answers.get_mut(index).filter(|answer| answer.is_none())) {
            *place = Some(Some(answer));
        }
    }

    /// The program of this number answers nothing any more.
    pub(super) fn silence(&mut self, index: usize) {
        for open in &mut self.0 {
            if let Some(place) = open.answers.get_mut(index).filter(|answer| answer.is_none()) {
                *place = Some(None);
            }
        }
    }

    /// Takes out what is complete.
    pub(super) fn complete(&mut self) -> Vec<Complete> {
        let is_complete = |open: &mut Open| open.answers.iter().all(Option::is_some);
        let complete = self.0.extract_if(.., is_complete);
        let close = |Open { reply, answers }| Complete { reply, answers: answers.into_iter().flatten().collect() };
        complete.map(close).collect()
    }
}

/// The answers of the programs of these names as one; `state` is that of all.
pub(super) fn joined(mut answers: Vec<(&str, Answer)>, state: &'static str) -> Option<Answer> {
    if answers.len() < 2 {
        return answers.pop().map(|(_, answer)| answer);
    }
    if let [(_, Answer::Status { .. }), ..] = answers[..] {
        return Some(status(answers, state));
    }
    let is_good = answers.iter().all(|(_, answer)| matches!(answer, Answer::Done(_)));
    let text = text(answers);
    Some(if is_good { Answer::Done(text) } else { Answer::Failed(text) })
}

/// A line for each program, or one for all where they say the same.
fn text(answers: Vec<(&str, Answer)>) -> String {
    let said = |(name, answer)| match answer {
        Answer::Done(text) | Answer::Failed(text) => Some((name, text)),
        Answer::Status { .. } => None,
    };
    let texts: Vec<(&str, String)> = answers.into_iter().filter_map(said).collect();
    match &texts[..] {
        [(_, first), rest @ ..] if rest.iter().all(|(_, text)| text == first) => first.clone(),
        _ => texts.iter().map(|(name, text)| format!("[{name}] {text}")).collect::<Vec<_>>().join("\n"),
    }
}

fn status(answers: Vec<(&str, Answer)>, state: &'static str) -> Answer {
    let mut process = 0;
    let mut programs = Vec::new();
    for (name, answer) in answers {
        let Answer::Status { state, session, program, reloads, restarts, last, .. } = answer else { continue };
        process = session;
        programs.push(ProgramStatus { name: name.to_owned(), state, program, reloads, restarts, last });
    }
    Answer::Status {
        state: state.into(),
        session: process,
        program: programs.iter().find_map(|program| program.program),
        reloads: programs.iter().map(|program| program.reloads).sum(),
        restarts: programs.iter().map(|program| program.restarts).sum(),
        last: String::new(),
        programs,
    }
}
