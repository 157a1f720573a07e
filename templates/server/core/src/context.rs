//! The state that every generation finds as the one before it left it.

use std::fs;
use std::io;
use std::mem;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use redb::Database;

use crate::OpenError;

/// A client's connection between two requests, and what it has sent that nobody has looked at.
///
/// Plain bytes of the standard library, because this passes from one generation to the next.
pub struct Connection {
    pub stream: TcpStream,
    pub unread: Vec<u8>,
}

/// The resident state.
pub struct Context {
    pub database: Database,
    requests: AtomicU64,
    listener: TcpListener,
    parked: Mutex<Vec<Connection>>,
}

impl Context {
    /// Listens on `address` and opens (or creates) the database at `data`.
    pub fn open(address: &str, data: &Path) -> Result<Self, OpenError> {
        let listener = listen(address).map_err(|cause| OpenError::Listen {
            address: address.to_owned(),
            cause,
        })?;
        Ok(Self {
            database: open_database(data)?,
            requests: AtomicU64::new(0),
            listener,
            parked: Mutex::default(),
        })
    }

    /// Where the program listens: the real port, also when port 0 was asked for.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The listening socket for one generation. It is a duplicate: the kernel goes on queueing
    /// connections while one generation has gone and the next is not there yet.
    pub fn listener(&self) -> io::Result<TcpListener> {
        self.listener.try_clone()
    }

    /// Requests since the program started.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Keeps a connection for the next generation.
    pub fn park(&self, connection: Connection) {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        parked.push(connection);
    }

    /// The connections which the generation before left.
    pub fn take_parked(&self) -> Vec<Connection> {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut parked)
    }
}

fn listen(address: &str) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn open_database(path: &Path) -> Result<Database, OpenError> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(|cause| OpenError::Directory {
            path: directory.to_owned(),
            cause,
        })?;
    }
    Database::create(path).map_err(|cause| OpenError::Database {
        path: path.to_owned(),
        cause,
    })
}
