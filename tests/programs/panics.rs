//! Calls back through a function that is replaced while this runs. Each line on standard input is answered by what came
//! of the call.

use std::cell::Cell;
use std::io::{BufRead, stdin};
use std::panic::{catch_unwind, set_hook};

thread_local! {
    static DROPPED: Cell<u32> = const { Cell::new(0) };
}

struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        DROPPED.set(DROPPED.get() + 1);
    }
}

#[unsafe(no_mangle)]
#[inline(never)]
extern "C-unwind" fn through(_callback: extern "C-unwind" fn()) {
    std::hint::black_box(());
}

extern "C-unwind" fn panics() {
    let _guard = Guard;
    panic!("on purpose");
}

fn main() {
    set_hook(Box::new(|_| {
        let backtrace = std::backtrace::Backtrace::force_capture().to_string();
        println!("main is {}", if backtrace.contains("panics::main") { "in the backtrace" } else { "lost" });
    }));
    println!("ready");
    for _ in stdin().lock().lines() {
        let caught = catch_unwind(|| {
            let _guard = Guard;
            through(panics);
        });
        println!("{} {}", if caught.is_err() { "caught" } else { "returned" }, DROPPED.get());
    }
}
