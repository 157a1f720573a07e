//! What runs, over several patches and crates.

use super::rustc::Crate;
use crate::patch::layout::{
    Agreement, Cause, Extent, Harm, Identity, Kind, Types, compare, human, signatures_agree, statics_agree,
};

fn types(source: &str) -> Types {
    Crate { toolchain: "stable", source, flags: &[] }.compile().expect("a library").types()
}

fn config(field: &str) -> Types {
    types(&format!(
        "pub struct Config {{ pub port: {field} }} pub fn port(config: &Config) -> {field} {{ config.port }}"
    ))
}

#[test]
fn another_version_of_a_crate_is_no_difference() {
    let mut running = config("u16");
    running.add(&config("u32"));
    assert_eq!(compare(&running, &config("u16")).differences, []);
    let found = compare(&running, &config("u64")).differences;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].extent, found[0].harm, &found[0].cause), (Extent::Replaced, Harm::Memory, &Cause::Own));
}

#[test]
fn a_type_beside_those_that_run_may_be_another_type() {
    let mut new = config("u16");
    new.add(&config("u32"));
    let found = compare(&config("u16"), &new).differences;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].extent, Extent::Joined);
}

#[test]
fn a_layout_that_was_changed_back_may_still_have_data_of_the_other() {
    let (first, second) = (config("u16"), config("u32"));
    let mut running = first.clone();
    running.patch(&first);
    assert_eq!(compare(&running, &first).differences, []);
    running.patch(&second);
    for new in [&first, &second] {
        assert_eq!(compare(&running, new).differences.len(), 1);
    }
}

#[test]
fn types_that_nobody_described_are_named() {
    let running = types("pub fn f(a: u32) -> u32 { a }");
    let new = types(
        "pub struct Config(u32); pub fn f(a: Option<Config>) -> u32 { let g = |b: u32| b; g(a.map_or(3, |c| c.0)) }",
    );
    assert_eq!(new.unseen(&running, "cases"), ["cases::Config"]);
    assert_eq!(new.unseen(&running, "core"), ["core::option::Option<cases::Config>"]);
    assert_eq!(new.unseen(&new, "cases"), [] as [&str; 0]);
}

#[test]
fn types_are_called_what_they_are_in_the_source() {
    let names = [
        (Kind::Coroutine, "service::lookup::{async_fn_env#0}", "service::lookup's future"),
        (Kind::Coroutine, "service::{impl#3}::lookup::{async_fn_env#0}<u8>", "service::lookup's future"),
        (Kind::Coroutine, "api::f::{async_block_env#1}", "an async block in `api::f`"),
        (Kind::Coroutine, "api::f::{closure#0}::{async_closure_env#0}", "the future of an async closure in `api::f`"),
        (Kind::Coroutine, "api::f::{gen_block_env#0}", "a generator in `api::f`"),
        (Kind::Closure, "api::route::{closure#1}::{closure_env#0}<fn(u8) -> a::B>", "a closure in `api::route`"),
        (Kind::Closure, "api::_::{impl#0}::f::{closure_env#0}", "a closure in `api::f`"),
        (Kind::Vtable, "<a::S as a::T<u8>>::{vtable_type}", "the vtable of `a::S as a::T<u8>`"),
        (Kind::Struct, "a::S<u8>", "`a::S<u8>`"),
    ];
    for (kind, path, expected) in names {
        assert_eq!(human(kind, path), expected);
    }
}

#[test]
fn a_number_in_a_path_is_no_identity() {
    for path in ["a::S", "a::f::{async_fn_env#0}", "a::Vec<b::f::{async_fn_env#0}>", "<a::S as a::T>::{vtable_type}"] {
        assert_eq!(Identity::of(path), Identity::Named, "{path}");
    }
    for path in
        ["a::f::{closure_env#0}", "a::f::{async_block_env#0}", "a::{impl#1}::f::S", "a::_::S", "a::V<a::{impl#0}::S>"]
    {
        assert_eq!(Identity::of(path), Identity::Indexed, "{path}");
    }
}

#[test]
fn functions_of_different_symbols_agree_or_not() {
    let numbers =
        "#[unsafe(no_mangle)] pub fn a(x: u32) -> u32 { x } #[unsafe(no_mangle)] pub fn b(x: u32) -> u32 { x + 1 }
        #[unsafe(no_mangle)] pub fn c(x: u64) -> u32 { x as u32 }
        #[unsafe(no_mangle)] pub static D: u32 = 3; #[unsafe(no_mangle)] pub static E: u64 = 3;";
    let types = types(numbers);
    let functions = |was, is| signatures_agree((&types, was), (&types, is));
    assert_eq!(functions("a", "b"), Agreement::Same);
    assert_eq!(functions("a", "c"), Agreement::Different);
    assert_eq!(functions("a", "missing"), Agreement::Unknown);
    let statics = |was, is| statics_agree((&types, was), (&types, is));
    assert_eq!(statics("D", "D"), Agreement::Same);
    assert_eq!(statics("D", "E"), Agreement::Different);
    assert_eq!(statics("missing", "E"), Agreement::Unknown);
}
