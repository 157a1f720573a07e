//! What was saved, in its order, and how much of it is live.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::soak::Way;
use crate::soak::layer::Layer;

/// All edited files at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) layers: Vec<Layer>,
    /// What the greeting is, 0 for the first one.
    pub(crate) greeting: u32,
}

/// Everything that was saved.
#[derive(Debug)]
pub(crate) struct History {
    states: RwLock<Vec<Arc<State>>>,
    /// The last one that was seen to be live, so that nothing older may be answered any more.
    live: AtomicUsize,
    /// How edits get into the program.
    pub(crate) way: Way,
}

impl State {
    /// The text of the greeting.
    pub(crate) fn greeting(&self) -> String {
        match self.greeting {
            0 => "Hello from the first version".to_owned(),
            number => format!("Hello from version {number}"),
        }
    }
}

impl History {
    pub(crate) fn new(layers: Vec<Layer>, way: Way) -> Self {
        Self { states: RwLock::new(vec![Arc::new(State { layers, greeting: 0 })]), live: AtomicUsize::new(0), way }
    }

    /// The number of the state that is known to be live.
    pub(crate) fn live(&self) -> usize {
        self.live.load(Ordering::SeqCst)
    }

    /// The newest state is live from here on.
    pub(crate) fn all_is_live(&self) {
        let newest = self.since(0).len() - 1;
        self.live.store(newest, Ordering::SeqCst);
    }

    /// This is going to be saved.
    pub(crate) fn push(&self, state: State) {
        self.states.write().unwrap_or_else(PoisonError::into_inner).push(Arc::new(state));
    }

    /// All states from this number on.
    pub(crate) fn since(&self, number: usize) -> Vec<Arc<State>> {
        self.states.read().unwrap_or_else(PoisonError::into_inner)[number..].to_vec()
    }

    /// The last state that was saved.
    pub(crate) fn newest(&self) -> Arc<State> {
        let states = self.states.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(states.last().unwrap_or_else(|| unreachable!("there is a first one")))
    }
}
