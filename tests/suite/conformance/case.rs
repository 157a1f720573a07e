//! What a case is.

/// A program that is edited, and goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    /// Its name, which is that of its modules.
    pub(super) name: &'static str,
    /// Its module of `svc`, with `pub fn answer() -> String`.
    pub(super) svc: &'static str,
    /// Its module of the crate below.
    pub(super) low: &'static str,
    /// The first answer.
    pub(super) first: &'static str,
    /// What comes then.
    pub(super) edits: &'static [Edit],
}

/// An edit that gets in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edit {
    /// What is replaced by what, in either module.
    pub(super) replace: &'static [(&'static str, &'static str)],
    /// The answer then.
    pub(super) then: &'static str,
}

/// An edit that must not get in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refusal {
    /// The case whose modules are edited, as they are after all of its edits.
    pub(super) case: &'static str,
    pub(super) replace: &'static [(&'static str, &'static str)],
    /// A part of the reason.
    pub(super) why: &'static str,
}

/// `text` with each replacement made once; panics if there is nothing to replace in either of the two.
#[track_caller]
pub(super) fn replaced(texts: &mut [&mut String; 2], replace: &[(&str, &str)]) {
    for (old, new) in replace {
        let text = texts.iter_mut().find(|text| text.contains(old)).unwrap_or_else(|| panic!("no {old:?}"));
        **text = text.replace(old, new);
    }
}
