//! What is read from others, on input that nobody would write: real files, damaged in every way.
//!
//! Each target takes a few hundred inputs from a fixed seed; with `FUZZ_SECONDS` in the environment, it takes new ones
//! for so long (`ci/bench.sh fuzz SECONDS`). A panic is a failure and tells the seed, with which `FUZZ_SEED` makes the
//! same input again.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime};

use damage::{Damage, Dice};

mod cargo;
mod corpus;
mod damage;
mod files;
mod objects;
mod process;

/// The longest that an input may take, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Something that reads.
struct Target<'a> {
    name: &'a str,
    /// What is damaged.
    corpus: &'a [Vec<u8>],
    /// Words of its language, which are put in as well.
    words: &'a [&'a str],
    /// How many inputs are tried where no time is given.
    inputs: u64,
}

impl Target<'_> {
    /// Has `read` read one input after the other; panics if that panics, or takes for ever.
    fn assert_survives(&self, read: impl Fn(&[u8])) {
        let seconds = number("FUZZ_SECONDS");
        let deadline = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let since_epoch = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let only = number("FUZZ_SEED");
        let first = only.unwrap_or(if seconds.is_some() { since_epoch.as_secs() << 32 } else { 1 });
        let mut tried = 0;
        loop {
            let seed = first.wrapping_add(tried);
            let input = Damage { corpus: self.corpus, words: self.words }.input(&mut Dice::new(seed));
            let begun = Instant::now();
            let outcome = catch_unwind(AssertUnwindSafe(|| read(&input)));
            let shown = || {
                format!("{}: seed {seed}: {:?}", self.name, String::from_utf8_lossy(&input[..input.len().min(2000)]))
            };
            assert!(outcome.is_ok(), "{}", shown());
            assert!(begun.elapsed() < PATIENCE, "it took {:?}: {}", begun.elapsed(), shown());
            tried += 1;
            if only.is_some() || deadline.map_or(tried >= self.inputs, |deadline| Instant::now() >= deadline) {
                break;
            }
        }
        println!("{}: {tried} inputs, 0 crashes", self.name);
    }
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

#[test]
fn a_crash_is_told_with_its_seed() {
    let corpus = [b"[package]\n".to_vec()];
    let survives = |read: fn(&[u8])| {
        let target = Target { name: "itself", corpus: &corpus, words: &["word"], inputs: 200 };
        catch_unwind(AssertUnwindSafe(|| target.assert_survives(read)))
            .map_err(Box::<dyn std::any::Any + Send>::downcast::<String>)
    };
    assert!(survives(|_| ()).is_ok());
    let told = survives(|bytes| assert!(!bytes.windows(4).any(|window| window == b"word")));
    let told = told.expect_err("one of the inputs has it").expect("a message");
    assert!(told.starts_with("itself: seed ") && told.contains("word"), "{told}");
}
