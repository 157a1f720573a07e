use std::path::{Path, PathBuf};

use super::{After, Base, Edit, Plan, Refusal, Seen, Stage, plan};
use crate::patch::rustc::replay::Places;
use crate::patch::rustc::units::Units;
use crate::patch::rustc::units::tests::{key, unit};

/// `app` uses `c`, that uses `b`, that uses `a`; `derive` uses `help`, as `app` does.
fn units() -> Units {
    Units::new([
        unit("a", "lib", &[]),
        unit("b", "lib", &["liba-1.rmeta"]),
        unit("help", "lib", &[]),
        unit("derive", "proc-macro", &["libhelp-1.rlib"]),
        unit("c", "lib", &["libb-1.rmeta", "libderive-1.so"]),
        unit("app", "bin", &["libc-1.rlib", "libhelp-1.rlib"]),
    ])
}

fn planned(units: &Units, edits: &[(&str, Seen)], base: &Base, out_dir: &str) -> Result<Plan, Refusal> {
    let program = units.get(&key("app")).expect("the program");
    let edits: Vec<Edit> = edits.iter().map(|(name, seen)| Edit { unit: key(name), seen: *seen }).collect();
    plan(units, &units.parts(program), &edits, base, Places { out_dir: Path::new(out_dir), tool: Path::new("/tool") })
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.crate_name.as_str()).collect()
}

#[test]
fn callers_of_what_is_seen_follow_as_soon_as_they_can() {
    let plan = planned(&units(), &[("a", Seen::ByCallers)], &Base::default(), "/g1").expect("a plan");
    assert_eq!(names(&plan), ["a", "b", "c", "app"]);
    let after = |steps: &[usize], stage| steps.iter().map(|&step| After { step, stage }).collect::<Vec<_>>();
    assert_eq!(plan.steps[0].after, []);
    assert_eq!(plan.steps[1].after, after(&[0], Stage::Metadata));
    assert_eq!(plan.steps[2].after, after(&[0, 1], Stage::Metadata));
    assert_eq!(plan.steps[3].after, after(&[0, 1, 2], Stage::End), "a program takes libraries, not metadata");
    let line = plan.steps[2].line.to_string();
    assert!(line.contains("-L dependency=/g1 -L dependency=/t/debug/deps --extern b=/g1/libb-1.rmeta"), "{line}");
    assert!(line.contains("derive=/t/debug/deps/libderive-1.so"), "{line}");
    let line = plan.steps[3].line.to_string();
    assert!(line.contains("c=/g1/libc-1.rlib --extern help=/t/debug/deps/libhelp-1.rlib"), "{line}");
}

#[test]
fn what_nobody_sees_is_never_compiled_against() {
    let units = units();
    let base = Base::default();
    let alone = planned(&units, &[("a", Seen::ByNobody)], &base, "/g1").expect("a plan");
    assert_eq!(names(&alone), ["a"]);
    let base = base.after(&alone);
    assert_eq!(base, Base::default());
    let both = planned(&units, &[("a", Seen::ByNobody), ("c", Seen::ByCallers)], &base, "/g2").expect("a plan");
    assert_eq!(names(&both), ["a", "c", "app"]);
    assert_eq!(both.steps[1].after, []);
    assert!(both.steps[1].line.to_string().contains("b=/t/debug/deps/libb-1.rmeta"));
}

#[test]
fn what_was_seen_stays_until_cargo_builds() {
    let units = units();
    let first = planned(&units, &[("b", Seen::ByCallers)], &Base::default(), "/g1").expect("a plan");
    let base = Base::default().after(&first);
    assert_eq!(base.directories().into_iter().collect::<Vec<_>>(), [PathBuf::from("/g1")]);
    let alone = planned(&units, &[("c", Seen::ByNobody)], &base, "/g2").expect("a plan");
    let line = alone.steps[0].line.to_string();
    assert!(line.contains("-L dependency=/g1 -L dependency=/t/debug/deps --extern b=/g1/libb-1.rmeta"), "{line}");
    let again = planned(&units, &[("c", Seen::ByCallers)], &base.after(&alone), "/g3").expect("a plan");
    let line = again.steps[0].line.to_string();
    assert!(line.contains("-L dependency=/g3 -L dependency=/g1 -L dependency=/t/debug/deps"), "{line}");
    assert!(line.contains("--extern b=/g1/libb-1.rmeta"), "{line}");
    let line = again.steps[1].line.to_string();
    assert!(line.contains("c=/g3/libc-1.rlib"), "{line}");
}

#[test]
fn what_the_compiler_itself_uses_is_for_cargo() {
    let refused = planned(&units(), &[("help", Seen::ByNobody)], &Base::default(), "/g1").expect_err("refused");
    assert_eq!(refused, Refusal::ForTheBuild { edited: "help".into(), used_by: "derive".into() });
    assert_eq!(refused.to_string(), "`help` is used while the program is built, by `derive`");
    let refused = planned(&units(), &[("derive", Seen::ByNobody)], &Base::default(), "/g1").expect_err("refused");
    assert_eq!(refused, Refusal::NoPart(key("derive")));
}

#[test]
fn callers_that_are_not_known_are_for_cargo() {
    let units = Units::new([unit("a", "lib", &[]), unit("app", "bin", &["liba-1.rlib", "libb-1.rlib"])]);
    let refused = planned(&units, &[("a", Seen::ByCallers)], &Base::default(), "/g1").expect_err("refused");
    assert_eq!(refused, Refusal::Unrecorded("/t/debug/deps/libb-1.rlib".into()));
    assert!(planned(&units, &[("a", Seen::ByNobody)], &Base::default(), "/g1").is_ok());
    let units = Units::new([unit("a", "dylib", &[]), unit("app", "bin", &["liba-1.so"])]);
    let refused = planned(&units, &[("a", Seen::ByCallers)], &Base::default(), "/g1").expect_err("refused");
    assert_eq!(refused, Refusal::NoRlib("a".into()));
}
