//! The code as part of the executable: the ordinary, static program, where nothing is ever reloaded.

use anyhow::Result;

use {{crate}}_core::Entry;

pub(crate) struct Code;

impl Code {
    pub(crate) fn load() -> Result<Self> {
        Ok(Self)
    }

    pub(crate) fn entry(&self) -> Result<Entry> {
        Ok({{crate}}_router::ENTRY)
    }

    pub(crate) fn check(&self) -> Result<bool> {
        Ok(false)
    }

    pub(crate) fn reload(&mut self) -> Result<()> {
        Ok(())
    }
}
