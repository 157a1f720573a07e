//! A program for the terminal: one module behind a loader, and a host that does there what its first argument says.

use crate::support::fixture::manifest;
use crate::support::place::Place;

/// The workspace `console`: the program `console` loads `word`, which uses `base`.
pub(crate) struct Console {
    pub(crate) place: Place,
}

impl Console {
    /// Waits for its turn. Every file is in its first state.
    pub(crate) fn new() -> Self {
        let host = manifest("console", "word = { path = \"../word\" }\n");
        let place = Place::new(
            "console",
            &[
                ("ws/Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"host\", \"word\", \"base\"]\n".into()),
                ("ws/host/Cargo.toml", host),
                ("ws/host/src/main.rs", HOST.into()),
                ("ws/word/Cargo.toml", manifest("word", "base = { path = \"../base\" }\n")),
                ("ws/word/src/lib.rs", WORD.into()),
                ("ws/base/Cargo.toml", manifest("base", "")),
                ("ws/base/src/lib.rs", "pub fn letter() -> char {\n    'o'\n}\n".into()),
            ],
        );
        Self { place }
    }

    /// Replaces `old`, which has to be in a file of the workspace, by `new`.
    #[track_caller]
    pub(crate) fn edit(&self, file: &str, old: &str, new: &str) {
        let path = self.place.root().join(file);
        let text = std::fs::read_to_string(&path).expect("a source file");
        assert!(text.contains(old), "{file} has no {old:?}");
        std::fs::write(&path, text.replacen(old, new, 1)).expect("written");
    }

    /// Makes the module say `word`.
    #[track_caller]
    pub(crate) fn say(&self, word: &str) {
        self.edit("word/src/lib.rs", "ne\")", &format!("ne {word}\")"));
    }
}

pub(crate) const WORD: &str = r#"#[unsafe(no_mangle)]
pub fn console_word() -> String {
    format!("{}{}", base::letter(), "ne")
}
"#;

pub(crate) const HOST: &str = r#"//! Says what the module says, and again after each SIGINT.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io::{IsTerminal, Write, stderr, stdin, stdout};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

unsafe extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlclose(handle: *mut c_void) -> c_int;
    fn dlerror() -> *const c_char;
    fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
    fn _exit(code: c_int) -> !;
    fn ioctl(file: c_int, request: u64, size: *mut [u16; 4]) -> c_int;
}

static OPEN: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static RELOAD: AtomicBool = AtomicBool::new(false);
static RESIZED: AtomicBool = AtomicBool::new(false);

extern "C" fn received(number: c_int) {
    match number {
        2 => RELOAD.store(true, Ordering::SeqCst),
        28 => RESIZED.store(true, Ordering::SeqCst),
        3 => unsafe { _exit(33) },
        _ => unsafe { _exit(0) },
    }
}

fn load() {
    let mut open = OPEN.lock().unwrap();
    while let Some(handle) = open.pop() {
        unsafe { dlclose(handle as *mut c_void) };
    }
    for path in std::env::var("HOTRELOAD_MODULES").unwrap().split(':') {
        let path = CString::new(path).unwrap();
        let handle = unsafe { dlopen(path.as_ptr(), 0x101) };
        assert!(!handle.is_null(), "{:?}", unsafe { CStr::from_ptr(dlerror()) });
        open.push(handle as usize);
    }
}

fn word() -> String {
    let open = OPEN.lock().unwrap();
    let function = unsafe { dlsym(*open.last().unwrap() as *mut c_void, c"console_word".as_ptr()) };
    let function: fn() -> String = unsafe { std::mem::transmute(function) };
    function()
}

/// Whether the modules stay what they are, although others are wanted.
fn is_declined() -> bool {
    std::env::var_os("DECLINED_WHILE").is_some_and(|file| std::path::Path::new(&file).exists())
}

fn size() -> [u16; 4] {
    let mut size = [0; 4];
    unsafe { ioctl(1, 0x5413, &mut size) };
    size
}

fn put(text: &str) {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).unwrap();
}

fn follow_signals() {
    loop {
        if RELOAD.swap(false, Ordering::SeqCst) {
            if is_declined() {
                put("not reloaded: not while this file is there\n");
            } else {
                load();
            }
            put(&format!("now: {}\n", word()));
        }
        if RESIZED.swap(false, Ordering::SeqCst) {
            put(&format!("size: {:?}\n", &size()[..2]));
        }
        sleep(Duration::from_millis(5));
    }
}

/// Lines in many pieces, for half a second.
fn pieces() {
    for number in 0..200 {
        for piece in ["<", "aaaa", "bbbb", "cccc"] {
            put(piece);
            sleep(Duration::from_micros(500));
        }
        put(&format!("{number}>\n<dddd"));
        put(">\n");
    }
    put("no more pieces\n");
}

/// Answers lines that are typed.
fn answer() {
    for line in stdin().lines() {
        match line.unwrap().as_str() {
            "exit" => std::process::exit(7),
            "word" => put(&format!("word: {}\n", word())),
            line => put(&format!("you said: {line}\n")),
        }
    }
    put("end of input\n");
}

fn main() {
    for number in [2, 3, 15, 28] {
        unsafe { signal(number, received) };
    }
    if std::env::var_os("DEAF_INSTANCE").is_some_and(|deaf| std::env::var_os("HOTRELOAD_INSTANCE") == Some(deaf)) {
        // SIG_IGN
        unsafe { signal(2, std::mem::transmute::<usize, extern "C" fn(c_int)>(1)) };
    }
    load();
    let kinds = [stdin().is_terminal(), stdout().is_terminal(), stderr().is_terminal()];
    put(&format!("first: {} {kinds:?} {:?}\n", word(), &size()[..2]));
    std::thread::spawn(follow_signals);
    match std::env::args().nth(1).unwrap_or_default().as_str() {
        "pieces" => pieces(),
        "answer" => answer(),
        "prompt" => put("name? "),
        "tty" => {
            let mut line = String::new();
            std::io::BufRead::read_line(&mut std::io::BufReader::new(std::fs::File::open("/dev/tty").unwrap()), &mut line).unwrap();
        }
        "colours" => eprintln!("\x1b[31mred\x1b[0m and plain"),
        _ => {}
    }
    loop {
        sleep(Duration::from_secs(1000));
    }
}
"#;
