//! What is paired, and what is refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Fate, Pairs, Unknown, pair};
use crate::patch::content::{Contents, Optimised};
use crate::patch::object::Kind;
use crate::patch::outline::Item;
use crate::patch::refusal::Refusal;

/// A crate of items `name=content`; a name's first letter says what it is.
fn contents(text: &str) -> Contents {
    let item = |word: &str| {
        let (name, content) = word.split_once('=').expect("name=content");
        let kind = match name.as_bytes()[0] {
            b'f' => Kind::Code,
            b'c' => Kind::Constant,
            b't' => Kind::ThreadLocal,
            b'i' => Kind::Initialisers,
            _ => Kind::Variable,
        };
        // The line is what comes behind the point.
        let (without_line, _) = content.split_once('.').unwrap_or((content, ""));
        let number = |text: &str| BTreeSet::from([text.replace('.', "0").parse().expect("a number")]);
        let item = Item { kind, contents: number(content), elsewhere: number(without_line) };
        (mangled(name).into(), Arc::new(item))
    };
    Contents { items: text.split_whitespace().map(item).collect(), ..Contents::default() }
}

/// `f.a` is the function `krate::a`, `f.a!` a closure in it, `f.a/2` the same path with another hash.
fn mangled(name: &str) -> String {
    let (path, hash) = name[2..].split_once('/').unwrap_or((&name[2..], "1"));
    let (path, closure) = path.strip_suffix('!').map_or((path, ""), |path| (path, "28_$u7b$$u7b$closure$u7d$$u7d$"));
    format!("_ZN5krate{}{path}{closure}17h{hash:0>16}E", path.len())
}

fn fates(before: &str, after: &str) -> Result<String, Refusal> {
    // Functions whose name begins with `p` are pointed to.
    let Pairs { fates, renamed } =
        pair("krate", &contents(before), &contents(after), &|name| name.contains("5krate1p"), &Unknown)?;
    let mut words: Vec<String> = after
        .split_whitespace()
        .map(|word| {
            let name = word.split('=').next().unwrap_or_default();
            let fate = match fates.get(&mangled(name)).copied().unwrap_or(Fate::Same) {
                _ if renamed.iter().any(|(now, _)| *now == mangled(name)) => "renamed",
                Fate::Same => "same",
                Fate::Edited => "edited",
                Fate::Fresh => "fresh",
            };
            format!("{name} {fate}")
        })
        .collect();
    words.sort();
    Ok(words.join(", "))
}

#[test]
fn what_is_certain_is_paired() {
    for (before, after, expected) in [
        ("f.a=1 f.b=1", "f.a=1 f.b=2", "f.a same, f.b edited"),
        ("f.a=1", "f.a=1 f.b=2", "f.a same, f.b fresh"),
        ("f.a=1 f.b=1", "f.a=2", "f.a edited"),
        // A closure that was edited where it stands, and one that came behind all others.
        ("f.a=1 f.a!/1=1 f.a!/2=2", "f.a=1 f.a!/1=1 f.a!/2=3", "f.a same, f.a!/1 same, f.a!/2 edited"),
        ("f.a=1 f.a!/1=1", "f.a=2 f.a!/1=1 f.a!/2=2", "f.a edited, f.a!/1 same, f.a!/2 fresh"),
        ("f.a=1 f.a!/1=1 f.a!/2=2", "f.a=2 f.a!/1=1", "f.a edited, f.a!/1 same"),
        // Lines above, and equal closures, or another one behind all of them.
        ("f.a!/1=1.5 f.a!/2=1.6", "f.a!/1=1.7 f.a!/2=1.8", "f.a!/1 edited, f.a!/2 edited"),
        ("f.a!/1=1.5 f.a!/2=2.6", "f.a!/1=1.7 f.a!/2=2.8 f.a!/3=3.9", "f.a!/1 edited, f.a!/2 edited, f.a!/3 fresh"),
        // An `impl` block came above: the same method under another hash. Old objects lead to the old one.
        ("f.a/1=1", "f.a/2=1", "f.a/2 fresh"),
        ("f.p/1=1", "f.p/2=1", "f.p/2 renamed"),
        ("f.p!/1=1", "f.p!/2=1", "f.p!/2 renamed"),
        ("f.p/1=1.7", "f.p/2=1.8", "f.p/2 renamed"),
        // Another signature, and nobody has the address.
        ("f.a/1=1", "f.a/2=2", "f.a/2 fresh"),
        // What nobody changes may be there twice.
        ("c.a=1", "c.a=2", "c.a fresh"),
        ("v.a=1 t.b=1", "v.a=1 t.b=1 v.c=1", "t.b same, v.a same, v.c fresh"),
        (
            "v.__CALLSITE=1 v.__CALLSITE/2=2",
            "v.__CALLSITE=2 v.__CALLSITE/2=3",
            "v.__CALLSITE fresh, v.__CALLSITE/2 fresh",
        ),
    ] {
        assert_eq!(fates(before, after).as_deref(), Ok(expected), "{before} -> {after}");
    }
}

#[test]
fn what_comes_back_is_what_it_was() {
    let without = contents("f.a=1").after(contents("f.a=1 f.b=1 v.c=1 v.d=1"));
    let Pairs { fates, .. } =
        pair("krate", &without, &contents("f.a=1 f.b=2 v.c=1 v.d=2"), &|_| true, &Unknown).expect("pairs");
    let fate = |name: &str| fates.get(&mangled(name)).copied().unwrap_or(Fate::Same);
    assert_eq!(["f.a", "f.b", "v.c", "v.d"].map(fate), [Fate::Same, Fate::Edited, Fate::Same, Fate::Fresh]);
}

/// A closure above another changes vtables as well; what came is what there is to tell.
#[test]
fn a_closure_that_cannot_be_told_apart_is_the_reason_and_not_its_vtable() {
    let closure = |number| mangled(&format!("f.a!/{number}"));
    let with = |text: &str, vtable: &[u32]| {
        let slots = [None].into_iter().chain(vtable.iter().map(|number| Some(closure(*number))));
        Contents { vtables: BTreeSet::from([Arc::new(slots.collect())]), ..contents(text) }
    };
    let refused = |before, now| pair("krate", &before, &now, &|_| true, &Unknown).err();
    let reason = refused(with("f.a!/1=1", &[1]), with("f.a!/1=2 f.a!/2=1", &[1, 2]));
    assert_eq!(reason, Some(Refusal::Ambiguous { name: "krate::a::{{closure}}".into() }));
    let reason = refused(with("f.a!/1=1", &[1]), with("f.a!/1=1", &[1, 2]));
    assert!(matches!(reason, Some(Refusal::Vtable { .. })), "{reason:?}");
}

#[test]
fn a_static_must_not_vanish_from_optimised_code() {
    let optimised = |text: &str| Contents { optimised: Optimised::Yes, ..contents(text) };
    let lost = |before: &str, now: &str| pair("krate", &optimised(before), &optimised(now), &|_| true, &Unknown).err();
    let name = "krate::a".to_owned();
    assert_eq!(lost("f.b=1 v.a=1", "f.b=2"), Some(Refusal::Lost { name }));
    assert_eq!(lost("f.b=1 v.a=1", "f.b=2 v.a=1"), None);
    assert_eq!(fates("f.b=1 v.a=1", "f.b=2").as_deref(), Ok("f.b edited"));
}

#[test]
fn what_is_not_certain_is_refused() {
    let ambiguous = |name: &str| Refusal::Ambiguous { name: format!("krate::{name}") };
    let initial = |name: &str| Refusal::InitialValue { name: format!("krate::{name}") };
    for (before, after, expected) in [
        // One closure above another: each name belongs to another one.
        ("f.a!/1=1", "f.a!/1=2 f.a!/2=1", ambiguous("a::{{closure}}")),
        ("f.a!/1=1 f.a!/2=2", "f.a!/1=2 f.a!/2=1", ambiguous("a::{{closure}}")),
        ("f.a!/1=1 f.a!/2=2", "f.a!/1=2", ambiguous("a::{{closure}}")),
        ("f.a!/1=1.5 f.a!/2=2.6", "f.a!/1=2.5 f.a!/2=1.6", ambiguous("a::{{closure}}")),
        ("f.a!/1=1.5 f.a!/2=2.6", "f.a!/1=3.5 f.a!/2=1.6 f.a!/3=2.7", ambiguous("a::{{closure}}")),
        // It came above and was edited, too: what is the old one now?
        ("f.a!/1=1", "f.a!/1=3 f.a!/2=2", ambiguous("a::{{closure}}")),
        // A method of an old object that was edited below a new `impl` block.
        ("f.p/1=1", "f.p/2=2", ambiguous("p")),
        ("f.p/1=1 f.p/2=1", "f.p/3=1 f.p/4=1", ambiguous("p")),
        ("v.a=1", "v.a=2", initial("a")),
        ("t.a=1", "t.a=2", initial("a")),
        // Two statics of one name and content: which is the new one?
        ("v.a/1=1", "v.a/1=1 v.a/2=1", ambiguous("a")),
        ("v.a/1=1 v.a/2=1", "v.a/1=1", ambiguous("a")),
        ("v.a/1=1", "v.a/2=1", ambiguous("a")),
    ] {
        assert_eq!(fates(before, after), Err(expected), "{before} -> {after}");
    }
    assert!(matches!(fates("", "i.a=1"), Err(Refusal::Initialiser { .. })));
    assert!(matches!(fates("i.a=1", ""), Err(Refusal::Initialiser { .. })));
}
