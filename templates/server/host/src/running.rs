//! A generation on its thread.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};

use {{crate}}_core::{Context, Entry, Generation};

use crate::Event;

/// How long tasks and blocking work may take to end after the last request was answered.
const SHUTDOWN: Duration = Duration::from_secs(10);

pub(crate) struct Running {
    entry: Entry,
    generation: Arc<Generation>,
    thread: JoinHandle<Result<(), String>>,
}

impl Running {
    /// Starts on a fresh thread: when it is joined, the destructors of the thread-locals that the
    /// code has made there have run, while their code was still loaded.
    pub(crate) fn start(
        number: u64,
        context: &Arc<Context>,
        entry: Entry,
        events: Sender<Event>,
    ) -> Result<Self> {
        let name = format!("generation-{number}");
        let generation = Arc::new(Generation::new(&name, context)?);
        let borrowed = Arc::clone(&generation);
        let thread = thread::Builder::new().name(name).spawn(move || {
            let result = run(entry, &borrowed);
            drop(borrowed);
            // The main thread may be past caring.
            let _ = events.send(Event::Ended(number));
            result
        })?;
        Ok(Self {
            entry,
            generation,
            thread,
        })
    }

    /// Asks the generation to end, and waits until it has.
    pub(crate) fn stop(self) -> Result<()> {
        (self.entry.stop)(&self.generation);
        self.finish()
    }

    /// Joins all threads of the generation.
    pub(crate) fn finish(self) -> Result<()> {
        let result = self.thread.join();
        let generation =
            Arc::into_inner(self.generation).context("the generation is still used")?;
        generation.shut_down(SHUTDOWN);
        match result {
            Ok(result) => result.map_err(|error| anyhow!(error)),
            Err(_) => Err(anyhow!("panicked while its thread ended")),
        }
    }
}

/// An error leaves here as text: the type behind it belongs to code that will be unloaded.
fn run(entry: Entry, generation: &Generation) -> Result<(), String> {
    let call = || (entry.start)(generation).and_then(|()| (entry.run)(generation));
    match panic::catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| format!("{error:#}")),
        Err(payload) => Err(format!("panicked: {}", message(&*payload))),
    }
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}
