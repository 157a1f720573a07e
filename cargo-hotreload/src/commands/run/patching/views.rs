//! What the running code was made of, so that it can be told who sees an edit.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::time::SystemTime;

use crate::commands::run::patching::sources::Sources;
use crate::effects::overlooked;
use crate::patch::rustc::plan::Seen;
use crate::patch::rustc::recorded::{Key, Kind, Recorded};
use crate::patch::rustc::units::Units;
use crate::patch::view::{self, Callers, Crate, Known, View};

/// The syntax of crates, reduced to what decides who sees an edit.
#[derive(Debug, Default)]
pub(super) struct Views(BTreeMap<Key, Syntax>);

/// That of one crate.
#[derive(Debug, Clone)]
pub(super) struct Syntax {
    /// A hash of the files that it was read from.
    texts: u64,
    read: Crate,
}

/// What an edit of a crate comes to.
#[derive(Debug)]
pub(super) struct Edited {
    /// Who has to be compiled at once; `None` if the same code comes out.
    pub(super) seen: Option<Seen>,
    /// Whether callers tell old lines until cargo has built everything.
    pub(super) callers_follow: bool,
    /// The crate as it is now, if it can be read.
    pub(super) now: Option<Syntax>,
}

impl Views {
    /// Reads the crates `units`, whose code was compiled in a build that began at `began`: what was saved later is not what
    /// runs. What says the same as in `earlier` is not read again.
    pub(super) fn read<'unit>(
        units: impl Iterator<Item = &'unit Recorded>,
        sources: &Sources,
        began: SystemTime,
        earlier: &Self,
    ) -> Self {
        let is_old = |path: &PathBuf| overlooked::changed_at(path).is_ok_and(|saved| saved < began);
        let read = |unit: &Recorded| {
            let (key, files) = (unit.key(), sources.files_of(&unit.key()));
            if files.is_empty() || !files.iter().all(is_old) {
                return None;
            }
            let syntax = Syntax::read(&texts(unit, &files), earlier.0.get(&key))?;
            files.iter().all(is_old).then_some((key, syntax))
        };
        Self(units.filter_map(read).collect())
    }

    /// What came of the edit of `unit`.
    pub(super) fn edited(&self, unit: &Recorded, sources: &Sources, units: &Units) -> Edited {
        let before = self.0.get(&unit.key());
        let now = Syntax::read(&texts(unit, &sources.files_of(&unit.key())), before);
        let callers = callers(unit, units);
        let view = before.zip(now.as_ref()).map(|(before, now)| before.read.compare(&now.read, callers));
        let callers_follow = view.as_ref().is_some_and(View::is_of_lines) && can_follow(unit, units);
        let seen = match view {
            Some(View::Nothing) => None,
            Some(View::Masked | View::MaskedIfLayoutsSame { .. }) => Some(Seen::ByNobody),
            None if callers == Callers::None => Some(Seen::ByNobody),
            Some(_) if callers_follow => Some(Seen::ByNobody),
            Some(View::Visible { .. } | View::Unparsable { .. }) | None => Some(Seen::ByCallers),
        };
        Edited { seen, callers_follow, now }
    }

    /// These crates are made of something else now.
    pub(super) fn update(&mut self, now: impl IntoIterator<Item = (Key, Option<Syntax>)>) {
        for (key, read) in now {
            match read {
                Some(read) => drop(self.0.insert(key, read)),
                None => drop(self.0.remove(&key)),
            }
        }
    }
}

impl Syntax {
    /// That of a crate with these `sources`, of which `known` may be the syntax. `None` if they cannot be parsed.
    fn read(sources: &view::Sources, known: Option<&Self>) -> Option<Self> {
        let mut hasher = DefaultHasher::new();
        sources.hash(&mut hasher);
        let texts = hasher.finish();
        match known.filter(|known| known.texts == texts) {
            Some(known) => Some(known.clone()),
            None => Some(Self { texts, read: Crate::read(sources, &Known::default()).ok()? }),
        }
    }
}

fn texts(unit: &Recorded, files: &[PathBuf]) -> view::Sources {
    let text = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap_or_default();
        (path.clone(), String::from_utf8_lossy(&bytes).into_owned())
    };
    view::Sources { root: unit.source_file(), files: files.iter().map(text).collect() }
}

/// Whether the code of all who hold some of `unit` can be had from cargo's build, and be put into the program then:
/// optimised code may be running, and of programs only rustc's cache has any.
fn can_follow(unit: &Recorded, units: &Units) -> bool {
    let mut others = units.above([unit.key()]);
    others.remove(&unit.key());
    let is_known = |unit: &Recorded| unit.kind() == Kind::Library || unit.incremental.is_some();
    callers(unit, units) == Callers::Unoptimized && others.iter().filter_map(|key| units.get(key)).all(is_known)
}

/// Who holds code of `unit`.
fn callers(unit: &Recorded, units: &Units) -> Callers {
    let is_plain = |unit: &Recorded| matches!(unit.opt_level.as_deref(), None | Some("0"));
    let others = units.above([unit.key()]);
    let mut others = others.iter().filter_map(|key| units.get(key));
    match () {
        () if unit.kind() == Kind::Program => Callers::None,
        () if is_plain(unit) && others.all(is_plain) => Callers::Unoptimized,
        () if unit.incremental.is_some() => Callers::Optimized,
        () => Callers::Inlining,
    }
}
