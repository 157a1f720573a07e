//! `cargo hotreload reload`, `restart`, `rollback` and `stop`.

use anstream::println;
use anyhow::Result;

use crate::cli::Control;
use crate::commands::Outcome;
use crate::effects::toolchain::Toolchains;
use crate::effects::{control, locate, lock};
use crate::error::ErrorKind;
use crate::session::request::{Answer, Request};

/// Passes `request` on to the running session and shows its answer.
pub fn ask(arguments: &Control, request: Request) -> Result<Outcome> {
    let root = locate::root(&arguments.manifest, &Toolchains::read())?;
    match control::ask(&root, request)? {
        Answer::Done(message) => {
            if request == Request::Stop {
                // The answer comes when the program has ended; what comes next may count on every file being back.
                lock::wait_until_free(&root);
            }
            println!("{message}");
            Ok(Outcome::Done)
        }
        Answer::Failed(message) => Err(ErrorKind::Refused { message }.into()),
        status @ Answer::Status { .. } => {
            println!("{status:?}");
            Ok(Outcome::Done)
        }
    }
}
