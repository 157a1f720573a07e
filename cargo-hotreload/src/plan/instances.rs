//! Which processes a session runs: so many of each program.

use crate::workspace::graph::HostIndex;

/// Tells a process which one of its program's instances it is, counted from 1.
pub const VARIABLE: &str = "HOTRELOAD_INSTANCE";

/// A process of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// What it is called: as its program, with a number where there are several of that.
    pub name: String,
    /// Its program.
    pub host: HostIndex,
    /// Which one of its program's it is, counted from 1.
    pub number: u32,
}

/// `each` instances of every program of `names`.
#[must_use]
pub fn instances<'name>(names: impl IntoIterator<Item = &'name str>, each: u32) -> Vec<Instance> {
    let of_host = |(host, name): (HostIndex, &str)| {
        let one = |number| Instance {
            name: if each == 1 { name.to_owned() } else { format!("{name}#{number}") },
            host,
            number,
        };
        (1..=each).map(one).collect::<Vec<_>>()
    };
    names.into_iter().enumerate().flat_map(of_host).collect()
}

/// The name that stands twice among `names`: one process of it would be taken for the other.
#[must_use]
pub fn repeated<'name>(names: &[&'name str]) -> Option<&'name str> {
    names.iter().enumerate().find(|(index, name)| names[..*index].contains(name)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::{instances, repeated};

    fn all(names: &[&str], each: u32) -> Vec<(String, usize, u32)> {
        let all = instances(names.iter().copied(), each).into_iter();
        all.map(|instance| (instance.name, instance.host, instance.number)).collect()
    }

    #[test]
    fn every_program_has_as_many_and_names_are_no_longer_than_they_need() {
        assert_eq!(all(&["api"], 1), [("api".into(), 0, 1)]);
        assert_eq!(all(&["api", "worker"], 1), [("api".into(), 0, 1), ("worker".into(), 1, 1)]);
        assert_eq!(
            all(&["api", "worker"], 2),
            [("api#1".into(), 0, 1), ("api#2".into(), 0, 2), ("worker#1".into(), 1, 1), ("worker#2".into(), 1, 2)]
        );
    }

    #[test]
    fn a_program_that_is_named_twice_is_found() {
        assert_eq!(repeated(&["a", "b", "a"]), Some("a"));
        assert_eq!(repeated(&["a", "b"]), None);
    }
}
