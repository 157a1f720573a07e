//! Panics and backtraces through patched code.

use cargo_hotreload::patch::agent_state::{CAPACITY, Region, SLOT};

use super::patch;
use crate::support::patched::{Patched, Program};
use crate::support::unwind_table::tables;

/// `sub rsp, 8; call rdi; add rsp, 8; ret`
const CALLING: &[u8] = &[0x48, 0x83, 0xec, 0x08, 0xff, 0xd7, 0x48, 0x83, 0xc4, 0x08, 0xc3];

#[test]
fn a_panic_goes_through_patched_code() {
    for flags in [&[][..], &["-Crelocation-model=static"]] {
        let program = Program::compile("panics.rs", flags).start(&[]);
        assert_eq!(program.started.ask(""), "returned 1");
        // The second patch's table is looked for among two.
        for slot in [0, 3] {
            let mut placed = program.redirect("through", slot, CALLING);
            let code = Region { start: program.slot(slot), length: CALLING.len() as u64 };
            let (table, unwind) = tables(program.agent.constants().start + 0x100 * slot, code);
            placed.writes.push(table);
            placed.unwind = Some(unwind);
            patch(&program, &placed);
            assert_eq!(program.started.ask(""), "main is in the backtrace");
            let dropped = program.started.line();
            assert!(dropped.starts_with("caught "), "{dropped}");
        }
        assert_eq!(program.agent.count_there().expect("readable"), 2);
    }
}

fn listed(program: &Patched) -> Vec<String> {
    program.started.tell("list");
    std::iter::repeat_with(|| program.started.line()).take_while(|line| line != "end 7").collect()
}

#[test]
fn slots_are_listed_from_the_begin_and_their_tables_when_they_are_there() {
    let program = Program::compile("objects.c", &[]).start(&[]);
    let directory = program.program.patches();
    let line = |slot: u64, table: u64| {
        let start = program.slot(slot);
        format!("{}/{slot} {start:x} {:x} {table:x}", directory.display(), start + SLOT)
    };
    let before = listed(&program);
    assert_eq!(before.len(), CAPACITY);
    assert_eq!([&before[0], &before[CAPACITY - 1]], [&line(0, 0), &line(CAPACITY as u64 - 1, 0)]);

    // The first has less than a slot of code, the second one more.
    let constants = program.agent.constants().start;
    for (slot, length) in [(2, 0x100), (5, SLOT + 0x100)] {
        let code = Region { start: program.slot(slot), length };
        let (table, unwind) = tables(constants + slot * 0x100, code);
        let placed = cargo_hotreload::patch::placed::Placed {
            writes: vec![table],
            unwind: Some(unwind),
            ..cargo_hotreload::patch::placed::Placed::default()
        };
        patch(&program, &placed);
    }
    let after = listed(&program);
    let changed: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
    let (first, second) = (constants + 0x200, constants + 0x500);
    assert_eq!(changed, [&line(2, first), &line(5, second), &line(6, second)]);

    let find = |address: u64| program.started.ask(&format!("find {address:x}"));
    let (from, other) = (program.slot(2), program.slot(5));
    assert_eq!(find(from), format!("{from:x} {:x} {first:x}", from + 0x100));
    assert_eq!(find(from + 0xff), find(from));
    assert_eq!(find(other + SLOT), format!("{other:x} {:x} {second:x}", other + SLOT + 0x100));
    for nowhere in [from - 1, from + 0x100, program.slot(4095) + SLOT - 1] {
        assert_eq!(find(nowhere), "none", "{nowhere:x}");
    }
    let own = find(program.symbol("main"));
    assert!(own != "none" && !own.is_empty());
}
