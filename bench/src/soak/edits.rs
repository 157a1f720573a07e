//! Random edits, as somebody at work might save them.

use std::fmt;

use crate::soak::history::State;
use crate::soak::layer::Layer;
use crate::soak::random::Random;
use crate::soak::step::{Form, OPERATIONS, Step};

/// What is done in an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Edit {
    /// Another text.
    Text,
    /// Another operation or operand in something that there is.
    Logic,
    /// Something new.
    New(&'static str),
    /// Lines above everything.
    Shift,
    /// A function goes.
    Removal,
    /// The greeting of the example server, in an `async fn`.
    Greeting,
    /// Several libraries at once.
    Several,
}

/// New thread-locals take room in each thread for good: no more than this.
const MOST_THREAD_LOCALS: u32 = 100;
/// So many steps that can go, and one does.
const ENOUGH: usize = 12;

/// The state after the edit of this `number`, and what the edit is. Layers below `lowest` stay as they are.
pub(crate) fn next(random: &mut Random, before: &State, number: u32, lowest: usize) -> (State, Edit) {
    let mut state = before.clone();
    if random.below(14) == 0 {
        state.greeting = number;
        return (state, Edit::Greeting);
    }
    let count = state.layers.len() - lowest;
    let first = random.below(count);
    let locals = state.layers.iter().flat_map(|layer| &layer.steps).filter(|step| step.form == Form::ThreadLocal);
    let may_be_local = u32::try_from(locals.count()).unwrap_or(u32::MAX) < MOST_THREAD_LOCALS;
    if random.below(8) == 0 {
        for offset in 0..2 + random.below(2) {
            one(random, &mut state.layers[lowest + (first + offset) % count], number, may_be_local);
        }
        return (state, Edit::Several);
    }
    let edit = one(random, &mut state.layers[lowest + first], number, may_be_local);
    (state, edit)
}

fn one(random: &mut Random, layer: &mut Layer, number: u32, may_be_local: bool) -> Edit {
    layer.marker = number;
    let operation = *random.one_of(&OPERATIONS);
    let operand = random.next() % 1000 + 1;
    let new = |layer: &mut Layer, form, name| {
        layer.steps.push(Step { number, form, operation, operand });
        Edit::New(name)
    };
    match random.below(12) {
        0 | 1 => Edit::Text,
        2 | 3 => logic(random, layer),
        4 => {
            layer.shift += 1;
            Edit::Shift
        }
        5 => new(layer, Form::Static, "static"),
        6 => new(layer, Form::Lazy, "LazyLock"),
        7 => new(layer, Form::Closure, "closure"),
        8 => new(layer, Form::Boxed, "boxed closure"),
        9 if may_be_local => new(layer, Form::ThreadLocal, "thread-local"),
        10 => new(layer, Form::Type, "type"),
        _ if layer.steps.iter().filter(|step| step.can_go()).count() > ENOUGH => {
            let oldest = layer.steps.iter().position(Step::can_go).unwrap_or_default();
            layer.steps.remove(oldest);
            Edit::Removal
        }
        _ => new(layer, Form::Function, "function"),
    }
}

fn logic(random: &mut Random, layer: &mut Layer) -> Edit {
    if layer.steps.is_empty() {
        return Edit::Text;
    }
    let index = random.below(layer.steps.len());
    let step = &mut layer.steps[index];
    if step.keeps_operand() || random.below(2) == 0 {
        step.operation = *random.one_of(&OPERATIONS);
    } else {
        step.operand = random.next() % 1000 + 1;
    }
    Edit::Logic
}

impl fmt::Display for Edit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => formatter.write_str("text"),
            Self::Logic => formatter.write_str("logic"),
            Self::New(what) => write!(formatter, "new {what}"),
            Self::Shift => formatter.write_str("line shift"),
            Self::Removal => formatter.write_str("removal"),
            Self::Greeting => formatter.write_str("async handler"),
            Self::Several => formatter.write_str("several crates"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Edit, next};
    use crate::soak::history::State;
    use crate::soak::layer;
    use crate::soak::random::Random;

    #[test]
    fn every_edit_shows() {
        let mut random = Random::new(7);
        let mut state = State { layers: layer::all(), greeting: 0 };
        let mut seen = std::collections::BTreeSet::new();
        for number in 1..500 {
            let (after, edit) = next(&mut random, &state, number, 0);
            let shows = |state: &State| {
                let said: Vec<String> = state.layers.iter().map(|layer| layer.says(3)).collect();
                (state.greeting, said)
            };
            assert_ne!(shows(&after), shows(&state), "{edit}");
            seen.insert(edit);
            state = after;
        }
        assert_eq!(seen.len(), 13, "{seen:?}");
        assert!(seen.contains(&Edit::Several));
    }
}
