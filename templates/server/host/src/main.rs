//! The executable. It owns the process: signals, the resident state, and generations of the code
//! above `core`, one after the other.
//!
//! Exit codes: 0 stopped, 1 failed, 16 the database is in use, 98 the address is in use.

mod running;
mod signals;

// Two ways to the same code, with the same functions. `cargo hotreload enable` sets the cfg.
#[cfg(not(hotreload))]
#[path = "linked.rs"]
mod code;
#[cfg(hotreload)]
#[path = "loader.rs"]
mod code;
#[cfg(hotreload)]
mod threads;

use std::env;
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Instant;

use anyhow::{Context as _, Result};

use {{crate}}_core::{Context, OpenError};

use code::Code;
use running::Running;

/// Where the first instance listens by default; the others take the ports behind it.
const FIRST_PORT: u16 = 8080;

/// What the main thread waits for.
enum Event {
    Reload,
    Stop,
    /// The generation of this number has returned from `run`.
    Ended(u64),
}

fn main() -> ExitCode {
    {{crate}}_core::start_logger();
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            let code = error.downcast_ref().map_or(1, OpenError::exit_code);
            ExitCode::from(code)
        }
    }
}

/// Runs generations until a signal stops the program or one of them fails.
fn serve() -> Result<()> {
    let (sender, events) = mpsc::channel();
    signals::forward(sender.clone())?;
    // Never closed at the end: a thread that was left behind may still be in there.
    let mut code = ManuallyDrop::new(Code::load()?);
    let context = Arc::new(open_context()?);
    println!("listening on http://{}", context.address()?);

    for number in 1.. {
        let generation = Running::start(number, &context, code.entry()?, sender.clone())?;
        match wait(&events, number, &code) {
            Event::Reload => {}
            Event::Stop => return generation.stop(),
            Event::Ended(_) => {
                let result = generation.finish();
                return result.with_context(|| format!("generation {number} failed"));
            }
        }
        let signalled = Instant::now();
        if let Err(error) = generation.stop() {
            log::warn!("generation {number} ended with an error: {error:#}");
        }
        if !reload(&mut code, &events) {
            return Ok(());
        }
        let took = signalled.elapsed().as_millis();
        log::info!("generation {} follows after {took} ms", number + 1);
    }
    Ok(())
}

fn open_context() -> Result<Context, OpenError> {
    let instance = instance();
    let default_listen = || format!("127.0.0.1:{}", FIRST_PORT + instance - 1);
    let default_data = || match instance {
        1 => "./data/{{name}}.redb".into(),
        _ => format!("./data/{{name}}-{instance}.redb").into(),
    };
    let address = env::var("LISTEN").unwrap_or_else(|_| default_listen());
    let data = env::var_os("DATA").unwrap_or_else(default_data);
    Context::open(&address, &PathBuf::from(data))
}

/// Which one of several processes of this program this is, counted from 1. Neither the port nor the
/// database can be shared.
fn instance() -> u16 {
    let number = env::var("HOTRELOAD_INSTANCE")
        .ok()
        .and_then(|number| number.parse().ok());
    number
        .filter(|number| (1..=1000).contains(number))
        .unwrap_or(1)
}

/// Waits for something to do. A reload that cannot work is refused here, before anything stops.
fn wait(events: &mpsc::Receiver<Event>, number: u64, code: &Code) -> Event {
    for event in events {
        match event {
            Event::Reload => match code.check() {
                Ok(true) => return event,
                Ok(false) => log::info!("nothing to reload: no module has changed"),
                Err(error) => log::error!("not reloaded: {error:#}"),
            },
            Event::Ended(ended) if ended != number => {}
            Event::Ended(_) | Event::Stop => return event,
        }
    }
    unreachable!("this thread holds a sender")
}

/// Swaps the code while none of it runs. When the new code cannot be loaded, the socket goes on
/// queueing connections until a build that works, or a stop (then this is `false`).
fn reload(code: &mut Code, events: &mpsc::Receiver<Event>) -> bool {
    while let Err(error) = code.reload() {
        log::error!("{error:#}");
        log::error!("no code is loaded: build again and send SIGINT, or stop with SIGTERM");
        loop {
            match events.recv() {
                Ok(Event::Reload) => break,
                Ok(Event::Stop) | Err(_) => return false,
                Ok(Event::Ended(_)) => {}
            }
        }
    }
    true
}
