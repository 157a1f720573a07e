//! Requests to a server on this machine.

use std::time::Duration;

use anyhow::Result;
use ureq::Agent;

/// A client of the server at one address. Each request has a connection of its own.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    address: String,
}

impl Client {
    /// A client of `http://ADDRESS`, whatever proxy the environment names.
    #[must_use]
    pub fn new(address: &str) -> Self {
        let config = Agent::config_builder()
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(5)))
            .max_idle_connections(0)
            .build();
        Self { agent: config.into(), address: address.to_owned() }
    }

    /// The body of the page at `path`.
    pub fn get(&self, path: &str) -> Result<String> {
        Ok(self.agent.get(format!("http://{}{path}", self.address)).call()?.body_mut().read_to_string()?)
    }

    /// Posts `body` to `path` and returns the answer's body.
    pub fn post(&self, path: &str, body: &str) -> Result<String> {
        Ok(self.agent.post(format!("http://{}{path}", self.address)).send(body)?.body_mut().read_to_string()?)
    }
}
