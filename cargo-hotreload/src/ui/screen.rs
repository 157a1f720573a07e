//! The terminal while a session runs in it: the program's output, our lines, cargo's, and a status line at the bottom.
//!
//! [`canvas`] is the model, which knows what to write; this is the one place that writes it. There is one terminal in
//! a process, so there is one screen: while it is open, everything that is shown goes through it, whichever thread
//! shows it.
//!
//! 1. [`open`] when the session begins; from then on [`is_open`];
//! 2. [`program`] and [`cargo`] for bytes of the processes, [`lines`] for ours, [`status`] for the bottom line;
//! 3. [`hide`] and [`show`] around everything that gives the terminal to somebody else, [`close`] at the end.

use std::io::{Write, stdout};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use crate::effects::panics;
use crate::ui::screen::bar::Bar;
use crate::ui::screen::canvas::Canvas;
use crate::ui::screen::progress::Piece;

pub mod bar;
pub mod canvas;
pub mod diagnostics;
pub mod progress;
pub mod width;

/// Rows and columns of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
}

#[derive(Debug)]
struct Screen {
    canvas: Canvas,
    size: Size,
}

static SCREEN: Mutex<Option<Screen>> = Mutex::new(None);
/// Our lines wait for the program, or the screen was closed.
static CHANGED: Condvar = Condvar::new();

/// Takes the terminal. `styled` says whether the status line may have colours.
pub fn open(size: Size, styled: bool) {
    *locked() = Some(Screen { canvas: Canvas::new(size.columns, styled), size });
    // Without this thread, lines that wait for a prompt come with the program's next byte.
    let _ = thread::Builder::new().name("screen".into()).spawn(write_what_waits);
}

/// Gives the terminal back, with the cursor on an empty line.
pub fn close() {
    let mut screen = locked();
    put(&mut screen, |canvas, _| canvas.hide());
    *screen = None;
    CHANGED.notify_all();
}

/// As [`close`], for a thread that panics, maybe while it draws.
pub fn abandon() {
    let Some(mut screen) = panics::lock(&SCREEN) else { return };
    put(&mut screen, |canvas, _| canvas.hide());
    *screen = None;
}

/// Whether a screen is open.
#[must_use]
pub fn is_open() -> bool {
    locked().is_some()
}

/// The terminal's size, while the screen is open.
#[must_use]
pub fn size() -> Option<Size> {
    locked().as_ref().map(|screen| screen.size)
}

/// Shows what the program wrote.
pub fn program(bytes: &[u8]) {
    put(&mut locked(), |canvas, now| canvas.program(bytes, now));
}

/// The program has ended.
pub fn program_ended() {
    put(&mut locked(), |canvas, _| canvas.program_ended());
}

/// Shows what cargo wrote.
pub fn cargo(pieces: &[Piece]) {
    let mut screen = locked();
    for piece in pieces {
        put(&mut screen, |canvas, now| match piece {
            Piece::Line(line) => canvas.lines(line, now),
            Piece::Bar(bar) => canvas.progress(bar),
        });
    }
}

/// Shows whole lines of ours; `false` if no screen is open.
#[must_use]
pub fn lines(text: &str) -> bool {
    let mut screen = locked();
    put(&mut screen, |canvas, now| canvas.lines(text.as_bytes(), now));
    screen.is_some()
}

/// Changes what the status line says.
pub fn status(change: impl FnOnce(&mut Bar)) {
    put(&mut locked(), |canvas, _| {
        let mut bar = canvas.bar().clone();
        change(&mut bar);
        canvas.status(bar)
    });
}

/// Empties the screen.
pub fn clear() {
    put(&mut locked(), |canvas, _| canvas.clear());
}

/// Rings the terminal's bell, or whatever else does not move the cursor.
pub fn unseen(codes: &str) {
    put(&mut locked(), |_, _| codes.into());
}

/// The terminal has another size.
pub fn resized(size: Size) {
    let mut screen = locked();
    if let Some(screen) = &mut *screen {
        screen.size = size;
    }
    put(&mut screen, |canvas, _| canvas.resized(size.columns));
}

/// Draws nothing at the bottom until [`show`].
pub fn hide() {
    put(&mut locked(), |canvas, _| canvas.hide());
}

/// Draws the bottom line again.
pub fn show() {
    put(&mut locked(), |canvas, _| canvas.show());
}

fn locked() -> MutexGuard<'static, Option<Screen>> {
    SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes what `change` says in one piece.
fn put(screen: &mut MutexGuard<'_, Option<Screen>>, change: impl FnOnce(&mut Canvas, Instant) -> Vec<u8>) {
    let Some(Screen { canvas, .. }) = &mut **screen else { return };
    let bytes = change(canvas, Instant::now());
    let mut stdout = stdout().lock();
    // A terminal that is gone hangs up, which ends the session.
    let _ = stdout.write_all(&bytes).and_then(|()| stdout.flush());
    if canvas.deadline().is_some() {
        CHANGED.notify_all();
    }
}

fn write_what_waits() {
    let mut screen = locked();
    while let Some(Screen { canvas, .. }) = &*screen {
        screen = match canvas.deadline() {
            None => CHANGED.wait(screen).unwrap_or_else(PoisonError::into_inner),
            Some(deadline) => {
                let time = deadline.saturating_duration_since(Instant::now());
                CHANGED.wait_timeout(screen, time).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        put(&mut screen, Canvas::late);
    }
}
