//! Why the resident state could not be opened: what went wrong, a command that helps, an exit code.

use std::fmt;
use std::io;
use std::path::PathBuf;

use redb::DatabaseError;

const OTHER_ADDRESS: &str = "LISTEN=127.0.0.1:0";
const OTHER_DATA: &str = "DATA=/tmp/{{name}}.redb";

/// `Display` gives the cause on the first line and a `help:` on the second.
#[derive(Debug)]
pub enum OpenError {
    Listen { address: String, cause: io::Error },
    Directory { path: PathBuf, cause: io::Error },
    Database { path: PathBuf, cause: DatabaseError },
}

impl OpenError {
    /// The `errno` of what is in use, so that a script can tell these two from any other failure.
    pub fn exit_code(&self) -> u8 {
        const ADDRESS_IN_USE: u8 = 98;
        const DEVICE_OR_RESOURCE_BUSY: u8 = 16;
        match self {
            Self::Listen { cause, .. } if address_in_use(cause) => ADDRESS_IN_USE,
            Self::Database { cause, .. } if locked(cause) => DEVICE_OR_RESOURCE_BUSY,
            Self::Listen { .. } | Self::Directory { .. } | Self::Database { .. } => 1,
        }
    }

    /// A command that works where this did not.
    fn help(&self) -> String {
        let setting = match self {
            Self::Listen { .. } => OTHER_ADDRESS,
            Self::Directory { .. } | Self::Database { .. } => OTHER_DATA,
        };
        let command = match cfg!(hotreload) {
            true => "cargo hotreload run",
            false => "cargo run",
        };
        format!("`{setting} {command}`")
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, cause } if address_in_use(cause) => {
                write!(f, "cannot listen on {address}: address already in use")
            }
            Self::Listen { address, cause } => write!(f, "cannot listen on {address}: {cause}"),
            Self::Directory { path, cause } => {
                write!(f, "cannot create the directory {}: {cause}", path.display())
            }
            Self::Database { path, cause } if locked(cause) => {
                let path = path.display();
                write!(f, "cannot open the database {path}: it is open elsewhere")
            }
            Self::Database { path, cause } => {
                write!(f, "cannot open the database {}: {cause}", path.display())
            }
        }?;
        write!(f, "\nhelp: {}", self.help())
    }
}

impl std::error::Error for OpenError {}

fn address_in_use(cause: &io::Error) -> bool {
    cause.kind() == io::ErrorKind::AddrInUse
}

fn locked(cause: &DatabaseError) -> bool {
    matches!(cause, DatabaseError::DatabaseAlreadyOpen)
}
