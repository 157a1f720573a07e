//! The keys that a manifest can have, and how the value of each is read.

use crate::config::Layer;
use crate::config::manifest::{Entry, Reader};
use crate::config::values::{Features, SignalName, Wanted};
use crate::error::ErrorKind;

/// A setting.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// What its value has to be.
    pub(super) expected: &'static str,
    /// A value as one writes it.
    pub(super) example: &'static str,
    pub(super) read: fn(&Reader<'_>, Entry<'_>, &mut Layer) -> Result<(), ErrorKind>,
}

pub(super) const KEYS: [Key; 15] = [
    Key {
        name: "bin",
        expected: "the name of a binary or a list of them",
        example: "\"server\"",
        read: |reader, entry, layer| {
            let names = if entry.item.is_array() { reader.words(entry)? } else { vec![reader.word(entry)?] };
            reader.set(&mut layer.hosts, entry, names.into_iter().map(Wanted::Binary).collect())
        },
    },
    Key {
        name: "features",
        expected: "a list of features",
        example: "[\"metrics\"]",
        read: |reader, entry, layer| {
            let features = Features { names: reader.words(entry)?, ..Features::default() };
            reader.set(&mut layer.features, entry, features)
        },
    },
    Key {
        name: "profile",
        expected: "the name of a profile",
        example: "\"dev\"",
        read: |reader, entry, layer| reader.set(&mut layer.profile, entry, reader.word(entry)?),
    },
    Key {
        name: "exclude",
        expected: "a list of packages",
        example: "[\"my-macros-support\"]",
        read: |reader, entry, layer| reader.set(&mut layer.exclude, entry, reader.words(entry)?),
    },
    Key {
        name: "linker",
        expected: "the name of a linker",
        example: "\"auto\"",
        read: |reader, entry, layer| reader.set(&mut layer.linker, entry, reader.choice(entry)?),
    },
    Key {
        name: "toolchain",
        expected: "rustup's name of a nightly",
        example: "\"nightly-2026-05-19\"",
        read: |reader, entry, layer| reader.set(&mut layer.toolchain, entry, reader.word(entry)?),
    },
    Key {
        name: "target-dir",
        expected: "a path as seen from the workspace root",
        example: "\"target/hotreload\"",
        read: |reader, entry, layer| reader.set(&mut layer.target_dir, entry, Some(reader.path(entry)?)),
    },
    Key {
        name: "reload-signal",
        expected: "the name or number of a signal",
        example: "\"USR1\"",
        read: |reader, entry, layer| {
            let signal = reader.signal(entry, SignalName::reload)?;
            reader.set(&mut layer.reload_signal, entry, signal)
        },
    },
    Key {
        name: "stop-signal",
        expected: "the name or number of a signal",
        example: "\"QUIT\"",
        read: |reader, entry, layer| {
            let signal = reader.signal(entry, SignalName::stop)?;
            reader.set(&mut layer.stop_signal, entry, signal)
        },
    },
    Key {
        name: "args",
        expected: "a list of arguments",
        example: "[\"--port\", \"8080\"]",
        read: |reader, entry, layer| reader.set(&mut layer.args, entry, reader.arguments(entry)?),
    },
    Key {
        name: "env",
        expected: "a table of variables",
        example: "{ RUST_LOG = \"debug\" }",
        read: |reader, entry, layer| reader.set(&mut layer.env, entry, reader.variables(entry)?),
    },
    Key {
        name: "debounce",
        expected: "a number of milliseconds",
        example: "30",
        read: |reader, entry, layer| reader.set(&mut layer.debounce, entry, reader.debounce(entry)?),
    },
    Key {
        name: "strategy",
        expected: "the name of a strategy",
        example: "\"auto\"",
        read: |reader, entry, layer| reader.set(&mut layer.strategy, entry, reader.choice(entry)?),
    },
    Key {
        name: "instances",
        expected: "a number of processes",
        example: "3",
        read: |reader, entry, layer| reader.set(&mut layer.instances, entry, reader.instances(entry)?),
    },
    Key {
        name: "on-stuck",
        expected: "`restart` or `warn`",
        example: "\"warn\"",
        read: |reader, entry, layer| reader.set(&mut layer.on_stuck, entry, reader.choice(entry)?),
    },
];

pub(super) fn known(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}
