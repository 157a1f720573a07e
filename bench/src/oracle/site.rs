//! Two copies of a workspace: one whose program runs under the tool, and one that cargo builds anew after each edit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cargo_hotreload::patch::content::Contents;
use cargo_hotreload::patch::names::readable;
use cargo_hotreload::patch::set::{Set, Target};
use cargo_hotreload::patch::world::Lines;

use crate::edits::process::command;
use crate::measure;

const DRIVER: &str = include_str!("../../templates/oracle/driver.rs.in");
/// How long the program may take for an answer. An edit may have made it a loop without an end.
const ANSWER: Duration = Duration::from_secs(10);

/// What is edited, and who uses it.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) name: String,
    /// Its files, below `repository`.
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
    /// Where in them the edited packages are; the callers use the first one.
    pub(crate) packages: Vec<PathBuf>,
    /// The source of the crate of callers.
    pub(crate) calls: String,
}

/// Files that are saved at once.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    pub(crate) name: String,
    /// What they contain then; nothing if they go.
    pub(crate) files: Vec<(PathBuf, Option<Vec<u8>>)>,
}

/// What cargo makes of the sources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) answer: String,
    /// What the functions of the callers consist of, by their readable names.
    calls: Code,
    /// The same without the lines that they tell.
    calls_without_lines: Code,
    /// What they refer to.
    uses: BTreeMap<String, BTreeSet<String>>,
    /// The symbols of the callers, by their readable names: several, if they are instances of one generic.
    symbols: BTreeMap<String, BTreeSet<String>>,
    /// What everybody else consists of.
    libraries: Code,
}

type Code = BTreeMap<String, BTreeSet<u64>>;

/// The two copies.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) live: PathBuf,
    fresh: PathBuf,
    cargo: PathBuf,
    /// Files that are other ones in the copy under the tool.
    pending: BTreeSet<PathBuf>,
}

impl Site {
    /// Writes both copies into `directory`, without what was compiled there.
    pub(crate) fn new(directory: &Path, project: &Project) -> Result<Self> {
        let (live, fresh) = (directory.join("live"), directory.join("fresh"));
        for root in [&live, &fresh] {
            write_workspace(root, project)?;
        }
        let cargo = measure::read(Command::new("rustup").args(["which", "--toolchain", "stable", "cargo"]))?;
        let cargo = PathBuf::from(cargo.trim());
        let (live, fresh) = (live.canonicalize()?, fresh.canonicalize()?);
        measure::read(command(&cargo, &fresh).arg("generate-lockfile"))?;
        fs::copy(fresh.join("Cargo.lock"), live.join("Cargo.lock"))?;
        Ok(Self { live, fresh, cargo, pending: BTreeSet::new() })
    }

    /// Saves `edit` in the copy for cargo.
    pub(crate) fn save(&mut self, edit: &Edit) -> Result<()> {
        for (path, content) in &edit.files {
            let path = Path::new("repository").join(path);
            write(&self.fresh.join(&path), content.as_deref())?;
            self.pending.insert(path);
        }
        Ok(())
    }

    /// What cargo makes of it; `None` if it cannot be compiled, or gives no answer in time.
    pub(crate) fn make(&self) -> Result<Option<Made>> {
        let mut build = command(&self.cargo, &self.fresh);
        let build = build.args(["build", "--quiet"]).env("RUSTUP_TOOLCHAIN", "stable").output()?;
        if !build.status.success() {
            return Ok(None);
        }
        let output = limited(command(&self.fresh.join("target/debug/driver"), &self.fresh).arg("--once"))?;
        let Some(output) = output else { return Ok(None) };
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        let made = Made { answer, ..self.code()? };
        Ok(output.status.success().then_some(made))
    }

    /// What the callers and the libraries consist of.
    fn code(&self) -> Result<Made> {
        let mut made = Made::default();
        for entry in fs::read_dir(self.fresh.join("target/debug/deps"))? {
            let path = entry?.path();
            if path.extension().is_none_or(|ending| ending != "rlib") {
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let data = fs::read(&path)?;
            let set = Set::of_archive(&data)?;
            let is_calls = name.starts_with("libcalls-");
            if is_calls {
                made.uses = uses(&set);
            }
            let into = if is_calls { &mut made.calls } else { &mut made.libraries };
            for (name, item) in Contents::of(&set).items {
                into.entry(readable(&name)).or_default().extend(&item.contents);
                if is_calls {
                    let without_lines = made.calls_without_lines.entry(readable(&name)).or_default();
                    without_lines.extend(&item.elsewhere);
                    made.symbols.entry(readable(&name)).or_default().insert(name.to_string());
                }
            }
        }
        Ok(made)
    }

    /// Saves everything that is pending in the copy under the tool. Whether there was anything.
    pub(crate) fn hand_over(&mut self) -> Result<bool> {
        let mut is_new = false;
        for path in std::mem::take(&mut self.pending) {
            let content = fs::read(self.fresh.join(&path)).ok();
            if fs::read(self.live.join(&path)).ok() != content {
                write(&self.live.join(&path), content.as_deref())?;
                is_new = true;
            }
        }
        Ok(is_new)
    }
}

impl Made {
    fn calls(&self, lines: Lines) -> &Code {
        match lines {
            Lines::Count => &self.calls,
            Lines::AreLeftOut => &self.calls_without_lines,
        }
    }

    /// A function of the callers that is another one in `other`, if `lines` count or not. An instance of somebody else's generic that is in the
    /// libraries as well may have come or gone: then who uses it does so in another way.
    pub(crate) fn difference(&self, other: &Self, lines: Lines) -> Option<String> {
        let [calls, other_calls] = [self.calls(lines), other.calls(lines)];
        // Instances for several types have one readable name, and may have one content, too.
        let nothing = BTreeSet::new();
        let is_new = |name: &&String| {
            let [one, another] = [calls, other_calls].map(|calls| calls.get(*name).unwrap_or(&nothing));
            (one.is_subset(another) || another.is_subset(one)) && self.symbols.get(*name) != other.symbols.get(*name)
        };
        let is_shared = |name: &&String| self.libraries.contains_key(*name) || other.libraries.contains_key(*name);
        let names: BTreeSet<&String> = calls.keys().chain(other_calls.keys()).collect();
        let moved: BTreeSet<&String> = names.iter().copied().filter(is_new).filter(is_shared).collect();
        let calls_moved = |name: &str| {
            let used =
                |made: &Self| made.uses.get(name).is_some_and(|used| used.iter().any(|used| moved.contains(used)));
            used(self) || used(other)
        };
        let is_other = |name: &&&String| calls.get(**name) != other_calls.get(**name);
        let mut different = names.iter().filter(is_other);
        different.find(|name| !moved.contains(*name) && !calls_moved(name)).map(|name| (*name).clone())
    }
}

/// What each function of `set` refers to, by readable names.
fn uses(set: &Set<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (id, section) in set.sections() {
        let Some(name) = set.name(id) else { continue };
        let targets = section.relocations.iter().filter_map(|relocation| match set.target(id.object, relocation) {
            Target::Outside { name, .. } | Target::Beside { name, .. } => Some(name),
            Target::Inside(target, _) => set.name(target),
        });
        uses.entry(readable(name)).or_default().extend(targets.map(readable));
    }
    uses
}

/// Runs `command`, for a while.
fn limited(command: &mut Command) -> Result<Option<Output>> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut stdout = child.stdout.take().context("a pipe")?;
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        stdout.read_to_end(&mut text).map(|_| text)
    });
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            let Ok(stdout) = reader.join() else { bail!("the output cannot be read") };
            return Ok(Some(Output { status, stdout: stdout?, stderr: Vec::new() }));
        }
        if began.elapsed() > ANSWER {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn write_workspace(root: &Path, project: &Project) -> Result<()> {
    let repository = root.join("repository");
    if repository.exists() {
        fs::remove_dir_all(&repository)?;
    }
    for (path, content) in &project.files {
        write(&repository.join(path), Some(content))?;
    }
    let package = Path::new("../repository").join(&project.packages[0]);
    let head = |name: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n")
    };
    let files = [
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"calls\", \"driver\"]\nexclude = [\"repository\"]\n".to_owned(),
        ),
        ("calls/Cargo.toml", format!("{}{} = {{ path = \"{}\" }}\n", head("calls"), project.name, package.display())),
        ("calls/src/lib.rs", project.calls.clone()),
        ("driver/Cargo.toml", format!("{}calls = {{ path = \"../calls\" }}\n", head("driver"))),
        ("driver/src/main.rs", DRIVER.to_owned()),
    ];
    files.iter().try_for_each(|(path, text)| write(&root.join(path), Some(text.as_bytes())))
}

fn write(path: &Path, content: Option<&[u8]>) -> Result<()> {
    let cannot = || format!("cannot write `{}`", path.display());
    match content {
        Some(content) => {
            fs::create_dir_all(path.parent().context("a directory")?)?;
            fs::write(path, content).with_context(cannot)
        }
        None if path.exists() => fs::remove_file(path).with_context(cannot),
        None => Ok(()),
    }
}
