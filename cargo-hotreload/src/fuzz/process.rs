//! What other processes say: over the control socket, in `/proc`, in the agent's variables.

use std::io::Write;
use std::mem::{offset_of, size_of};

use super::Target;
use crate::effects::agent::{Agent, mapped};
use crate::effects::control::clients::request;
use crate::effects::memory::Memory;
use crate::effects::{images, maps, probe};
use crate::patch::agent_state::{MAGIC, Region, State, VERSION};
use crate::plan::dynamic_linker::Answer;
use crate::plan::holder::Holder;
use crate::session::request;

/// However a message is cut into pieces, it says the same.
#[test]
fn requests_and_answers() {
    let corpus = [&b"\"reload\"\n"[..], b"\"status\"\n", b"\"stop\"", b"{\"done\":\"reloaded api\"}\n", ANSWER]
        .map(<[u8]>::to_vec);
    let words = ["\n", "\"status\"", "{", "[[[[[[[[", "\\ud800", "\0", "null", "-0"];
    Target { name: "control protocol", corpus: &corpus, words: &words, inputs: 5000 }.assert_survives(|bytes| {
        let whole = request(bytes, true);
        let first = (0..=bytes.len()).map(|end| request(&bytes[..end], false)).find(|said| *said != Ok(None));
        let line = bytes.contains(&b'\n');
        assert!(!line || first.is_some_and(|first| first == whole));
        let _ = serde_json::from_slice::<request::Answer>(bytes);
    });
}

const ANSWER: &[u8] = b"{\"status\":{\"state\":\"running\",\"session\":7,\"program\":9,\"reloads\":1,\"patches\":0,\"restarts\":0,\"last\":\"x\",\
    \"programs\":[{\"name\":\"api\",\"state\":\"running\",\"program\":9,\"reloads\":1,\"restarts\":0,\"last\":\"y\"}]}}\n";

#[test]
fn maps() {
    let own = std::fs::read("/proc/self/maps").expect("our own");
    let other = b"7f0-7f1 r-xp 00000000 00:00 1 /t/libhotreload-agent-0123456789abcdef.so (deleted)\n".to_vec();
    let corpus = [own, other, b"55d0c5e8f000-55d0c5e90000 r-xp 00000000 08:01 123 /a b\\012c (deleted)\n".to_vec()];
    let words = [
        " (deleted)",
        "[heap]",
        "[stack:",
        "/SYSV",
        "ffffffffffffffff-0",
        "rwxs",
        "\n",
        "-",
        ":",
        "/libhotreload-agent-",
    ];
    Target { name: "/proc/PID/maps", corpus: &corpus, words: &words, inputs: 1500 }.assert_survives(|bytes| {
        let maps = maps::read(bytes);
        let _ = probe::executable(maps.clone());
        let _ = images::side_by_side(maps.clone());
        let _ = mapped(std::process::id(), maps);
    });
}

#[test]
fn words_of_the_dynamic_linker() {
    let corpus = [
        b"\tlinux-vdso.so.1 (0x7ff)\n\tlibgone.so => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x7f)\n\t/lib64/ld.so (0x7f)\n".to_vec(),
        b"undefined symbol: a, version B\t(/w/app)\n/w/app: /w/l.so: version `C' not found (required by /w/app)\n".to_vec(),
        b"symbol a version B not defined in file l.so with link time reference\t(/w/app)\n".to_vec(),
    ];
    let words =
        ["\n", "\t", " => ", " (0x", "not found", "\t(", ")", ": version `", "' not found (required by ", "symbol "];
    Target { name: "dynamic linker", corpus: &corpus, words: &words, inputs: 5000 }.assert_survives(|bytes| {
        for (output, error) in [(bytes, bytes), (&corpus[0][..], bytes)] {
            if let Some(answer) = Answer::read(output, error) {
                assert_eq!(answer.fatal().is_empty(), answer.lacking.is_empty());
            }
        }
    });
}

#[test]
fn command_lines() {
    let own = std::fs::read("/proc/self/cmdline").expect("our own");
    let corpus = [own, b"/x/cargo-hotreload\0hotreload\0run\0--bin\0a\0".to_vec()];
    let words = ["\0", "cargo-hotreload", "hotreload", "enable", "/"];
    Target { name: "/proc/PID/cmdline", corpus: &corpus, words: &words, inputs: 2000 }.assert_survives(|bytes| {
        if let Some(holder) = Holder::new(1, bytes) {
            assert!(holder.to_string().starts_with("`cargo hotreload "));
        }
    });
}

/// A program may write over the agent's variables.
#[test]
fn the_agents_variables() {
    let pid = std::process::id();
    let mut state = vec![0; offset_of!(State, unwind)];
    let mut put = |at: usize, bytes: &[u8]| state[at..at + bytes.len()].copy_from_slice(bytes);
    put(offset_of!(State, magic), &MAGIC.to_le_bytes());
    put(offset_of!(State, version), &VERSION.to_le_bytes());
    put(offset_of!(State, pid), &pid.to_le_bytes());
    for region in [offset_of!(State, code), offset_of!(State, constants), offset_of!(State, variables)] {
        put(region + offset_of!(Region, length), &4096_u64.to_le_bytes());
    }
    assert!(size_of::<State>() > state.len());
    let corpus = [state];
    Target { name: "the agent's variables", corpus: &corpus, words: &[], inputs: 1500 }.assert_survives(|bytes| {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("written");
        let Ok(Ok(agent)) = Agent::read(pid, Memory::of(file), 0) else { return };
        assert_eq!(agent.pid(), pid);
        let _ = (agent.presence(), agent.count_there());
    });
}
