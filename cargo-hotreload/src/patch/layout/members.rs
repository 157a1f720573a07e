//! What exactly is different between two layouts of one type.

use super::difference::Change;
use super::names::{Name, Names};
use super::types::{Layout, Member, Variant};

/// A layout and the names in it.
type Named<'types> = (&'types Layout, &'types Names);

/// Everything that differs, the most telling first.
pub(super) fn changes((was, was_names): Named<'_>, (is, is_names): Named<'_>) -> Vec<Change> {
    let names = Both { was: was_names, is: is_names };
    let mut changes = Vec::new();
    if was.kind != is.kind {
        changes.push(Change::Kind(was.kind, is.kind));
    }
    names.members(None, &was.members, &is.members, &mut changes);
    names.variants(&was.variants, &is.variants, &mut changes);
    let place = |member: Option<Member>, names: &Names| member.map(|member| (member.at, names.text(member.of)));
    if was.discriminant != is.discriminant {
        changes.push(Change::Discriminant {
            was: place(was.discriminant, was_names),
            is: place(is.discriminant, is_names),
        });
    }
    if was.align != is.align {
        changes.push(Change::Align(was.align, is.align));
    }
    changes.sort_by_key(Change::rank);
    changes
}

impl Change {
    /// Causes come before effects.
    fn rank(&self) -> u8 {
        match self {
            Self::Kind(..) => 0,
            Self::VariantAdded(_) | Self::VariantRemoved(_) | Self::VariantRenamed(..) => 1,
            Self::Added { .. } | Self::Removed { .. } => 2,
            Self::Retyped { .. } => 3,
            Self::Renamed { .. } => 4,
            Self::Moved { .. } => 5,
            Self::Renumbered { .. } => 6,
            Self::Discriminant { .. } => 7,
            Self::Align(..) => 8,
        }
    }
}

/// How names are spelled on both sides.
struct Both<'types> {
    was: &'types Names,
    is: &'types Names,
}

impl Both<'_> {
    fn variants(&self, was: &[Variant], is: &[Variant], changes: &mut Vec<Change>) {
        let called = |variants: &'_ [Variant], name: Name| variants.iter().position(|variant| variant.name == name);
        let mut gone: Vec<_> = was.iter().filter(|old| called(is, old.name).is_none()).collect();
        for new in is {
            let text = self.is.text(new.name);
            let Some(old) = called(was, new.name).map(|at| &was[at]) else {
                let renamed = gone.iter().position(|old| old.value == new.value && old.members == new.members);
                changes.push(match renamed.map(|at| gone.remove(at)) {
                    Some(old) => Change::VariantRenamed(self.was.text(old.name), text),
                    None => Change::VariantAdded(text),
                });
                continue;
            };
            if old.value != new.value {
                changes.push(Change::Renumbered { variant: text.clone(), was: old.value, is: new.value });
            }
            self.members(Some(&text), &old.members, &new.members, changes);
        }
        changes.extend(gone.into_iter().map(|old| Change::VariantRemoved(self.was.text(old.name))));
    }

    fn members(&self, variant: Option<&String>, was: &[Member], is: &[Member], changes: &mut Vec<Change>) {
        let variant = variant.cloned();
        let mut old: Vec<_> = was.iter().filter(|member| !is.contains(member)).collect();
        let new: Vec<_> = is.iter().filter(|member| !was.contains(member)).collect();
        let mut take = |fits: &dyn Fn(&Member) -> bool| -> Option<Member> {
            let at = old.iter().position(|member| fits(member))?;
            Some(*old.remove(at))
        };
        let mut rest = Vec::new();
        for member in new {
            if let Some(before) = take(&|old| old.name == member.name && old.of == member.of) {
                let (member, was, is) = (self.is.text(member.name), before.at, member.at);
                changes.push(Change::Moved { variant: variant.clone(), member, was, is });
            } else {
                rest.push(member);
            }
        }
        for member in rest {
            let name = self.is.text(member.name);
            if let Some(before) = take(&|old| old.name == member.name) {
                let (was, is) = (self.was.text(before.of), self.is.text(member.of));
                changes.push(Change::Retyped { variant: variant.clone(), member: name, was, is });
            } else if let Some(before) = take(&|old| old.at == member.at && old.of == member.of) {
                let was = self.was.text(before.name);
                changes.push(Change::Renamed { variant: variant.clone(), was, is: name });
            } else {
                changes.push(Change::Added { variant: variant.clone(), member: name, of: self.is.text(member.of) });
            }
        }
        for member in old {
            changes.push(Change::Removed { variant: variant.clone(), member: self.was.text(member.name) });
        }
    }
}
