//! One life of the code above this crate, from its start to the next reload.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::Context;

/// How the executable reaches the code of a generation, linked or loaded.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Prepares what may fail, before the first request.
    pub start: fn(&Generation) -> anyhow::Result<()>,
    /// Serves, and returns when all is finished after a stop.
    pub run: fn(&Generation) -> anyhow::Result<()>,
    /// Asks `run` to come to its end. Called from another thread.
    pub stop: fn(&Generation),
}

/// Owns every thread that runs code of this generation, so that none of them outlives that code.
pub struct Generation {
    context: Arc<Context>,
    runtime: Runtime,
    stop: watch::Sender<bool>,
}

impl Generation {
    /// `name` is what the threads are called in `/proc`; the kernel keeps 15 bytes of it.
    pub fn new(name: &str, context: &Arc<Context>) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .enable_all()
            .thread_name(name)
            .build()?;
        Ok(Self {
            context: Arc::clone(context),
            runtime,
            stop: watch::Sender::new(false),
        })
    }

    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub fn stop_signal(&self) -> StopSignal {
        StopSignal(self.stop.subscribe())
    }

    /// Ends all tasks and joins their threads; a thread that does not end in time is left behind.
    pub fn shut_down(self, limit: Duration) {
        self.runtime.shutdown_timeout(limit);
    }
}

/// Tells a task that its generation is to end.
#[derive(Clone)]
pub struct StopSignal(watch::Receiver<bool>);

impl StopSignal {
    /// Waits for the stop; at once when it has been asked for already.
    pub async fn stopped(&mut self) {
        // An error means that the generation is gone, which is a stop too.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}
