//! Business logic: what the program does, without a word about HTTP.

use std::sync::Arc;

use anyhow::Result;
use serde::Serialize;

use {{crate}}_core::Context;
use {{crate}}_database as database;

#[derive(Serialize)]
pub struct Note {
    pub number: u64,
    pub text: String,
}

pub struct Summary {
    pub requests: u64,
    pub notes: u64,
}

pub fn prepare(context: &Context) -> Result<()> {
    database::prepare(context)
}

pub async fn summary(context: &Arc<Context>) -> Result<Summary> {
    let notes = blocking(context, database::count).await?;
    Ok(Summary {
        requests: context.requests(),
        notes,
    })
}

pub async fn notes(context: &Arc<Context>) -> Result<Vec<Note>> {
    let rows = blocking(context, database::notes).await?;
    let notes = rows.into_iter().map(|(number, text)| Note { number, text });
    Ok(notes.collect())
}

/// Adds a note, without the white space around it. There are no empty notes.
pub async fn add_note(context: &Arc<Context>, text: &str) -> Result<Option<Note>> {
    let text = text.trim().to_owned();
    if text.is_empty() {
        return Ok(None);
    }
    blocking(context, |context| {
        let number = database::add_note(context, &text)?;
        Ok(Some(Note { number, text }))
    })
    .await
}

/// Runs database work on a thread of the generation that may block. A reload waits for it.
async fn blocking<T, F>(context: &Arc<Context>, work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce(&Context) -> Result<T> + Send + 'static,
{
    let context = Arc::clone(context);
    tokio::task::spawn_blocking(move || work(&context)).await?
}
