//! A repository's past, read by git.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_hotreload::patch::view::Sources;

/// A repository that is open.
pub(super) struct Repository {
    path: PathBuf,
    reader: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// Texts by the names that git gives them.
    texts: HashMap<String, String>,
}

/// A commit with one parent.
pub(super) struct Commit {
    name: String,
    /// Files that it changed.
    files: Vec<PathBuf>,
}

/// A library that a commit changed.
pub(super) struct Changed {
    /// What it was.
    pub(super) before: Sources,
    /// What it is now.
    pub(super) now: BTreeMap<PathBuf, String>,
    /// Which of its files are not the same.
    pub(super) edited: Vec<PathBuf>,
}

impl Repository {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut reader = Command::new("git")
            .arg("-C")
            .arg(path)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start git")?;
        let (requests, answers) =
            (reader.stdin.take().context("no input")?, reader.stdout.take().context("no output")?);
        let answers = BufReader::new(answers);
        Ok(Self { path: path.to_owned(), reader, requests, answers, texts: HashMap::new() })
    }

    /// The last `count` commits, those with several parents aside.
    pub(super) fn commits(&self, count: usize) -> Result<Vec<Commit>> {
        let list = self.git(&["log", "--no-merges", "--min-parents=1", "--format=%H", "-n", &count.to_string()])?;
        let read = |name: &str| -> Result<Commit> {
            let changed = self.git(&["diff-tree", "-r", "--no-commit-id", "--name-only", "--no-renames", name])?;
            Ok(Commit { name: name.to_owned(), files: changed.lines().map(PathBuf::from).collect() })
        };
        list.lines().map(read).collect()
    }

    /// The libraries that were there before `commit` and that it changed.
    pub(super) fn crates(&mut self, commit: &Commit) -> Result<Vec<Changed>> {
        if !commit.files.iter().any(|path| is_rust(path)) {
            return Ok(Vec::new());
        }
        let (before, now) = (self.tree(&format!("{}^", commit.name))?, self.tree(&commit.name)?);
        let mut crates = Vec::new();
        for root in self.roots(&before)? {
            let directory = root.parent().unwrap_or(Path::new(""));
            // Programs beside the library are crates of their own.
            let is_program = |path: &Path| path == directory.join("main.rs") || path.starts_with(directory.join("bin"));
            let is_inside = |path: &&PathBuf| path.starts_with(directory) && is_rust(path) && !is_program(path);
            let edited: Vec<PathBuf> = commit.files.iter().filter(is_inside).cloned().collect();
            if edited.is_empty() {
                continue;
            }
            let mut texts = |tree: &BTreeMap<PathBuf, String>| -> Result<BTreeMap<PathBuf, String>> {
                let files = tree.iter().filter(|(path, _)| is_inside(path));
                files.map(|(path, name)| Ok((path.clone(), self.text(name)?))).collect()
            };
            let files = texts(&before)?;
            let now = texts(&now)?;
            crates.push(Changed { before: Sources { root, files }, now, edited });
        }
        Ok(crates)
    }

    /// The files that the compiler is given for libraries.
    fn roots(&mut self, tree: &BTreeMap<PathBuf, String>) -> Result<Vec<PathBuf>> {
        let mut roots = Vec::new();
        for (manifest, name) in tree.iter().filter(|(path, _)| path.ends_with("Cargo.toml")) {
            let text = self.text(name)?;
            let library = text.split("\n[lib]").nth(1).map(|rest| rest.split("\n[").next().unwrap_or(rest));
            let path = library.and_then(|table| table.lines().find(|line| line.trim_start().starts_with("path")));
            let path = path.and_then(|line| line.split('"').nth(1)).unwrap_or("src/lib.rs");
            roots.push(manifest.with_file_name(path));
        }
        Ok(roots.into_iter().filter(|root| tree.contains_key(root)).collect())
    }

    /// The names of all files' texts.
    fn tree(&self, commit: &str) -> Result<BTreeMap<PathBuf, String>> {
        let list = self.git(&["ls-tree", "-r", "--format=%(objectname)%x09%(path)", commit])?;
        let lines = list.lines().filter_map(|line| line.split_once('\t'));
        Ok(lines.map(|(name, path)| (PathBuf::from(path), name.to_owned())).collect())
    }

    fn text(&mut self, name: &str) -> Result<String> {
        if let Some(text) = self.texts.get(name) {
            return Ok(text.clone());
        }
        writeln!(self.requests, "{name}")?;
        let mut header = String::new();
        self.answers.read_line(&mut header)?;
        let size: usize = header.trim().rsplit(' ').next().unwrap_or_default().parse().context(header.clone())?;
        let mut bytes = vec![0; size + 1];
        self.answers.read_exact(&mut bytes)?;
        bytes.pop();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.texts.insert(name.to_owned(), text.clone());
        Ok(text)
    }

    fn git(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new("git").arg("-C").arg(&self.path).args(arguments).output()?;
        if !output.status.success() {
            bail!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// Git ends when nobody asks any more.
impl Drop for Repository {
    fn drop(&mut self) {
        let _ = self.reader.kill();
        let _ = self.reader.wait();
    }
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}
