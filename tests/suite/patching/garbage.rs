//! A program that writes over what the agent has in it.

use std::mem::offset_of;

use cargo_hotreload::effects::patching::{Refusal, apply};
use cargo_hotreload::patch::agent_state::{Region, State, Unwind};
use cargo_hotreload::patch::placed::{Placed, Write};

use super::patch;
use crate::support::patched::{Patched, Program, returning};

/// Where the variable is that is `offset` behind the begin of the agent's.
fn address(program: &Patched, offset: usize) -> u64 {
    program.agent.count_address() - offset_of!(State, count) as u64 + offset as u64
}

/// `placed` with an entry for unwinders, as every patch of compiled code has one.
fn unwound(program: &Patched, slot: u64, placed: Placed) -> Placed {
    let code = Region { start: program.slot(slot), length: 6 };
    Placed { unwind: Some(Unwind { code, header: program.agent.constants().start }), ..placed }
}

/// What matters is not believed, and what cannot be is told as that: the program goes on as it was.
#[test]
fn what_the_program_writes_over_is_not_believed() {
    let program = Program::compile("states.c", &[]).start(&["plain"]);
    let memory = program.agent.memory();
    patch(&program, &unwound(&program, 0, program.redirect("answer", 0, &returning(2))));
    let next = unwound(&program, 1, program.redirect("answer", 1, &returning(3)));
    let refused = |field: usize, garbage: &[u64]| {
        let bytes: Vec<u8> = garbage.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let before = memory.read(address(&program, field), bytes.len()).expect("the agent's variables");
        memory.write(address(&program, field), &bytes).expect("written");
        let refusal = apply(&program.agent, &next).expect_err("it is not as it was");
        assert!(matches!(refusal, Refusal::Overwritten), "{garbage:x?}: {refusal}");
        assert_eq!(program.started.ask("call"), "2");
        memory.write(address(&program, field), &before).expect("written");
    };
    for garbage in [0, 2, 4096, 4097, u64::MAX] {
        refused(offset_of!(State, count), &[garbage]);
    }
    for garbage in [[0, 0], [u64::MAX, u64::MAX], [program.slot(0), u64::MAX], [program.slot(0) - 1, 6]] {
        refused(offset_of!(State, unwind), &garbage);
    }
    // Nothing of this is read again.
    for field in [
        offset_of!(State, code),
        offset_of!(State, constants),
        offset_of!(State, variables),
        offset_of!(State, thread_locals),
        offset_of!(State, thread_creation),
        offset_of!(State, thread_locals_image),
        offset_of!(State, debugger),
    ] {
        memory.write(address(&program, field), &[0x5a; 8]).expect("written");
    }
    let local = Write { address: 0, bytes: vec![7; 16] };
    patch(&program, &Placed { thread_locals: vec![local], ..next.clone() });
    assert_eq!(program.started.ask("call"), "3");
    memory.write(address(&program, offset_of!(State, magic)), &[0; 8]).expect("written");
    let refusal = apply(&program.agent, &program.redirect("answer", 2, &returning(4))).expect_err("the agent is gone");
    assert!(matches!(refusal, Refusal::Overwritten), "{refusal}");
    assert_eq!(program.started.ask("call"), "3");
}
