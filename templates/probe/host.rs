//! Stands for the program: opens the module, calls it, closes it, and prints what the kernel says is still mapped.
//!
//! Arguments: the module, the group. Prints `ANSWER MODULE GROUP`, the last two as `mapped` or `gone`.

use std::env::args;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fs::read_to_string;
use std::process::ExitCode;

const RTLD_NOW: c_int = 0x002;
const RTLD_GLOBAL: c_int = 0x100;

unsafe extern "C" {
    fn dlopen(file: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
    fn dlclose(handle: *mut c_void) -> c_int;
    fn dlerror() -> *const c_char;
}

fn main() -> ExitCode {
    let arguments: Vec<String> = args().skip(1).collect();
    match probe(&arguments[0], &arguments[1]) {
        Ok(seen) => {
            println!("{seen}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn probe(module: &str, group: &str) -> Result<String, String> {
    let file = CString::new(module).map_err(|error| error.to_string())?;
    // SAFETY: the strings end in NUL, and the function has the signature that module.rs gives it. Nothing of the
    // module is used after `dlclose`.
    let answer = unsafe {
        let handle = dlopen(file.as_ptr(), RTLD_NOW | RTLD_GLOBAL);
        if handle.is_null() {
            return Err(last_error("dlopen"));
        }
        let entry = dlsym(handle, c"hotreload_probe_answer".as_ptr());
        if entry.is_null() {
            return Err(last_error("dlsym"));
        }
        let entry: extern "C" fn() -> usize = std::mem::transmute(entry);
        let answer = entry();
        if state(module)? == "gone" {
            return Err(format!("`{module}` was opened, but /proc/self/maps does not show it"));
        }
        if dlclose(handle) != 0 {
            return Err(last_error("dlclose"));
        }
        answer
    };
    Ok(format!("{answer} {} {}", state(module)?, state(group)?))
}

/// Whether the kernel still has `file` mapped. Names are compared, as the kernel's path has no symbolic links.
fn state(file: &str) -> Result<&'static str, String> {
    let name = &file[file.rfind('/').unwrap_or_default()..];
    let maps = read_to_string("/proc/self/maps").map_err(|error| format!("cannot read /proc/self/maps: {error}"))?;
    Ok(if maps.lines().any(|line| line.ends_with(name)) { "mapped" } else { "gone" })
}

fn last_error(call: &str) -> String {
    // SAFETY: `dlerror` returns NULL or a string that ends in NUL and stays until the next call.
    let message = unsafe {
        let message = dlerror();
        if message.is_null() { "no message".into() } else { CStr::from_ptr(message).to_string_lossy().into_owned() }
    };
    format!("{call}: {message}")
}
