//! Signals become events of the main thread.

use std::io;
use std::sync::mpsc::Sender;
use std::thread;

use signal_hook::consts::{SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

use crate::Event;

/// SIGINT (Ctrl+C) reloads where there is something to reload, and stops a static program as it
/// stops any other. SIGQUIT (Ctrl+\) and SIGTERM stop.
pub(crate) fn forward(events: Sender<Event>) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGQUIT, SIGTERM])?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let mut stopping = false;
            for signal in &mut signals {
                let reload = cfg!(hotreload) && signal == SIGINT;
                if !reload && stopping {
                    // Asked twice: whatever the end is waiting for is not worth it.
                    low_level::exit(1);
                }
                stopping |= !reload;
                let event = if reload { Event::Reload } else { Event::Stop };
                if events.send(event).is_err() {
                    return;
                }
            }
        })?;
    Ok(())
}
