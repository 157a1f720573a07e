//! The edits of a repository's past: each file of each commit, in order.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::measure;
use crate::oracle::site::{Edit, Project};

/// Who asks `pulldown-cmark`.
const MARKDOWN: &str = include_str!("../../templates/oracle/pulldown-cmark.rs.in");

/// Packages, who asks them, and where they and what they use of their own are in the repository. It may have been somewhere
/// else in former times.
const KNOWN: [(&str, &str, &[&str]); 3] = [
    ("pulldown-cmark", MARKDOWN, &["pulldown-cmark", "pulldown-cmark-escape"]),
    ("pulldown-cmark", MARKDOWN, &[""]),
    ("semver", include_str!("../../templates/oracle/semver.rs.in"), &[""]),
];
type Known = (&'static str, &'static str, &'static [&'static str]);

/// A git repository.
#[derive(Debug)]
pub(crate) struct Repository(PathBuf);

impl Repository {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Ok(Self(path.canonicalize().with_context(|| format!("there is no `{}`", path.display()))?))
    }

    /// The last `count` commits of the main line, each with what it merged, the oldest first.
    pub(crate) fn commits(&self, count: usize) -> Result<Vec<String>> {
        let count = count.to_string();
        let list = self.git(&["log", "--min-parents=1", "--first-parent", "--format=%h", "-n", &count])?;
        let mut commits: Vec<String> = list.lines().map(str::to_owned).collect();
        commits.reverse();
        Ok(commits)
    }

    /// `commits`, cut wherever the packages are somewhere else from then on.
    pub(crate) fn stretches(&self, commits: &[String]) -> Result<Vec<Vec<String>>> {
        let known: Vec<Known> = commits.iter().map(|commit| self.known(commit)).collect::<Result<_>>()?;
        let stretches = known.chunk_by(|one, next| one == next).scan(0, |begin, stretch| {
            let range = *begin..*begin + stretch.len();
            *begin = range.end;
            Some(commits[range].to_vec())
        });
        Ok(stretches.collect())
    }

    /// What the first of some commits begins with: what was there before, if the packages were where they are then.
    pub(crate) fn beginning(&self, first: &str) -> Result<String> {
        let before = format!("{first}^");
        let is_there = self.known(&before).ok() == Some(self.known(first)?);
        Ok(if is_there { before } else { first.to_owned() })
    }

    fn known(&self, commit: &str) -> Result<Known> {
        let manifest = |package: &str| Path::new(package).join("Cargo.toml").display().to_string();
        let is_it = |name: &str, package: &str| {
            let text = self.git(&["show", &format!("{commit}:{}", manifest(package))]).unwrap_or_default();
            text.contains(&format!("name = \"{name}\""))
        };
        let known = KNOWN.iter().find(|(name, _, packages)| is_it(name, packages[0]));
        known.copied().context("no program is known that asks this repository's packages")
    }

    /// What it was at `commit`, with a program that asks it.
    pub(crate) fn project(&self, commit: &str) -> Result<Project> {
        let tree = self.git(&["ls-tree", "-r", "--name-only", commit])?;
        let (name, calls, packages) = self.known(commit)?;
        let files = tree.lines().filter(|path| !path.contains("third_party"));
        let files = files.map(|path| Ok((PathBuf::from(path), self.file(commit, path)?)));
        Ok(Project {
            name: name.to_owned(),
            files: files.collect::<Result<_>>()?,
            packages: packages.iter().map(PathBuf::from).collect(),
            calls: calls.to_owned(),
        })
    }

    /// The sources that `commit` changed in the `packages`, one edit each, after everything else that a build reads.
    pub(crate) fn edits(&self, commit: &str, packages: &[PathBuf]) -> Result<Vec<Edit>> {
        let range = format!("{commit}^");
        let changed =
            self.git(&["diff-tree", "-r", "--no-commit-id", "--name-only", "--no-renames", &range, commit])?;
        let mut edits = Vec::new();
        let mut manifests = Vec::new();
        for path in changed.lines().filter(|path| packages.iter().any(|package| Path::new(path).starts_with(package))) {
            let file = (PathBuf::from(path), self.file(commit, path).ok());
            let inner = packages.iter().find_map(|package| Path::new(path).strip_prefix(package).ok());
            let inner = inner.unwrap_or(Path::new(path));
            let is_program = inner.starts_with("src/main.rs") || inner.starts_with("src/bin");
            if inner.starts_with("src") && inner.extension().is_some_and(|ending| ending == "rs") && !is_program {
                edits.push(Edit { name: format!("{commit} {path}"), files: vec![file] });
            } else if inner == Path::new("Cargo.toml") || inner == Path::new("build.rs") {
                manifests.push(file);
            }
        }
        if !manifests.is_empty() {
            edits.insert(0, Edit { name: format!("{commit} manifests"), files: manifests });
        }
        Ok(edits)
    }

    fn file(&self, commit: &str, path: &str) -> Result<Vec<u8>> {
        let output = Command::new("git").arg("-C").arg(&self.0).arg("show").arg(format!("{commit}:{path}")).output()?;
        ensure!(output.status.success(), "`{path}` is not in {commit}");
        Ok(output.stdout)
    }

    fn git(&self, arguments: &[&str]) -> Result<String> {
        measure::read(Command::new("git").arg("-C").arg(&self.0).args(arguments))
    }
}
