//! The load: clients that ask all the time, and know what the answer has to be.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::soak::Way;
use crate::soak::answer::Seen;
use crate::soak::history::History;
use crate::soak::http::{Connection, Keep};
use crate::soak::random::Random;

/// Between two requests of a client: so the compiler gets something of the processors, too.
const PAUSE: Duration = Duration::from_millis(4);
/// One of so many requests is for the greeting.
const GREETINGS: usize = 8;
/// So many faults are kept.
const KEPT: usize = 5;

/// Clients that ask.
#[derive(Debug)]
pub(crate) struct Clients {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Asked>>,
}

/// What clients asked for, and what they got.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Answers of all libraries.
    pub(crate) answers: u64,
    /// Greetings.
    pub(crate) greetings: u64,
    /// Requests without an answer.
    pub(crate) failed: u64,
    /// Answers that were neither the old nor the new one.
    pub(crate) wrong: u64,
    /// The first few of both.
    pub(crate) faults: Vec<String>,
    /// The longest that a request took.
    pub(crate) slowest: Duration,
}

/// One who asks.
#[derive(Debug)]
pub(crate) struct Client {
    connection: Connection,
    history: Arc<History>,
    pub(crate) seen: Seen,
    pub(crate) asked: Asked,
}

impl Clients {
    /// Starts `count` clients.
    pub(crate) fn start(count: usize, address: SocketAddr, history: &Arc<History>) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let start = |number: usize| {
            let mut client = Client::new(address, history);
            let stop = Arc::clone(&stop);
            let ask = move || {
                let mut random = Random::new(number as u64);
                while !stop.load(Ordering::Relaxed) {
                    if random.below(GREETINGS) == 0 {
                        client.greet();
                    } else {
                        client.ask(random.next() % 1000);
                    }
                    thread::sleep(PAUSE);
                }
                client.asked
            };
            thread::Builder::new().name(format!("client {number}")).spawn(ask)
        };
        let threads = (0..count).map(start).collect::<Result<_, _>>()?;
        Ok(Self { stop, threads })
    }

    /// Lets all of them finish.
    pub(crate) fn stop(self) -> Asked {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Asked::default();
        for thread in self.threads {
            match thread.join() {
                Ok(asked) => all.add(asked),
                Err(_) => all.fault(true, "a client panicked".to_owned()),
            }
        }
        all
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr, history: &Arc<History>) -> Self {
        // With its modules the server closes connections that wait for another request.
        let keep = if history.way == Way::Modules { Keep::Once } else { Keep::Open };
        Self {
            connection: Connection::to(address, keep),
            history: Arc::clone(history),
            seen: Seen::default(),
            asked: Asked::default(),
        }
    }

    /// Asks all libraries for `number`. Whether the answer is that of the newest state.
    pub(crate) fn ask(&mut self, number: u64) -> bool {
        let live = self.history.live();
        let Some(body) = self.get(&format!("/soak/{number}")) else { return false };
        self.asked.answers += 1;
        let allowed = self.history.since(live);
        if let Err(why) = self.seen.check(&body, number, &allowed, self.history.way) {
            self.asked.fault(false, why);
        }
        let newest = allowed.last().map(|newest| newest.layers.iter().map(|layer| layer.says(number)));
        let lines = body.lines().skip(1);
        newest.is_some_and(|newest| newest.zip(lines).all(|(says, line)| line.starts_with(&says)))
    }

    /// Asks for the greeting. Whether it is that of the newest state.
    pub(crate) fn greet(&mut self) -> bool {
        let live = self.history.live();
        let Some(body) = self.get("/") else { return false };
        self.asked.greetings += 1;
        let allowed = self.history.since(live);
        let greeting = body.lines().next().unwrap_or_default();
        if !allowed.iter().any(|state| state.greeting() == greeting) {
            self.asked.fault(false, format!("`{greeting}` is no greeting that was saved"));
        }
        allowed.last().is_some_and(|state| state.greeting() == greeting)
    }

    fn get(&mut self, path: &str) -> Option<String> {
        let began = Instant::now();
        let got = self.connection.get(path);
        self.asked.slowest = self.asked.slowest.max(began.elapsed());
        got.map_err(|error| self.asked.fault(true, format!("{error:#}"))).ok()
    }
}

impl Asked {
    fn fault(&mut self, is_failure: bool, why: String) {
        *(if is_failure { &mut self.failed } else { &mut self.wrong }) += 1;
        if self.faults.len() < KEPT {
            self.faults.push(why);
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.answers += other.answers;
        self.greetings += other.greetings;
        self.failed += other.failed;
        self.wrong += other.wrong;
        self.slowest = self.slowest.max(other.slowest);
        self.faults.extend(other.faults);
        self.faults.truncate(KEPT);
    }
}
