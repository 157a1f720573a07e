//! The server's answers over HTTP, and free ports.

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use ureq::Agent;

/// What `GET /` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) greeting: String,
    pub(crate) pid: u32,
    pub(crate) requests: u64,
    pub(crate) notes: u64,
}

/// Asks one server; every request has a connection of its own.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    agent: Agent,
    base: String,
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        let config = Agent::config_builder()
            .proxy(None)
            .timeout_global(Some(Duration::from_mins(2)))
            .max_idle_connections(0)
            .http_status_as_error(false)
            .build();
        Self { agent: config.into(), base: format!("http://127.0.0.1:{port}") }
    }

    /// `GET` of `path`.
    pub(crate) fn get(&self, path: &str) -> Result<String, ureq::Error> {
        self.agent.get(format!("{}{path}", self.base)).call()?.body_mut().read_to_string()
    }

    /// Adds a note and returns the answer.
    #[track_caller]
    pub(crate) fn add_note(&self, text: &str) -> String {
        let answer = self.agent.post(format!("{}/notes", self.base)).send(text);
        answer.and_then(|mut answer| answer.body_mut().read_to_string()).expect("POST /notes")
    }

    /// `GET /`; panics if the server does not answer.
    #[track_caller]
    pub(crate) fn page(&self) -> Page {
        let text = self.get("/").expect("GET /");
        page(&text).unwrap_or_else(|| panic!("not the page of the template: {text}"))
    }
}

fn page(text: &str) -> Option<Page> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Some(Page {
        greeting: text.lines().next()?.to_owned(),
        pid: field("pid")?.parse().ok()?,
        requests: field("requests")?.parse().ok()?,
        notes: field("notes")?.parse().ok()?,
    })
}

/// A port on which nobody listens. Below those that the kernel gives to clients: a client that asks such a port while
/// the server is being restarted could be connected to itself.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(process::id() % 5_000).unwrap_or_default();
    let candidates = (0..10_000).map(|_| 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    candidates.into_iter().find(is_free).expect("a free port")
}
