//! Facts before and now to what callers see.

use std::collections::{BTreeMap, BTreeSet};

use crate::patch::view::bodies::Body;
use crate::patch::view::facts::{Facts, Fixed, Form, Function, Place, What};
use crate::patch::view::lines;
use crate::patch::view::tokens::Text;
use crate::patch::view::{Callers, Reason, View, Why};

/// Compares, for callers that exist.
pub(super) fn compare(before: &Facts, now: &Facts, callers: Callers) -> View {
    if before == now {
        return View::Nothing;
    }
    let mut comparison = Comparison { before, now, callers, reasons: Vec::new(), layouts: BTreeSet::new() };
    comparison.files();
    comparison.fixed();
    comparison.order();
    comparison.functions();
    let Comparison { mut reasons, layouts, .. } = comparison;
    // What became another kind of item came and went; once is enough.
    let mut named = BTreeSet::new();
    reasons.retain(|reason| named.insert(reason.item.clone()));
    match () {
        () if !reasons.is_empty() => View::Visible { reasons },
        () if !layouts.is_empty() => View::MaskedIfLayoutsSame { functions: layouts.into_iter().collect() },
        () => View::Masked,
    }
}

struct Comparison<'a> {
    before: &'a Facts,
    now: &'a Facts,
    callers: Callers,
    reasons: Vec<Reason>,
    layouts: BTreeSet<String>,
}

impl Comparison<'_> {
    fn report(&mut self, item: &str, what: What, why: Why, place: &Place) {
        self.reasons.push(Reason { item: item.to_owned(), what, why, file: place.file.clone(), line: place.line });
    }

    /// Files that are no module are read by macros or by an `include!`.
    fn files(&mut self) {
        let paths: BTreeSet<_> = self.before.others.keys().chain(self.now.others.keys()).collect();
        for path in paths {
            let why = match (self.before.others.get(path), self.now.others.get(path)) {
                (Some(before), Some(now)) if before == now => continue,
                (Some(_), Some(_)) => Why::Changed,
                (None, _) => Why::Came,
                (Some(_), None) => Why::Gone,
            };
            let place = Place { file: path.clone(), line: 1 };
            self.report(&path.display().to_string(), What::File, why, &place);
        }
    }

    /// Of several items with the same key, the first before is the first now, and so on.
    fn fixed(&mut self) {
        let (before, now) = (by_key(&self.before.fixed), by_key(&self.now.fixed));
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for item in &self.now.fixed {
            let index = seen.entry(&item.key).or_default();
            let old = before.get(item.key.as_str()).and_then(|old| old.get(*index));
            *index += 1;
            let why = match old {
                None => Why::Came,
                Some(old) if old.text.words != item.text.words => Why::Changed,
                Some(old) if item.records && is_moved(old, item) => moved((&old.place, &item.place), &item.text),
                Some(_) => continue,
            };
            self.report(&item.name, item.what.clone(), why, &item.place);
        }
        for (key, items) in &before {
            let left = now.get(key).map_or(0, Vec::len);
            for item in items.iter().skip(left) {
                self.report(&item.name, item.what.clone(), Why::Gone, &item.place);
            }
        }
    }

    /// The compiler counts impls, derived ones included, and names what is in them by that; and a macro is what was
    /// defined last.
    fn order(&mut self) {
        let counts = |fixed: &&Fixed| {
            let what = &fixed.what;
            let is_counted =
                matches!(what, What::Impl | What::Type | What::MacroCall | What::Unknown | What::Attributed(_));
            is_counted || matches!(what, What::Macro | What::Import | What::Module)
        };
        let of = |facts: &Facts| -> BTreeSet<String> { facts.fixed.iter().map(|fixed| fixed.key.clone()).collect() };
        let (before, now) = (of(self.before), of(self.now));
        let shared = |fixed: &&Fixed| before.contains(&fixed.key) && now.contains(&fixed.key);
        let old = self.before.fixed.iter().filter(counts).filter(shared);
        let new = self.now.fixed.iter().filter(counts).filter(shared);
        if let Some((_, new)) = old.zip(new).find(|(old, new)| old.key != new.key) {
            self.report(&new.name, new.what.clone(), Why::Reordered, &new.place);
        }
    }

    fn functions(&mut self) {
        let keys: BTreeSet<&String> = self.before.functions.keys().chain(self.now.functions.keys()).collect();
        for key in keys {
            let (before, now) = (self.before.functions.get(key), self.now.functions.get(key));
            let Some(function) = now.or(before) else { continue };
            let why = match (before, now) {
                (Some(before), Some(now)) => self.changed(before, now),
                (Some(_), None) => (!self.may_come_and_go(function)).then_some(Why::Gone),
                (None, _) => (!self.may_come_and_go(function)).then_some(Why::Came),
            };
            if let Some(why) = why {
                self.report(&function.name, function.what(), why, &function.place);
            }
        }
    }

    /// Whether callers cannot come across `function`, neither before nor now. A compiler that inlines on its own may
    /// bring every function along.
    fn is_sealed(&self, function: &Function) -> bool {
        self.callers != Callers::Inlining && self.before.is_sealed(function) && self.now.is_sealed(function)
    }

    fn may_come_and_go(&self, function: &Function) -> bool {
        function.is_plain && !function.body.may_show() && self.is_sealed(function)
    }

    /// Why callers see that `before` became `now`, if they do.
    fn changed(&mut self, before: &Function, now: &Function) -> Option<Why> {
        let is_sealed = self.is_sealed(before) && self.is_sealed(now);
        let is_moved = before.place != now.place
            || before.header.places != now.header.places
            || before.body.text.places != now.body.text.places;
        let is_same = before.body.text.words == now.body.text.words;
        if before.header.words != now.header.words {
            let may_change = is_sealed && before.is_plain && now.is_plain;
            if !may_change {
                return Some(Why::Signature);
            }
        }
        if is_same && !is_moved {
            return None;
        }
        if let Some(why) = shows(&before.body, &now.body) {
            return Some(why);
        }
        if is_sealed {
            return None;
        }
        let is_optimized = self.callers != Callers::Unoptimized;
        let moved = moved((&before.place, &now.place), &now.body.text);
        let why = if is_same { moved.clone() } else { Why::Body };
        let is_tracked_move = is_moved && (now.is_tracked || before.is_tracked);
        match (&before.form, &now.form) {
            (Form::Plain, Form::Plain) if is_tracked_move => Some(moved),
            _ if is_tracked_move => Some(why),
            (Form::Plain, Form::Plain) => (self.callers == Callers::Inlining).then_some(why),
            (Form::Coroutine { .. }, Form::Coroutine { records, .. }) if is_same => {
                (is_optimized && *records).then_some(why)
            }
            (Form::Coroutine { skeleton: old, .. }, Form::Coroutine { skeleton: new, .. })
                if !is_optimized && old == new =>
            {
                self.layouts.insert(now.name.clone());
                None
            }
            // What a closure of it records cannot be told from the rest.
            _ => Some(why),
        }
    }
}

/// Why callers see that something moved, if they do.
fn moved((before, now): (&Place, &Place), text: &Text) -> Why {
    if before.file == now.file && lines::are_all_that_is_told(text) { Why::Moved } else { Why::MovedAndTold }
}

/// What inside of a body may be seen outside of it, if that is not what it was.
fn shows(before: &Body, now: &Body) -> Option<Why> {
    if let Some(hazard) = now.hazard.as_ref().or(before.hazard.as_ref()) {
        return Some(Why::Shows(hazard.clone()));
    }
    let is_same = before.macros == now.macros && (now.macros.is_empty() || before.items == now.items);
    (!is_same).then_some(Why::UnknownMacro)
}

fn by_key(fixed: &[Fixed]) -> BTreeMap<&str, Vec<&Fixed>> {
    let mut found: BTreeMap<&str, Vec<&Fixed>> = BTreeMap::new();
    for item in fixed {
        found.entry(&item.key).or_default().push(item);
    }
    found
}

fn is_moved(before: &Fixed, now: &Fixed) -> bool {
    before.place.file != now.place.file || before.text.places != now.text.places
}
