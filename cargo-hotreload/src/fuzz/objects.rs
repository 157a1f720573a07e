//! Libraries, objects and executables.

use std::collections::BTreeSet;
use std::fs::{self, File};

use super::{Target, corpus};
use crate::effects::native::{dynamic_symbols, lift_visibility, native};
use crate::effects::rlibs::Rlibs;
use crate::effects::{elf, signs};
use crate::patch::object::Object;
use crate::patch::running::Running;
use crate::patch::set::Set;
use crate::patch::{frames, layout};

/// Headers, dynamic sections, symbols.
#[test]
fn files_of_elf() {
    let corpus = corpus::elf_files();
    let file = tempfile::NamedTempFile::new().expect("a file");
    let exports = BTreeSet::from(["word".to_owned(), "main".to_owned()]);
    Target { name: "ELF files", corpus: &corpus, words: &["\x7fELF", "\0"], inputs: 800 }.assert_survives(|bytes| {
        fs::write(file.path(), bytes).expect("written");
        let opened = File::open(file.path()).expect("there");
        let _ = (elf::dynamic(file.path()), elf::is_static(file.path()), dynamic_symbols(file.path()));
        let _ = (signs::read(&opened), signs::linking(&opened), signs::first_address(&opened));
        let _ = (Running::of_executable(bytes, 1 << 40), native(bytes));
        let _ = lift_visibility(&mut bytes.to_vec(), &exports);
    });
}

/// What a patch is made from: sections, relocations, unwind tables, archives.
#[test]
fn objects_and_archives() {
    let corpus = corpus::objects();
    let file = tempfile::NamedTempFile::new().expect("a file");
    Target {
        name: "objects and archives",
        corpus: &corpus,
        words: &["\x7fELF", "!<arch>\n", "`\n", "/0"],
        inputs: 500,
    }
    .assert_survives(|bytes| {
        if let Ok(object) = Object::parse(bytes) {
            let _ = frames::of(&object);
        }
        let mut alone = Set::default();
        let is_object = alone.add(bytes).is_ok();
        for set in [Set::of_archive(bytes).ok(), is_object.then_some(alone)].into_iter().flatten() {
            for object in 0..set.len() {
                let _ = set.outline(object);
            }
            for (id, _) in set.sections() {
                let _ = set.functions(id).count();
                let _ = set.name(id);
            }
        }
        fs::write(file.path(), bytes).expect("written");
        if let Ok(rlibs) = Rlibs::index(vec![file.path().to_owned()]) {
            let _ = rlibs.objects(&BTreeSet::from(["word".to_owned(), "main".to_owned()]));
        }
    });
}

#[test]
fn debug_information() {
    let corpus = corpus::objects();
    Target { name: "debug information", corpus: &corpus, words: &["\0", "\x7f", "\u{1}"], inputs: 500 }
        .assert_survives(|bytes| {
            let _ = layout::read(bytes);
        });
}
