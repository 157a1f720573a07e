//! The page of `cargo hotreload report`, as a browser sees it.

use std::env;
use std::fs;
use std::io::{Write, stderr};
use std::path::PathBuf;
use std::process::Command;

use crate::support::command::finish;
use crate::support::events::examples;
use crate::support::fixture::Fixture;

/// What a browser may be called.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A page about the examples of the document.
fn page() -> (Fixture, PathBuf) {
    let fixture = Fixture::three_crates().file(".hotreload/events.jsonl", &examples());
    let page = fixture.root().join("a page.html");
    let printed = fixture.hotreload(&["report", "--out", "a page.html"]).expect_success();
    assert_eq!(printed, format!("{}\n", page.display()));
    (fixture, page)
}

/// The page is one file: nothing in it names another host, and nothing in it runs.
#[test]
fn the_page_asks_nobody() {
    let (_fixture, page) = page();
    let text = fs::read_to_string(page).expect("the page");
    // The name of SVG's own language is no address that anybody asks.
    let text = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for outside in ["http:", "https:", "src=", "url(h", "url(\"", "@import", "<link", "<script", "<iframe", "onload"] {
        assert!(!text.contains(outside), "{outside}");
    }
    assert!(text.contains("default-src 'none'"), "the browser is told to ask nobody either");
}

/// A browser shows the columns of the timeline and the rows of the table, and every text as text.
#[test]
fn a_browser_shows_the_timeline_and_every_edit() {
    let Some(browser) = browser() else {
        // Not by `println!`, which the test harness keeps to itself.
        let names = BROWSERS.join(", ");
        let _ = writeln!(stderr(), "SKIPPED: no browser ({names}) is in the PATH, so the page was not looked at");
        return;
    };
    let (_fixture, page) = page();
    let profile = tempfile::tempdir().expect("a temporary directory");
    let mut command = Command::new(browser);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--dump-dom".into(), format!("file://{}", page.display().to_string().replace(' ', "%20"))]);
    let dom = finish(&mut command).expect_success();
    let count = |part: &str| dom.matches(part).count();
    // The examples have five builds, the first of which began the session, and a crash.
    assert_eq!(count("<g class=\"edit "), 4, "{dom}");
    assert_eq!(count("<tr class=\"row"), 6, "{dom}");
    let reloaded = dom.split("<g class=\"edit reloaded\">").nth(1).and_then(|rest| rest.split("</g>").next());
    assert_eq!(reloaded.map(|column| column.matches("<rect class=\"part ").count()), Some(7), "{dom}");
    for text in ["edit to live, median", "error[E0425]: cannot find value", "by itself (SIGSEGV)", ">my-api</text>"] {
        assert!(dom.contains(text), "no {text}: {dom}");
    }
}

fn browser() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let directories: Vec<PathBuf> = env::split_paths(&path).collect();
    let all = BROWSERS.iter().flat_map(|name| directories.iter().map(move |directory| directory.join(name)));
    all.into_iter().find(|file| file.is_file())
}
