//! The process as it is when it starts.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use object::Endianness;
use object::elf::PT_LOAD;
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use procfs::process::Process;

use crate::effects::agent::{Agent, Missing};
use crate::effects::maps::{self, Named};
use crate::patch::agent_state::DIRECTORY_VARIABLE;

/// How long a program may take to run its constructors.
const READY_DEADLINE: Duration = Duration::from_secs(10);
const READY_INTERVAL: Duration = Duration::from_millis(2);

/// Waits until the agent is ready.
pub(super) fn ready_agent(pid: u32) -> Result<Agent> {
    let deadline = Instant::now() + READY_DEADLINE;
    loop {
        match Agent::find(pid) {
            // While the dynamic linker works, the agent may be mapped in parts, of which not all can be read.
            Err(missing @ (Missing::NotReady { .. } | Missing::NotLoaded { .. } | Missing::NotPermitted { .. }))
                if Instant::now() < deadline && may_come(&missing) =>
            {
                sleep(READY_INTERVAL);
            }
            found => return Ok(found?),
        }
    }
}

/// Whether the agent may come although it is `missing`: not into a program that was started without it, by the one that we
/// have started and in its process (`execve`).
fn may_come(missing: &Missing) -> bool {
    let Missing::NotLoaded { pid, .. } = missing else { return true };
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return true };
    let is_ours = |variable: &[u8]| variable.starts_with(DIRECTORY_VARIABLE.as_bytes());
    environment.is_empty() || environment.split(|byte| *byte == 0).any(is_ours)
}

/// How many bytes above the addresses that it was linked for the executable of the process `pid` is.
pub(super) fn bias(pid: u32, executable: &[u8]) -> Result<u64> {
    let process = Process::new(pid.cast_signed()).context("the program has ended")?;
    let path = process.exe().context("the program has ended")?;
    let maps = maps::of(pid).context("the program has ended")?;
    let executable_file = Some(Named::read(path.as_os_str().as_bytes()));
    let first = maps.into_iter().find(|map| map.offset == 0 && map.file == executable_file);
    let begin = first.context("the executable is not mapped")?.addresses.start;
    Ok(begin.wrapping_sub(linked_begin(executable)?))
}

/// The address that the begin of the executable was linked for.
fn linked_begin(executable: &[u8]) -> Result<u64> {
    let elf = ElfFile64::<Endianness>::parse(executable).context("this is no ELF executable")?;
    let endian = elf.endian();
    let headers = elf.elf_header().program_headers(endian, elf.data()).context("the program headers are cut off")?;
    let first = headers.iter().find(|header| header.p_type(endian) == PT_LOAD && header.p_offset(endian) == 0);
    Ok(first.context("the executable is loaded without its begin")?.p_vaddr(endian))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use super::{READY_DEADLINE, ready_agent};

    #[test]
    fn a_program_that_was_started_without_the_agent_is_not_waited_for() {
        let mut child =
            Command::new("cat").stdin(Stdio::piped()).env("SOME", "environment").spawn().expect("it starts");
        let began = Instant::now();
        let error = ready_agent(child.id()).expect_err("it has none");
        assert!(error.to_string().contains("replaced itself by another program"), "{error:#}");
        assert!(began.elapsed() < READY_DEADLINE);
        drop(child.stdin.take());
        child.wait().expect("our child");
    }
}
