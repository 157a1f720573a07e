//! The answers of several sessions to the same request, until all are there.

use crate::session::event::Action;
use crate::session::fleet::state_of;
use crate::session::request::{Answer, ProgramStatus, ReplyTo};

/// Requests that not every program has answered yet.
#[derive(Debug, Default)]
pub(super) struct Answers(Vec<Open>);

/// A request and what was answered, program by program.
#[derive(Debug)]
struct Open {
    reply: ReplyTo,
    answers: Vec<State>,
}

/// Whether a program has answered.
#[derive(Debug)]
enum State {
    Awaited,
    /// It is not there any more to do so.
    Silent,
    Given(Answer),
}

impl Answers {
    /// `reply` is to be answered by the programs that are `asked`.
    pub(super) fn expect(&mut self, reply: ReplyTo, asked: impl Iterator<Item = bool>) {
        let answers = asked.map(|is_asked| if is_asked { State::Awaited } else { State::Silent }).collect();
        self.0.push(Open { reply, answers });
    }

    /// The program of this number answers.
    pub(super) fn answer(&mut self, index: usize, reply: ReplyTo, answer: Answer) {
        // Keys share one address: the oldest question is answered first.
        let mut open = self.0.iter_mut().filter(|open| open.reply == reply);
        if let Some(state) = open.find_map(|open| awaited(open, index)) {
            *state = State::Given(answer);
        }
    }

    /// The program of this number answers nothing any more.
    pub(super) fn silence(&mut self, index: usize) {
        for state in self.0.iter_mut().filter_map(|open| awaited(open, index)) {
            *state = State::Silent;
        }
    }

    /// Takes out what everybody has answered who can; `names` are those of the programs.
    pub(super) fn complete<'name>(&mut self, names: &(impl Iterator<Item = &'name str> + Clone)) -> Vec<Action> {
        let is_complete = |open: &mut Open| !open.answers.iter().any(|state| matches!(state, State::Awaited));
        let mut replies = Vec::new();
        for Open { reply, answers } in self.0.extract_if(.., is_complete) {
            let given = |(name, state)| if let State::Given(answer) = state { Some((name, answer)) } else { None };
            let answer = joined(names.clone().zip(answers).filter_map(given).collect());
            replies.extend(answer.map(|answer| Action::Reply(reply, answer)));
        }
        replies
    }
}

fn awaited(open: &mut Open, index: usize) -> Option<&mut State> {
    open.answers.get_mut(index).filter(|state| matches!(state, State::Awaited))
}

/// The answers of the programs of these names as one.
fn joined(mut answers: Vec<(&str, Answer)>) -> Option<Answer> {
    if answers.len() < 2 {
        return answers.pop().map(|(_, answer)| answer);
    }
    if let [(_, Answer::Status { .. }), ..] = answers[..] {
        return Some(status(answers));
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

fn status(answers: Vec<(&str, Answer)>) -> Answer {
    let mut process = 0;
    let mut programs = Vec::new();
    for (name, answer) in answers {
        let Answer::Status { state, session, program, reloads, patches, restarts, last, .. } = answer else { continue };
        process = session;
        programs.push(ProgramStatus { name: name.to_owned(), state, program, reloads, patches, restarts, last });
    }
    Answer::Status {
        state: state_of(&programs.iter().map(|program| program.state.as_str())).into(),
        session: process,
        program: programs.iter().find_map(|program| program.program),
        reloads: programs.iter().map(|program| program.reloads).sum(),
        patches: programs.iter().map(|program| program.patches).sum(),
        restarts: programs.iter().map(|program| program.restarts).sum(),
        last: String::new(),
        programs,
    }
}
