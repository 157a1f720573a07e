//! Objects of libraries that turn out to be needed, one after another.

use std::cell::OnceCell;

/// Contents of objects, which stay where they are when more are found: what was read of them refers to them.
#[derive(Debug, Default)]
pub struct Found(OnceCell<(Vec<Vec<u8>>, Box<Found>)>);

impl Found {
    /// These were found, too.
    pub fn add(&self, objects: Vec<Vec<u8>>) {
        match self.0.get() {
            Some((_, later)) => later.add(objects),
            None => drop(self.0.set((objects, Box::default()))),
        }
    }

    /// All that were found.
    #[must_use]
    pub fn all(&self) -> Vec<&[u8]> {
        let mut all = Vec::new();
        let mut next = self;
        while let Some((objects, later)) = next.0.get() {
            all.extend(objects.iter().map(Vec::as_slice));
            next = later;
        }
        all
    }
}
