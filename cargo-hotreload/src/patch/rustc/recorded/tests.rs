use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::{CrateType, Harness, Key, Kind, Recorded};
use crate::patch::rustc::call::Call;

fn call(arguments: &[&str], environment: &[(&str, &str)]) -> Call {
    Call {
        programs: vec!["sccache".into(), "/bin/rustc".into()],
        arguments: arguments.iter().map(OsString::from).collect(),
        directory: "/w".into(),
        environment: environment.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        compiler: String::new(),
        link: None,
    }
}

const LIBRARY: &str = r#"--crate-name my_api --edition=2024 my-api/src/lib.rs --error-format=json --crate-type lib
    --crate-type cdylib --emit=dep-info,metadata,link -C opt-level=1 --codegen debuginfo=2 -Ccodegen-units=16
    --check-cfg cfg(feature,values("a")) -C metadata=12ab -C extra-filename=-34cd --out-dir /t/debug/deps
    -C incremental=/t/debug/incremental --extern base=/t/debug/deps/libbase-1.rmeta
    --extern=priv,noprelude:other=/t/debug/deps/libreal_name-2.rmeta --extern proc_macro
    --target x86_64-unknown-linux-gnu -Lnative=/usr/lib -Clinker=clang"#;

fn library(environment: &[(&str, &str)]) -> Recorded {
    let arguments: Vec<&str> = LIBRARY.split_whitespace().collect();
    Recorded::new(call(&arguments, environment)).expect("a compilation")
}

#[test]
fn everything_that_matters_is_read() {
    let read = library(&[("CARGO_MANIFEST_DIR", "/w/my-api")]);
    assert_eq!(read.crate_name, "my_api");
    assert_eq!(read.crate_types, [CrateType::Rlib, CrateType::Cdylib]);
    assert_eq!((read.edition.as_deref(), read.harness), (Some("2024"), Harness::Absent));
    assert_eq!(read.source_file(), Path::new("/w/my-api/src/lib.rs"));
    assert_eq!(read.emit, ["dep-info", "metadata", "link"]);
    assert_eq!((read.opt_level.as_deref(), read.debug_info.as_deref()), (Some("1"), Some("2")));
    assert_eq!((read.codegen_units, read.metadata.as_deref()), (Some(16), Some("12ab")));
    assert_eq!(read.incremental.as_deref(), Some(Path::new("/t/debug/incremental")));
    assert_eq!(read.target.as_deref(), Some("x86_64-unknown-linux-gnu"));
    assert_eq!(read.linker, Some("clang".into()));
    assert_eq!(read.package_directory(), Some(Path::new("/w/my-api")));
    assert_eq!((read.compiler(), read.kind(), read.links()), ("/bin/rustc".as_ref(), Kind::Library, true));
    let externs: Vec<_> = read.externs.iter().map(|it| (it.name.as_str(), it.path.to_str().unwrap())).collect();
    assert_eq!(externs, [("base", "/t/debug/deps/libbase-1.rmeta"), ("other", "/t/debug/deps/libreal_name-2.rmeta")]);
    for it in &read.externs {
        let argument = read.call.arguments[it.at.0].to_str().expect("text");
        assert_eq!(Path::new(&argument[it.at.1..]), it.path);
    }
}

#[test]
fn a_library_is_found_by_any_of_its_files() {
    let read = library(&[]);
    for extension in ["rlib", "rmeta", "so"] {
        let file = PathBuf::from(format!("/t/debug/deps/libmy_api-34cd.{extension}"));
        assert_eq!(Key::of_library(&file), Some(read.key()));
    }
    assert_eq!(read.key().stem(), "my_api-34cd");
    assert_eq!(Key::of_library(Path::new("/t/debug/app")), None);
}

#[test]
fn programs_and_helpers_of_the_build_are_told_apart() {
    let kind = |name: &str, more: &[&str], environment: &[(&str, &str)]| {
        let all = [&["--crate-name", name, "a.rs", "--out-dir", "/t"], more].concat();
        Recorded::new(call(&all, environment)).expect("a compilation").kind()
    };
    let bin: &[&str] = &["--crate-type", "bin"];
    assert_eq!(kind("app", bin, &[("CARGO_BIN_NAME", "app")]), Kind::Program);
    assert_eq!(kind("build_script_build", bin, &[("CARGO_BIN_NAME", "build_script_build")]), Kind::Program);
    assert_eq!(kind("build_script_build", bin, &[]), Kind::BuildScript);
    assert_eq!(kind("app", &["--test"], &[]), Kind::Test);
    assert_eq!(kind("derive", &["--crate-type", "proc-macro"], &[]), Kind::ProcMacro);
}

#[test]
fn names_may_be_no_text() {
    let odd = |text: &str| OsString::from_vec([text.as_bytes(), b" \xff"].concat());
    let mut call = call(&["--crate-name", "a", "--out-dir"], &[]);
    let mut external = OsString::from("--extern=b=");
    external.push(odd("/t/libb-1"));
    call.arguments.extend([odd("/t"), odd("src"), external]);
    let read = Recorded::new(call).expect("a compilation");
    assert_eq!((read.out_dir.as_os_str(), read.source.as_os_str()), (odd("/t").as_os_str(), odd("src").as_os_str()));
    assert_eq!(read.externs[0].path, Path::new(&odd("/t/libb-1")));
}

#[test]
fn what_names_no_crate_is_no_compilation() {
    assert_eq!(Recorded::new(call(&["-vV"], &[])), None);
    assert_eq!(Recorded::new(call(&["--crate-name", "a", "--out-dir"], &[])), None);
}
