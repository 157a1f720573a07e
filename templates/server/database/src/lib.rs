//! Tables and queries. The database handle is in `core`, so it stays open when this is reloaded.

use anyhow::Result;
use redb::{ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};

use {{crate}}_core::Context;

const NOTES: TableDefinition<u64, &str> = TableDefinition::new("notes");

/// Creates the tables that are missing, so that reading needs no case for it.
pub fn prepare(context: &Context) -> Result<()> {
    let transaction = context.database.begin_write()?;
    transaction.open_table(NOTES)?;
    transaction.commit()?;
    Ok(())
}

/// Adds a note and returns its number.
pub fn add_note(context: &Context, text: &str) -> Result<u64> {
    let transaction = context.database.begin_write()?;
    let mut notes = transaction.open_table(NOTES)?;
    let number = notes.last()?.map_or(1, |(last, _)| last.value() + 1);
    notes.insert(number, text)?;
    drop(notes);
    transaction.commit()?;
    Ok(number)
}

/// All notes in the order of their numbers.
pub fn notes(context: &Context) -> Result<Vec<(u64, String)>> {
    let notes = context.database.begin_read()?.open_table(NOTES)?;
    let rows = notes.iter()?.map(|row| {
        let (number, text) = row?;
        Ok((number.value(), text.value().to_owned()))
    });
    rows.collect()
}

/// How many notes there are.
pub fn count(context: &Context) -> Result<u64> {
    let notes = context.database.begin_read()?.open_table(NOTES)?;
    Ok(notes.len()?)
}
