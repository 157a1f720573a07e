//! The memory of another process, by `/proc/PID/mem`: pages that the process itself may only read are written as well.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// The address space that a process has now. When it replaces itself by another program, this one is gone, and nothing
/// is written into the other.
#[derive(Debug)]
pub struct Memory {
    file: File,
}

impl Memory {
    /// Opens the memory of the process that has the thread `id`.
    pub fn open(id: u32) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open(format!("/proc/{id}/mem"))?;
        Ok(Self { file })
    }

    /// What `file` has, in place of the memory of a process.
    #[cfg(test)]
    pub(crate) fn of(file: File) -> Self {
        Self { file }
    }

    /// `length` bytes at `address`.
    pub fn read(&self, address: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, address)?;
        Ok(bytes)
    }

    /// As many bytes at `address` as can be read, at most `most`.
    #[must_use]
    pub fn read_up_to(&self, address: u64, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; most];
        let read = self.file.read_at(&mut bytes, address).unwrap_or(0);
        bytes.truncate(read);
        bytes
    }

    /// What is in use of a stack, at most `most` bytes of it. `pointer` is the lowest address in use, in one of the ranges
    /// that were `mapped` a moment ago, or in a newer one.
    #[must_use]
    pub fn stack(&self, pointer: u64, mapped: &[Range<u64>], most: u64) -> Vec<u8> {
        /// How much is read of a stack that was mapped after we looked.
        const NEW_STACK: u64 = 64 << 10;
        let begin = pointer & !7;
        let mapping = mapped.iter().find(|addresses| addresses.contains(&begin));
        let length = mapping.map_or(NEW_STACK, |addresses| addresses.end - begin).min(most);
        self.read_up_to(begin, usize::try_from(length).unwrap_or(0))
    }

    /// The number of 8 bytes at `address`.
    pub fn word(&self, address: u64) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, address)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    /// The number of 4 bytes at `address`.
    pub fn half_word(&self, address: u64) -> io::Result<u32> {
        let mut bytes = [0; 4];
        self.file.read_exact_at(&mut bytes, address)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    /// Writes `bytes` at `address` with one system call, which nobody ends halfway within a page.
    pub fn write(&self, address: u64, bytes: &[u8]) -> io::Result<()> {
        match self.file.write_at(bytes, address)? {
            written if written == bytes.len() => Ok(()),
            // The address space is gone, or some of the bytes are for addresses that are not mapped.
            _ => Err(io::ErrorKind::WriteZero.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::Memory;

    #[test]
    fn what_may_only_be_read_is_written_too() {
        static CONSTANT: [u64; 2] = [7, 8];
        let memory = Memory::open(std::process::id()).expect("our own memory");
        let address = black_box(&CONSTANT).as_ptr().addr() as u64;
        assert_eq!(memory.word(address).expect("read"), 7);
        memory.write(address, &9_u64.to_ne_bytes()).expect("write");
        assert_eq!(memory.read(address, 16).expect("read"), [9_u64.to_ne_bytes(), 8_u64.to_ne_bytes()].concat());
        assert!(memory.write(8, &[1]).is_err());
        assert!(memory.read_up_to(8, 1).is_empty());
    }
}
